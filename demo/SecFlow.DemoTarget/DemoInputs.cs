using System.Net;
using System.Text.Json;

namespace SecFlow.DemoTarget;

/// <summary>
/// Pages that take input. Each exists in a weak and in a safe form; what is not planted as weak is there as safe, so that a scanner is tempted as often as it is served.
/// Decoys are safe always: plain text and JSON that repeat input, and a page that writes about SQL errors.
/// </summary>
public static class DemoInputs
{
    private const string Xss = "reflection.cross-site-scripting";
    private const string Redirect = "reflection.open-redirect";
    private const string Sql = "reflection.sql-error";

    private static readonly IReadOnlyList<Input> _all =
    [
        new("search-text", Xss, "q", v => Page($"<p>Results for {v}</p>"), v => Page($"<p>Results for {Encode(v)}</p>")),
        new("half-encoded-text", Xss, "find", v => Page($"<p>Results for {v.Replace("\"", "&quot;", StringComparison.Ordinal)}</p>"), v => Page($"<p>Results for {Angles(v)}</p>")),
        new("attribute", Xss, "name", v => Page($"<input value=\"{Angles(v)}\">"), v => Page($"<input value=\"{Encode(v)}\">")),
        new("single-attribute", Xss, "label", v => Page($"<a href='/about' title='{Angles(v)}'>About</a>"), v => Page($"<a href='/about' title='{Encode(v)}'>About</a>")),
        new("bare-attribute", Xss, "size", v => Page($"<input value={Angles(v)}>"), v => Page($"<input value=\"{Encode(v)}\">")),
        new("script-string", Xss, "term", v => Page($"<script>var term = \"{v}\";</script>"), v => Page($"<script>var term = {Json(v)};</script>")),
        new("script-slashes", Xss, "word", v => Page($"<script>var word = '{Slashes(v)}';</script>"), v => Page($"<script>var word = '{Slashes(v).Replace("<", "\\x3c", StringComparison.Ordinal)}';</script>")),
        new("title", Xss, "topic", v => Titled(v), v => Titled(Encode(v))),
        new("area", Xss, "text", v => Page($"<textarea>{v}</textarea>"), v => Page($"<textarea>{Encode(v)}</textarea>")),
        new("comment", Xss, "trace", v => Page($"<!-- asked for {v} -->"), v => Page($"<!-- asked for {Encode(v)} -->")),
        new("form", Xss, "note", v => Page($"<p>Thank you: {v}</p>"), v => Page($"<p>Thank you: {Encode(v)}</p>")) { Post = true },
        new("redirect", Redirect, "next", v => Moved(v), v => Moved(v.StartsWith('/') && !v.StartsWith("//", StringComparison.Ordinal) ? v : "/")),
        new("any-redirect", Redirect, "ref", v => Moved(v.Length > 0 ? v : "/"), v => Moved("/about?ref=" + Uri.EscapeDataString(v))),
        new("sql-text", Sql, "maker", v => Odd(v) ? Broken("You have an error in your SQL syntax; check the manual that corresponds to your MariaDB server version") : Page("<p>Two makers.</p>"), _ => Page("<p>Two makers.</p>")),
        new("sql-number", Sql, "id", v => v.Contains('\'', StringComparison.Ordinal) ? Broken("SQLSTATE: ERROR:  syntax error at or near \"&#39;\"") : Page("<p>Harbour lamp.</p>"), v => Page($"<p>No product {Encode(v)}.</p>")),
    ];

    /// <summary>Names of all inputs.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. _all.Select(input => input.Name)];

    /// <summary>About half of the names, by the seed.</summary>
    public static IReadOnlyList<string> Choose(int seed)
    {
        var planter = new DemoPlanter(new DemoSite(), seed ^ 0x1a9);
        return [.. Names.Where(_ => planter.Next(2) == 0)];
    }

