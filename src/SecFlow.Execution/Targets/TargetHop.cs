using System.Net;

namespace SecFlow.Execution.Targets;

/// <summary>One request on the way along redirects.</summary>
internal sealed record TargetHop(string Method, Uri Url, IReadOnlyList<KeyValuePair<string, string>> Headers, byte[]? Body)
{
    private static readonly string[] Credentials = ["Authorization", "Cookie"];

    /// <param name="own">Who asks, said in every request; words of the plugin's own come before it.</param>
    public HttpRequestMessage ToMessage(string own)
    {
        // The fragment is not sent; the version is fixed so that an answer is what a plain client gets.
        var message = new HttpRequestMessage(new HttpMethod(Method), Url) { Version = HttpVersion.Version11, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        if (Body is not null)
        {
            message.Content = new ByteArrayContent(Body);
        }

        var agent = own;
        foreach (var (name, value) in Headers)
        {
            if (name.Equals("User-Agent", StringComparison.OrdinalIgnoreCase))
            {
                agent = value.Contains(own, StringComparison.Ordinal) ? value : $"{value} {own}";
            }
            else if (!message.Headers.TryAddWithoutValidation(name, value))
            {
                message.Content ??= new ByteArrayContent([]);
                message.Content.Headers.TryAddWithoutValidation(name, value);
            }
        }

        message.Headers.TryAddWithoutValidation("User-Agent", agent);
        return message;
    }

    /// <summary>Where the answer sends to; null when it is no redirect. 301 and 302 turn POST into GET as browsers do, 303 everything; 307 and 308 keep method and body.</summary>
    public TargetHop? Next(HttpResponseMessage response)
    {
        if ((int)response.StatusCode is not (301 or 302 or 303 or 307 or 308)
            || !response.Headers.NonValidated.TryGetValues("Location", out var locations)
            || !Uri.TryCreate(Url, locations.First(), out var url))
        {
            return null;
        }

        var method = (int)response.StatusCode switch
        {
            301 or 302 when Method == "POST" => "GET",
            303 when Method != "HEAD" => "GET",
            _ => Method,
        };
        var sameOrigin = url.Scheme == Url.Scheme && url.Authority == Url.Authority;
        var headers = Headers.Where(header =>
            !header.Key.Equals("Host", StringComparison.OrdinalIgnoreCase)
            && (sameOrigin || !Credentials.Contains(header.Key, StringComparer.OrdinalIgnoreCase))
            && (method == Method || !header.Key.StartsWith("Content-", StringComparison.OrdinalIgnoreCase)));
        return new TargetHop(method, url, [.. headers], method == Method ? Body : null);
    }
}
