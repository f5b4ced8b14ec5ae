namespace SecFlow.DemoTarget;

/// <content>Faults of headers, cookies and methods.</content>
public static partial class DemoFaults
{
    private static IEnumerable<DemoFault> HeaderFaults()
    {
        yield return Missing("missing-csp", "Content-Security-Policy", "csp");
        yield return Fault("weak-csp", p => Site(p, "weak-csp", "Content-Security-Policy", p.Site.Headers["Content-Security-Policy"] + "; script-src 'self' 'unsafe-inline'"), "csp");
        yield return Missing("missing-content-type-options", "X-Content-Type-Options", "nosniff");
        yield return Fault("missing-frame-protection", p =>
        {
            p.Site.Headers.Remove("X-Frame-Options");
            if (p.Site.Headers.TryGetValue("Content-Security-Policy", out var policy))
            {
                p.Site.Headers["Content-Security-Policy"] = policy.Replace("; frame-ancestors 'none'", "", StringComparison.Ordinal);
            }

            return Is("missing-frame-protection", "/");
        }, "frame");
        yield return Missing("missing-referrer-policy", "Referrer-Policy", "referrer");
        yield return Fault("unsafe-referrer-policy", p => Site(p, "missing-referrer-policy", "Referrer-Policy", "unsafe-url"), "referrer");
        yield return Missing("missing-permissions-policy", "Permissions-Policy", "permissions");

        // the same faults on one page only: the finding stands at the page
        yield return OnPage("page-without-csp", "missing-csp", "Content-Security-Policy", null, "csp");
        yield return OnPage("page-with-weak-csp", "weak-csp", "Content-Security-Policy", "default-src 'self' https: data:; frame-ancestors 'none'", "csp");
        yield return OnPage("page-without-nosniff", "missing-content-type-options", "X-Content-Type-Options", null, "nosniff");
        yield return OnPage("page-without-referrer-policy", "missing-referrer-policy", "Referrer-Policy", null, "referrer");

        yield return Fault("server-version", p => Site(p, "server-version", "Server", $"nginx/1.{14 + p.Next(8)}.{p.Next(4)}"));
        yield return Fault("powered-by", p => Site(p, "powered-by", "X-Powered-By", "PHP/7.4." + p.Next(33)) with { Parameter = "x-powered-by" });
        yield return Fault("aspnet-version", p => Site(p, "powered-by", "X-AspNet-Version", "4.0.30319") with { Parameter = "x-aspnet-version" });

        yield return Cookie("cookie-no-httponly", "shop_session", "; Path=/; SameSite=Lax", "no-store");
        yield return Cookie("cookie-no-samesite", "basket_auth", "; Path=/; HttpOnly", "no-store");
        yield return Cookie("cacheable-session", "sessionid", "; Path=/; HttpOnly; SameSite=Lax", "public, max-age=600");

        yield return Fault("trace-enabled", p =>
        {
            p.Site.Trace = true;
            return Is("trace-enabled", "/");
        });
        yield return Fault("dangerous-methods", p =>
        {
            p.Site.Methods.AddRange(["PUT", "DELETE"]);
            return Is("dangerous-methods", "/");
        });

        yield return Cors("cors-any-origin", "cors-any-origin", origin => origin);
        yield return Cors("cors-null-origin", "cors-null-origin", origin => origin == "null" ? "null" : "");
        yield return Cors("cors-wildcard-credentials", "cors-wildcard-credentials", _ => "*");
    }

    private static DemoFault Missing(string rule, string header, string group) => Fault(rule, p =>
    {
        p.Site.Headers.Remove(header);
        return Is(rule, "/");
    }, group);

    private static PlantedFault Site(DemoPlanter p, string rule, string header, string value)
    {
        p.Site.Headers[header] = value;
        return Is(rule, "/");
    }

    private static DemoFault OnPage(string name, string rule, string header, string? value, string group) =>
        Fault(name, p => Is(rule, p.Page("", answer => answer.With(header, value))), group);

    private static DemoFault Cookie(string rule, string cookie, string attributes, string cache) => Fault(rule, p =>
    {
        p.Page("", answer => answer.With("Set-Cookie", $"{cookie}={p.Letters(Hex, 32)}{attributes}").With("Cache-Control", cache));
        return Is(rule, "/", rule == "cacheable-session" ? null : cookie);
    });

    private static DemoFault Cors(string name, string rule, Func<string, string> allowed) => Fault(name, p => Is(rule, p.Page("", answer => answer with
    {
        Make = request => allowed(request.Origin) is { Length: > 0 } origin
            ? (answer with { Make = null }).With("Access-Control-Allow-Origin", origin).With("Access-Control-Allow-Credentials", "true").With("Vary", "Origin")
            : answer with { Make = null },
    })));
}
