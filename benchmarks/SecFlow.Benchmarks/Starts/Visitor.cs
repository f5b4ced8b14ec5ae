using System.Net;
using System.Text.RegularExpressions;

namespace SecFlow.Benchmarks.Starts;

/// <summary>Signs in once; the session outlives the server, as a person's does.</summary>
internal sealed partial class Visitor : IDisposable
{
    private readonly CookieContainer _cookies = new();
    private readonly HttpClient _client;

    public Visitor()
    {
        _client = new HttpClient(new SocketsHttpHandler { CookieContainer = _cookies, UseCookies = true });
        _client.DefaultRequestHeaders.Accept.ParseAdd("text/html");
    }

    public async Task SignInAsync(Uri portal, string password, CancellationToken ct)
    {
        var form = await _client.GetStringAsync(new Uri(portal, "signin"), ct);
        using var fields = new FormUrlEncodedContent(new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["__RequestVerificationToken"] = Token().Match(form).Groups["token"].Value,
            ["user"] = "admin",
            ["password"] = password,
            ["returnUrl"] = "/",
        });
        using var answer = await _client.PostAsync(new Uri(portal, "signin/password"), fields, ct);
        await OverviewAsync(portal, ct);
    }

    /// <summary>The overview as HTML; throws when the visitor is not signed in.</summary>
    public async Task OverviewAsync(Uri portal, CancellationToken ct)
    {
        using var answer = await _client.GetAsync(portal, ct);
        var html = await answer.Content.ReadAsStringAsync(ct);
        if (!answer.IsSuccessStatusCode || !html.Contains("data-live", StringComparison.Ordinal))
        {
            throw new InvalidOperationException($"{portal} answered {(int)answer.StatusCode} and not the overview of somebody who is signed in");
        }
    }

    /// <summary>Cookies of the session as a request carries them. They do not know ports.</summary>
    public string CookieOf(Uri portal) => _cookies.GetCookieHeader(portal);

    public void Dispose() => _client.Dispose();

    [GeneratedRegex("name=\"__RequestVerificationToken\"[^>]*? value=\"(?<token>[^\"]+)\"", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Token();
}
