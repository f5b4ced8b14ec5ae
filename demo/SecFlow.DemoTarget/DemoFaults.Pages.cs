namespace SecFlow.DemoTarget;

/// <content>Faults that a page's content shows.</content>
public static partial class DemoFaults
{
    private static IEnumerable<DemoFault> PageFaults()
    {
        yield return Fault("missing-charset", p =>
        {
            var segment = p.Segment();
            p.Site.Answers["/" + segment] = DemoAnswer.Text("<!doctype html><html><head><title>Letters</title></head><body><p>Plain words.</p></body></html>", "text/html");
            p.Site.HomeLinks.Add((DemoPlanter.Label(segment), "/" + segment));
            return Is("missing-charset", "/" + segment);
        });
        yield return Fault("generator", p => Head(p, "generator", $"<meta name=\"generator\" content=\"Hugo 0.{90 + p.Next(30)}.{p.Next(5)}\">"), "generator");
        yield return Fault("wordpress-version", p => Head(p, "wordpress-version", $"<meta name=\"generator\" content=\"WordPress 6.{p.Next(5)}.{p.Next(4)}\">"), "generator");
        yield return Fault("private-address", p =>
        {
            var address = $"10.{p.Next(256)}.{p.Next(256)}.{1 + p.Next(254)}";
            return Is("private-address", p.Page($"<p>Served by {address}</p>"), address);
        });
        yield return Fault("secret-in-comment", p => Is("secret-in-comment", p.Page($"<!-- staging login: editor, password: {p.Letters(Hex, 10)} -->")));
        yield return Fault("revealing-comment", p => Is("revealing-comment", p.Page("<!-- TODO take the old price list off before the season starts -->")));
        yield return Fault("secret-in-page", p => Is("secret-in-page", p.Page($"<p data-upload-key=\"{"AK" + "IA"}{p.Letters(Upper, 16)}\">Send us your photos.</p>"), "AWS access key id"));
        yield return Fault("debug-error", p => Is("debug-error", p.Page(
            "<pre>Traceback (most recent call last):\n  File &quot;/srv/shop/views.py&quot;, line 41, in stock\nKeyError: &#x27;size&#x27;</pre>", answer => answer with { Status = 500 })));
        yield return Fault("php-warning", p => Is("debug-error", p.Page(
            "<br />\n<b>Warning</b>:  Undefined variable $season in <b>/var/www/shop/season.php</b> on line <b>17</b><br />")));
        yield return Fault("default-page", p =>
        {
            var segment = p.Segment();
            p.Site.Answers["/" + segment] = DemoAnswer.Text(
                "<!doctype html><html><head><meta charset=\"utf-8\"><title>Welcome to nginx!</title></head><body><h1>Welcome to nginx!</h1></body></html>", "text/html; charset=utf-8");
            p.Site.HomeLinks.Add((DemoPlanter.Label(segment), "/" + segment));
            return Is("default-page", "/" + segment);
        });
        yield return Fault("login-over-http", p => Is("password-over-http", p.Page(
            "<form action=\"/about\" method=\"post\"><input name=\"user\"> <input name=\"word\" type=\"password\"> <button>Enter</button></form>")));
        yield return new DemoFault("login-in-address", null, p =>
        {
            var path = p.Page("<form action=\"/about\"><input name=\"user\"> <input name=\"word\" type=\"password\"> <button>Enter</button></form>");
            return [Is("password-over-http", path) with { Fault = "login-in-address" }, Is("password-in-url", path) with { Fault = "login-in-address" }];
        });
        yield return Fault("session-in-url", p => Is("session-in-url", p.Page($"<p><a href=\"/about?sessionid={p.Letters(Hex, 24)}\">About us</a></p>"), "sessionid"));
        yield return Fault("basic-auth-over-http", p => Is("basic-auth-over-http", p.Page("<p>Makers only.</p>", answer => (answer with { Status = 401 }).With("WWW-Authenticate", "Basic realm=\"makers\""))));
        yield return Fault("missing-integrity", p =>
        {
            var script = $"https://cdn.example/{p.Letters(Hex, 8)}/tracker.js";
            return Is("missing-integrity", p.Page("", head: $"<script src=\"{script}\"></script>"), script);
        });
        yield return Fault("open-redirect", p =>
        {
            var path = "/" + p.Segment();
            p.Site.Answers[path] = new DemoAnswer
            {
                Make = request => new DemoAnswer { Status = 302 }.With("Location", request.Query.TryGetValue("next", out var next) && next.Length > 0 ? next : "/"),
            };
            p.Site.HomeLinks.Add(("Go on", path + "?next=/about"));
            return Is("open-redirect", path, "next");
        });
        yield return Fault("directory-listing", p =>
        {
            var folder = "/" + p.Segment() + "/";
            p.File(folder + "sketch.txt", "A sketch.");
            p.File(folder, $"<html><head><meta charset=\"utf-8\"><title>Index of {folder}</title></head><body><h1>Index of {folder}</h1><pre><a href=\"../\">../</a>\n<a href=\"sketch.txt\">sketch.txt</a></pre></body></html>", "text/html; charset=utf-8");
            p.Site.HomeLinks.Add(("Sketches", folder + "sketch.txt"));
            return Is("directory-listing", folder);
        });
        yield return Fault("vulnerable-library", p =>
        {
            var version = new[] { "1.8.3", "1.12.4", "2.2.4", "3.4.1" }[p.Next(4)];
            return Is("vulnerable-library", Script(p, $"jquery-{version}.min.js", $"/*! jQuery v{version} */\nwindow.jQuery = {{}};\n"), "jquery");
        });
        yield return Fault("source-map", p =>
        {
            var script = Script(p, "shop.js", "console.log(1);\n//# sourceMappingURL=shop.js.map\n");
            p.File(script + ".map", "{\"version\":3,\"sources\":[\"shop.ts\"],\"mappings\":\"AAAA\"}", "application/json");
            return Is("source-map", script + ".map");
        });
    }

    private static PlantedFault Head(DemoPlanter p, string rule, string markup)
    {
        p.Site.HomeHead.Add(markup);
        return Is(rule, "/");
    }

    /// <summary>A script at a new path that the home page runs.</summary>
    private static string Script(DemoPlanter p, string name, string content)
    {
        var path = "/" + p.Segment() + "/" + name;
        p.File(path, content, "text/javascript; charset=utf-8");
        p.Site.HomeHead.Add($"<script src=\"{path}\"></script>");
        return path;
    }
}
