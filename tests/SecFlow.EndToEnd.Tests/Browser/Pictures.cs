using Microsoft.Playwright;

namespace SecFlow.EndToEnd.Tests.Browser;

/// <summary>Looks at a page in both themes and widths: it is never wider than its window. Keeps pictures where <c>SECFLOW_SCREENSHOTS</c> names a folder.</summary>
internal static class Pictures
{
    private static readonly string? _folder = Environment.GetEnvironmentVariable("SECFLOW_SCREENSHOTS");

    public static async Task TakeAsync(IPage page, string name)
    {
        foreach (var (scheme, width) in new[] { (ColorScheme.Light, 1440), (ColorScheme.Dark, 1440), (ColorScheme.Light, 360), (ColorScheme.Dark, 360) })
        {
            await page.EmulateMediaAsync(new() { ColorScheme = scheme, ReducedMotion = ReducedMotion.Reduce });
            await page.SetViewportSizeAsync(width, 900);
            if (_folder is not null)
            {
                await page.EvaluateAsync("window.scrollTo(0, 0)");
                await page.ScreenshotAsync(new() { Path = Path.Combine(_folder, $"{name}-{scheme}-{width}.png".ToLowerInvariant()), FullPage = true });
            }

            (await page.EvaluateAsync<int>("document.documentElement.scrollWidth")).ShouldBeLessThanOrEqualTo(width, name);
        }

        await page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Light, ReducedMotion = ReducedMotion.NoPreference });
        await page.SetViewportSizeAsync(1440, 900);
    }
}