    /// <summary>Adds every input and decoy to the site, the named ones weak; says what a correct scanner reports.</summary>
    public static IReadOnlyList<PlantedFault> Plant(DemoSite site, IReadOnlyList<string> weak, int seed)
    {
        ArgumentNullException.ThrowIfNull(site);
        if (weak.FirstOrDefault(name => !Names.Contains(name, StringComparer.Ordinal)) is { } unknown)
        {
            throw new ArgumentException($"There is no input '{unknown}'. Known: {string.Join(", ", Names)}.", nameof(weak));
        }

        var planter = new DemoPlanter(site, seed);
        var planted = new List<PlantedFault>();
        foreach (var input in _all)
        {
            var path = "/" + planter.Segment();
            var isWeak = weak.Contains(input.Name, StringComparer.Ordinal);
            Add(site, input, path, isWeak ? input.Weak : input.Safe);
            if (isWeak)
            {
                planted.Add(new PlantedFault(input.Name, input.Rule, path, input.Parameter));
            }
        }

        AddDecoys(site, planter);
        return planted;
    }

    private static void Add(DemoSite site, Input input, string path, Func<string, DemoAnswer> answer)
    {
        if (!input.Post)
        {
            site.Answers[path] = new DemoAnswer { Make = request => answer(request.Query.GetValueOrDefault(input.Parameter, "")) };
            site.HomeLinks.Add((input.Parameter, $"{path}?{input.Parameter}={(input.Rule == Redirect ? "/about" : "lamp")}&page=1"));
            return;
        }

        site.Answers[path] = DemoAnswer.Text(ShopPages.Page("Write to us", $"<form method=\"post\" action=\"{path}/send\"><input name=\"{input.Parameter}\"><input type=\"hidden\" name=\"kind\" value=\"1\"><button>Send</button></form>", ""), "text/html; charset=utf-8");
        site.Posts[path + "/send"] = request => answer(request.Form.GetValueOrDefault(input.Parameter, ""));
        site.Answers[path + "/send"] = Page("<p>Send the form.</p>");
        site.HomeLinks.Add(("Write to us", path));
    }

    private static void AddDecoys(DemoSite site, DemoPlanter planter)
    {
        foreach (var (name, type, make) in new (string, string, Func<string, string>)[]
        {
            ("plain", "text/plain; charset=utf-8", v => "You asked for " + v),
            ("data", "application/json", v => $"{{\"asked\":{Json(v)}}}"),
            ("article", "text/html; charset=utf-8", v => ShopPages.Page("On errors", $"<p>You have an error in your SQL syntax, said the machine.</p><p>{Encode(v)}</p>", "")),
        })
        {
            var path = "/" + planter.Segment();
            site.Answers[path] = new DemoAnswer { Make = request => DemoAnswer.Text(make(request.Query.GetValueOrDefault(name, "")), type) };
            site.HomeLinks.Add((name, $"{path}?{name}=lamp"));
        }
    }

    private static DemoAnswer Page(string markup) => DemoAnswer.Text(ShopPages.Page("Look", markup, ""), "text/html; charset=utf-8");

    private static DemoAnswer Titled(string title) => DemoAnswer.Text($"<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title} - Slow Harbour</title></head><body><p>Look.</p></body></html>", "text/html; charset=utf-8");

    private static DemoAnswer Broken(string error) => Page($"<p>{error}</p>") with { Status = 500 };

    private static DemoAnswer Moved(string to) => new DemoAnswer { Status = 302 }.With("Location", to.Any(c => c is < ' ' or > '~') || to.Length == 0 ? "/" : to);

    private static bool Odd(string value) => value.Count(c => c == '\'') % 2 == 1;

    private static string Encode(string value) => WebUtility.HtmlEncode(value);

    private static string Angles(string value) => value.Replace("<", "&lt;", StringComparison.Ordinal).Replace(">", "&gt;", StringComparison.Ordinal);

    private static string Slashes(string value) => value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal);

    private static string Json(string value) => JsonSerializer.Serialize(value);

    private sealed record Input(string Name, string Rule, string Parameter, Func<string, DemoAnswer> Weak, Func<string, DemoAnswer> Safe)
    {
        public bool Post { get; init; }
    }
}
