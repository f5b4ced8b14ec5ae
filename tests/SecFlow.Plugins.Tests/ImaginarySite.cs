using System.Text;

namespace SecFlow.Plugins.Tests;

/// <summary>A site that exists as a function only, clean until a test breaks one thing. https unless said otherwise.</summary>
public sealed class ImaginarySite
{
    public const string CleanPolicy = "default-src 'self'; frame-ancestors 'none'";

    private readonly Dictionary<string, string> _headers = new(StringComparer.OrdinalIgnoreCase)
    {
        ["Content-Security-Policy"] = CleanPolicy,
        ["Strict-Transport-Security"] = "max-age=31536000",
        ["X-Content-Type-Options"] = "nosniff",
        ["Referrer-Policy"] = "no-referrer",
        ["Permissions-Policy"] = "camera=()",
        ["Cache-Control"] = "no-cache",
        ["Content-Type"] = "text/html; charset=utf-8",
    };

    private readonly Dictionary<string, Func<WebRequest, WebReply>> _paths = new(StringComparer.Ordinal);
    private readonly List<KeyValuePair<string, string>> _more = [];
    private string _head = "";
    private string _body = "<p>Welcome.</p>";

    public Uri Url { get; private set; } = new("https://shop.test/");

    /// <summary>Answers every request when set and not null, before anything else.</summary>
    public Func<WebRequest, WebReply?>? First { get; set; }

    public ImaginarySite Over(string scheme)
    {
        Url = new Uri(scheme + "://shop.test/");
        return this;
    }

    public ImaginarySite At(string url)
    {
        Url = new Uri(url);
        return this;
    }

    public ImaginarySite Without(string header)
    {
        _headers.Remove(header);
        return this;
    }

    public ImaginarySite With(string header, string value)
    {
        _headers[header] = value;
        return this;
    }

    /// <summary>One more header line, also of a name that is there already.</summary>
    public ImaginarySite Add(string header, string value)
    {
        _more.Add(new(header, value));
        return this;
    }

    public ImaginarySite Head(string markup)
    {
        _head += markup;
        return this;
    }

    public ImaginarySite Body(string markup)
    {
        _body += markup;
        return this;
    }

    public ImaginarySite File(string path, string content, string type = "text/plain; charset=utf-8", int status = 200)
    {
        _paths[path] = _ => Reply(status, content, type);
        return this;
    }

    /// <summary>An HTML page that the start page links to.</summary>
    public ImaginarySite Page(string path, string markup, int status = 200, params (string Name, string Value)[] headers)
    {
        _paths[path] = _ => Reply(status, Html("", markup), null, headers);
        return Body($"<a href=\"{path}\">more</a>");
    }

    public ImaginarySite On(string path, Func<WebRequest, WebReply> answer)
    {
        _paths[path] = answer;
        return this;
    }

    public ImaginarySite Always(Func<WebRequest, WebReply?> answer)
    {
        First = answer;
        return this;
    }

    public Task<WebReply> SendAsync(WebRequest request)
    {
        if (First?.Invoke(request) is { } first)
        {
            return Task.FromResult(first);
        }

        if (request.Method is not "GET" and not "HEAD")
        {
            return Task.FromResult(Reply(405, Html("", "<p>No.</p>")));
        }

        if (_paths.TryGetValue(request.Url.AbsolutePath, out var answer))
        {
            return Task.FromResult(answer(request));
        }

        return Task.FromResult(request.Url.AbsolutePath == Url.AbsolutePath ? Reply(200, Html(_head, _body)) : Reply(404, Html("", "<p>Not here.</p>")));
    }

    public WebReply Reply(int status, string content, string? type = null, params (string Name, string Value)[] headers)
    {
        var all = new Dictionary<string, string>(_headers, StringComparer.OrdinalIgnoreCase);
        if (type is not null)
        {
            all["Content-Type"] = type;
        }

        foreach (var (name, value) in headers)
        {
            if (value.Length == 0)
            {
                all.Remove(name);
            }
            else
            {
                all[name] = value;
            }
        }

        return new WebReply(status, [.. all, .. _more], Encoding.UTF8.GetBytes(content));
    }

    public static string Html(string head, string body) => $"<!doctype html><html><head><title>Shop</title>{head}</head><body>{body}</body></html>";
}
