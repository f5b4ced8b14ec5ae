using System.Net;
using System.Text.RegularExpressions;

namespace SecFlow.PortalKit;

/// <summary>A page as it came: status, path after redirects, text.</summary>
public sealed record TestPage(HttpStatusCode Status, string Path, string Query, string Html, HttpResponseMessage Response);

/// <summary>Keeps cookies, follows redirects, posts the forms of pages with their antiforgery tokens. No scripts.</summary>
public sealed partial class TestBrowser : IDisposable
{
    private readonly HttpClient _client;

    public TestBrowser(Uri url)
    {
        Cookies = new CookieContainer();
        _client = new HttpClient(new SocketsHttpHandler { CookieContainer = Cookies, UseCookies = true }) { BaseAddress = url };
        _client.DefaultRequestHeaders.Accept.ParseAdd("text/html");
    }

    public CookieContainer Cookies { get; }

    public async Task<TestPage> GetAsync(string path) => await PageAsync(await _client.GetAsync(new Uri(path, UriKind.Relative)));

    public async Task<TestPage> SignInAsync(string user, string password, string returnUrl = "/")
    {
        var form = await GetAsync("/signin?returnUrl=" + Uri.EscapeDataString(returnUrl));
        return await PostAsync("/signin/password", form, ("user", user), ("password", password), ("returnUrl", returnUrl));
    }

    /// <summary>Opens a one-time link, chooses a password and presses the button.</summary>
    public async Task<TestPage> UseLinkAsync(Uri link, string password = SecFlowApplication.AdminPassword)
    {
        var page = await GetAsync(link.PathAndQuery);
        return await PostAsync("/signin/use-link", page, ("token", System.Web.HttpUtility.ParseQueryString(link.Query)["token"] ?? ""), ("password", password));
    }

    /// <summary>Posts a form with the antiforgery token of the page that it is on.</summary>
    public Task<TestPage> PostAsync(string path, TestPage from, params (string Name, string Value)[] fields) =>
        PostAsync(path, [("__RequestVerificationToken", TokenOf(from.Html)), .. fields]);

    /// <summary>Posts exactly these fields.</summary>
    public async Task<TestPage> PostAsync(string path, params (string Name, string Value)[] fields)
    {
        using var content = new FormUrlEncodedContent(fields.Select(f => KeyValuePair.Create(f.Name, f.Value)));
        return await PageAsync(await _client.PostAsync(new Uri(path, UriKind.Relative), content));
    }

    public void Dispose() => _client.Dispose();

    private static string TokenOf(string html) => Token().Match(html) is { Success: true } match ? match.Groups["token"].Value : throw new InvalidOperationException("The page has no form with an antiforgery token.");

    private static async Task<TestPage> PageAsync(HttpResponseMessage response)
    {
        var uri = response.RequestMessage!.RequestUri!;
        return new TestPage(response.StatusCode, uri.AbsolutePath, uri.Query, await response.Content.ReadAsStringAsync(), response);
    }

    [GeneratedRegex("name=\"__RequestVerificationToken\"[^>]*? value=\"(?<token>[^\"]+)\"", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Token();
}
