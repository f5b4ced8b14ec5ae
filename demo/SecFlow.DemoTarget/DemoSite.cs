using System.Text;

namespace SecFlow.DemoTarget;

/// <summary>What a request brings that an answer may depend on.</summary>
public sealed record DemoRequest(string Method, string Path, IReadOnlyDictionary<string, string> Query, string Origin, string RawHead)
{
    /// <summary>Fields of a form that was sent; empty for every other request.</summary>
    public IReadOnlyDictionary<string, string> Form { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);
}

/// <summary>One prepared answer. A header with a null value takes the site's header of that name away.</summary>
public sealed record DemoAnswer
{
    public int Status { get; init; } = 200;

    public string ContentType { get; init; } = "text/html; charset=utf-8";

    public ReadOnlyMemory<byte> Body { get; init; }

    public IReadOnlyDictionary<string, string?> Headers { get; init; } = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);

    /// <summary>When set, makes the answer from the request.</summary>
    public Func<DemoRequest, DemoAnswer>? Make { get; init; }

    public static DemoAnswer Text(string body, string contentType = "text/plain; charset=utf-8", int status = 200) =>
        new() { Body = Encoding.UTF8.GetBytes(body), ContentType = contentType, Status = status };

    public DemoAnswer With(string header, string? value) =>
        this with { Headers = new Dictionary<string, string?>(Headers, StringComparer.OrdinalIgnoreCase) { [header] = value } };
}

/// <summary>
/// The shop as it is served: clean until faults are planted into it.
/// 1. Everything that a fault changes is here, so what is not planted stays clean.
/// 2. Nothing here or in an answer says which faults are planted.
/// </summary>
public sealed class DemoSite
{
    public const string CleanPolicy = "default-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'";

    /// <summary>Headers of every answer; an answer's own come on top.</summary>
    public Dictionary<string, string> Headers { get; } = new(StringComparer.OrdinalIgnoreCase)
    {
        ["Content-Security-Policy"] = CleanPolicy,
        ["X-Content-Type-Options"] = "nosniff",
        ["X-Frame-Options"] = "DENY",
        ["Referrer-Policy"] = "strict-origin-when-cross-origin",
        ["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()",
        ["Cache-Control"] = "no-cache",
    };

    public Dictionary<string, DemoAnswer> Answers { get; } = new(StringComparer.Ordinal);

    /// <summary>What takes forms: path -> answer.</summary>
    public Dictionary<string, Func<DemoRequest, DemoAnswer>> Posts { get; } = new(StringComparer.Ordinal);

    /// <summary>How a path without a page is answered.</summary>
    public NotHere NotHere { get; set; }

    /// <summary>Markup for the head of the home page.</summary>
    public List<string> HomeHead { get; } = [];

    /// <summary>Links of the home page's footer: label and address.</summary>
    public List<(string Label, string Href)> HomeLinks { get; } = [];

    /// <summary>What OPTIONS offers.</summary>
    public List<string> Methods { get; } = ["GET", "HEAD", "OPTIONS"];

    /// <summary>True when TRACE returns the request.</summary>
    public bool Trace { get; set; }

    /// <summary>The answer to a request; never null.</summary>
    public DemoAnswer Answer(DemoRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        switch (request.Method)
        {
            case "TRACE" when Trace:
                return DemoAnswer.Text(request.RawHead, "message/http");
            case "OPTIONS":
                return new DemoAnswer { Status = 204, ContentType = "" }.With("Allow", string.Join(", ", Methods));
            case "POST" when Posts.TryGetValue(request.Path, out var post):
                return post(request);
            case "GET" or "HEAD":
                break;
            default:
                return DemoAnswer.Text(ShopPages.Message("Method not allowed", "This shop only shows things."), "text/html; charset=utf-8", 405).With("Allow", "GET, HEAD, OPTIONS");
        }

        if (request.Path == "/")
        {
            return DemoAnswer.Text(ShopPages.Home(HomeHead, HomeLinks), "text/html; charset=utf-8");
        }

        if (!Answers.TryGetValue(request.Path, out var answer))
        {
            return Missing(request.Path);
        }

        return answer.Make is { } make ? make(request) : answer;
    }

    private DemoAnswer Missing(string path) => NotHere switch
    {
        NotHere.Page => DemoAnswer.Text(ShopPages.Message("Not here", $"We looked everywhere and found nothing at {path}. It is {path.Length} letters long."), "text/html; charset=utf-8"),
        NotHere.Redirect => new DemoAnswer { Status = 302 }.With("Location", "/?missing=" + Uri.EscapeDataString(path)),
        NotHere.Forbidden => DemoAnswer.Text(ShopPages.Message("No", "You may not look at this."), "text/html; charset=utf-8", 403),
        _ => DemoAnswer.Text(ShopPages.Message("Not here", "We looked everywhere and found nothing at this address."), "text/html; charset=utf-8", 404),
    };

    /// <summary>Adds a page in the shop's clothes that the home page links to.</summary>
    public void AddPage(string path, string label, string markup, Func<DemoAnswer, DemoAnswer>? change = null, string head = "")
    {
        var answer = DemoAnswer.Text(ShopPages.Page(label, markup, head), "text/html; charset=utf-8");
        Answers[path] = change is null ? answer : change(answer);
        HomeLinks.Add((label, path));
    }
}
