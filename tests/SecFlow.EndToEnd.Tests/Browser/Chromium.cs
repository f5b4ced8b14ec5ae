using Microsoft.Playwright;

namespace SecFlow.EndToEnd.Tests.Browser;

/// <summary>Debian's Chromium, driven by Playwright; collects what pages write to the console.</summary>
internal sealed class Chromium : IAsyncDisposable
{
    private static readonly string[] _arguments = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

    private readonly IPlaywright _playwright;
    private readonly IBrowser _browser;

    private Chromium(IPlaywright playwright, IBrowser browser)
    {
        _playwright = playwright;
        _browser = browser;
    }

    /// <summary>Errors of the console, uncaught exceptions and failed requests, of all pages.</summary>
    public List<string> Errors { get; } = [];

    public static async Task<Chromium> StartAsync()
    {
        var playwright = await Playwright.CreateAsync();
        var browser = await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = "/usr/bin/chromium", Headless = true, Args = _arguments });
        return new Chromium(playwright, browser);
    }

    /// <summary>A page of a fresh profile.</summary>
    public async Task<IPage> PageAsync(Uri portal, ColorScheme scheme = ColorScheme.Light, int width = 1440, int height = 900)
    {
        var context = await _browser.NewContextAsync(new BrowserNewContextOptions { BaseURL = portal.ToString(), ColorScheme = scheme, ViewportSize = new ViewportSize { Width = width, Height = height } });
        context.SetDefaultTimeout(20_000);
        var page = await context.NewPageAsync();
        page.Console += (_, message) =>
        {
            if (message.Type == "error")
            {
                Errors.Add(message.Text);
            }
        };
        page.PageError += (_, error) => Errors.Add(error);
        page.RequestFailed += (_, request) =>
        {
            // leaving a page aborts its connection; that is no fault
            if (request.Failure is { } failure && !failure.Contains("ERR_ABORTED", StringComparison.Ordinal))
            {
                Errors.Add($"{request.Url}: {failure}");
            }
        };
        return page;
    }

    public async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        _playwright.Dispose();
    }
}
