namespace SecFlow.DemoTarget;

/// <summary>How the shop says that nothing is there.</summary>
public enum NotHere
{
    /// <summary>404, as it should be.</summary>
    Status,

    /// <summary>200 with a page that repeats the address.</summary>
    Page,

    /// <summary>A redirect that carries the address along.</summary>
    Redirect,

    /// <summary>403 for everything.</summary>
    Forbidden,
}

/// <summary>Pages that nothing links to, robots.txt, a sitemap and links that lead away.</summary>
public static class DemoContent
{
    // names that everybody tries; extensions and folders included
    private static readonly string[] _names =
        ["/admin", "/backup.zip", "/api/health", "/config.json", "/dashboard", "/debug", "/docs/", "/export", "/internal/", "/login", "/metrics", "/notes.txt", "/old/", "/private/", "/README.md", "/server-status", "/staging", "/swagger.json", "/test.php", "/tmp/", "/upload", "/version.txt", "/.env", "/.git/HEAD"];

    /// <summary>Puts <paramref name="count"/> pages at usual names and chooses how the shop says "not here"; gives their paths.</summary>
    public static IReadOnlyList<string> Hide(DemoSite site, int count, NotHere notHere, int seed)
    {
        ArgumentNullException.ThrowIfNull(site);
        var planter = new DemoPlanter(site, seed ^ 0x2c5);
        var order = _names.Select(name => (Key: planter.Next(int.MaxValue), Name: name)).OrderBy(pair => pair.Key).Select(pair => pair.Name).Take(count).ToList();
        foreach (var path in order)
        {
            var answer = DemoAnswer.Text(ShopPages.Page("For the staff", $"<p>Stock list {planter.Letters("0123456789", 6)}, prices, makers and dates of delivery.</p>", ""), "text/html; charset=utf-8");
            site.Answers[path] = planter.Next(4) switch { 0 when notHere != NotHere.Forbidden => answer with { Status = 403 }, 1 => answer with { Status = 500 }, _ => answer };
        }

        site.NotHere = notHere;
        return order;
    }

    /// <summary>A page that only robots.txt names, one that only the sitemap names, a page two links deep, and links to other hosts; gives paths that a crawler finds, and addresses that it must not ask.</summary>
    public static (IReadOnlyList<string> Inside, IReadOnlyList<string> Outside) Map(DemoSite site, int seed)
    {
        ArgumentNullException.ThrowIfNull(site);
        var planter = new DemoPlanter(site, seed ^ 0x3f1);
        string[] inside = ["/" + planter.Segment(), "/" + planter.Segment(), "/" + planter.Segment(), "/" + planter.Segment()];
        string[] outside = ["https://elsewhere.invalid/" + planter.Segment(), "http://127.0.0.1:1/" + planter.Segment()];
        foreach (var path in inside)
        {
            site.Answers[path] = DemoAnswer.Text(ShopPages.Page("Quiet page", path == inside[2] ? $"<a href=\"{inside[3]}\">Deeper</a>" : "<p>Quiet.</p>", ""), "text/html; charset=utf-8");
        }

        site.Answers["/robots.txt"] = DemoAnswer.Text($"User-agent: *\nDisallow: {inside[0]}\nSitemap: /sitemap.xml\n");
        site.Answers["/sitemap.xml"] = DemoAnswer.Text($"<?xml version=\"1.0\"?><urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\"><url><loc>{inside[1]}</loc></url></urlset>", "application/xml");
        site.HomeLinks.Add(("Quiet", inside[2]));
        site.HomeLinks.AddRange(outside.Select(address => ("Friends", address)));
        return (inside, outside);
    }
}
