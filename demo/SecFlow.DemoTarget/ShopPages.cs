using System.Net;
using System.Text;

namespace SecFlow.DemoTarget;

/// <summary>The shop's pages and style sheet: plain HTML, no script, nothing from elsewhere.</summary>
internal static class ShopPages
{
    public static readonly IReadOnlyList<(string Slug, string Name, string Price, string Text, string Shape)> Products =
    [
        ("harbour-lamp", "Harbour lamp", "89.00", "Brass and milk glass, wired by hand. Warm light for long evenings.", "<path d='M60 20v30M30 90a30 40 0 0 1 60 0z'/><path d='M45 90h30l6 14H39z'/>"),
        ("field-kettle", "Field kettle", "54.00", "Enamelled steel that whistles in C major. Holds four cups.", "<path d='M30 95V60q30-30 60 0v35z'/><path d='M90 65l16-12M45 42q15-22 30 0'/>"),
        ("paper-globe", "Paper globe", "36.00", "The world in sixty folds. Comes flat, stays round.", "<circle cx='60' cy='62' r='36'/><path d='M24 62h72M60 26q-30 36 0 72M60 26q30 36 0 72'/>"),
        ("oak-stool", "Oak stool", "128.00", "Three legs, no wobble, oiled twice.", "<path d='M25 45h70v12H25z'/><path d='M35 57l-8 48M85 57l8 48M60 57v48'/>"),
    ];

    public const string Css = """
        :root { color-scheme: light dark; --ink: #20302c; --paper: #faf7f1; --card: #fff; --accent: #0b6b57; --line: #e3dccf; }
        @media (prefers-color-scheme: dark) { :root { --ink: #e9e4d8; --paper: #16201d; --card: #1f2c28; --accent: #6fd3b8; --line: #32443e; } }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--paper); color: var(--ink); font: 17px/1.6 Georgia, serif; }
        header, main, footer { max-width: 62rem; margin: 0 auto; padding: 1.5rem; }
        header { display: flex; gap: 2rem; align-items: baseline; border-bottom: 1px solid var(--line); }
        header strong { font-size: 1.5rem; letter-spacing: .02em; }
        a { color: var(--accent); }
        h1 { font-size: 2.6rem; line-height: 1.15; margin: 1.5rem 0 .5rem; }
        .shelf { display: grid; grid-template-columns: repeat(auto-fill, minmax(13rem, 1fr)); gap: 1.25rem; padding: 0; list-style: none; }
        .shelf li { background: var(--card); border: 1px solid var(--line); border-radius: .75rem; padding: 1.25rem; }
        svg { width: 100%; height: 9rem; fill: none; stroke: var(--accent); stroke-width: 4; stroke-linejoin: round; }
        .price { font-weight: bold; }
        footer { border-top: 1px solid var(--line); font-size: .9rem; }
        footer nav { display: flex; flex-wrap: wrap; gap: .5rem 1.25rem; }
        input { font: inherit; padding: .4rem .6rem; }
        """;

    /// <summary>The pages of the clean shop.</summary>
    public static void AddTo(DemoSite site)
    {
        site.Answers["/assets/shop.css"] = DemoAnswer.Text(Css, "text/css; charset=utf-8");
        site.Answers["/about"] = DemoAnswer.Text(
            Page("About", "<p>A small shop for well-made things. This one exists to be looked at by scanners: it sells nothing and stores nothing.</p>", ""), "text/html; charset=utf-8");
        site.Answers["/robots.txt"] = DemoAnswer.Text("User-agent: *\nDisallow:\n");
        foreach (var product in Products)
        {
            site.Answers["/products/" + product.Slug] = DemoAnswer.Text(
                Page(product.Name, $"{Drawing(product.Shape)}<p>{product.Text}</p><p class=\"price\">{product.Price}</p>", ""), "text/html; charset=utf-8");
        }
    }

    public static string Home(IReadOnlyList<string> head, IReadOnlyList<(string Label, string Href)> links)
    {
        var shelf = new StringBuilder("<h1>Things that last</h1>\n<p>Four pieces this season. Made slowly, shipped quickly.</p>\n<ul class=\"shelf\">\n");
        foreach (var product in Products)
        {
            shelf.Append($"<li>{Drawing(product.Shape)}<h2><a href=\"/products/{product.Slug}\">{product.Name}</a></h2><p>{product.Text}</p><p class=\"price\">{product.Price}</p></li>\n");
        }

        return Frame("Slow Harbour", string.Join('\n', head), shelf.Append("</ul>\n").ToString(), links);
    }

    public static string Page(string title, string markup, string head) => Frame(title, head, $"<h1>{WebUtility.HtmlEncode(title)}</h1>\n{markup}\n", []);

    public static string Message(string title, string text) => Page(title, "<p>" + WebUtility.HtmlEncode(text) + "</p>", "");

    private static string Drawing(string shape) => $"<svg viewBox=\"0 0 120 120\" role=\"img\" aria-hidden=\"true\">{shape}</svg>";

    private static string Frame(string title, string head, string body, IReadOnlyList<(string Label, string Href)> links)
    {
        var more = new StringBuilder();
        foreach (var (label, href) in links)
        {
            more.Append($"<a href=\"{WebUtility.HtmlEncode(href)}\">{WebUtility.HtmlEncode(label)}</a>\n");
        }

        return $"""
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>{WebUtility.HtmlEncode(title)}</title>
            <link rel="stylesheet" href="/assets/shop.css">
            {head}
            </head>
            <body>
            <header><strong>Slow Harbour</strong> <a href="/">Shop</a> <a href="/about">About</a></header>
            <main>
            {body}</main>
            <footer><nav>{more}</nav><p>Slow Harbour is a demonstration. It runs on this machine only.</p></footer>
            </body>
            </html>
            """;
    }
}
