using System.Globalization;
using System.Text.RegularExpressions;

namespace SecFlow.Portal.Tests.Web;

/// <summary>The token file itself: contrast in both themes, and the two copies of the dark values.</summary>
public sealed partial class TokensTests
{
    private static readonly string Css = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "tokens.css"));

    private static readonly IReadOnlyDictionary<string, string> Light = Values(Block(":root {"));

    private static readonly IReadOnlyDictionary<string, string> Dark = Values(Block(":root[data-theme=\"dark\"] {"));

    public static TheoryData<string, string, string> Pairs()
    {
        var data = new TheoryData<string, string, string>();
        foreach (var (theme, _) in new[] { ("light", Light), ("dark", Dark) })
        {
            foreach (var name in new[] { "critical", "high", "medium", "low", "info", "accent", "danger", "warn", "error", "good" })
            {
                data.Add(theme, name + "-fg", name + "-bg");
            }

            foreach (var status in new[] { "running", "succeeded", "partial", "failed", "denied", "ended" })
            {
                data.Add(theme, status, status + "-soft");
                data.Add(theme, status, "surface");
            }

            foreach (var surface in new[] { "canvas", "surface", "raised", "sunken", "hover" })
            {
                foreach (var ink in new[] { "text", "soft", "faint", "accent" })
                {
                    data.Add(theme, ink, surface);
                }
            }

            data.Add(theme, "accent-strong", "accent-soft");
            data.Add(theme, "text", "accent-soft");
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public void Pair_InTheme_HasContrastOfAtLeastFourAndAHalf(string theme, string ink, string ground)
    {
        var values = theme == "light" ? Light : Dark;

        Contrast(values[ink], values[ground]).ShouldBeGreaterThanOrEqualTo(4.5, $"{theme}: {ink} {values[ink]} on {ground} {values[ground]}");
    }

    [Fact]
    public void DarkValues_OfAttributeAndOfMediaQuery_AreEqual() =>
        Values(Block(":root:not([data-theme=\"light\"]) {")).ShouldBe(Dark);

    [Fact]
    public void Themes_SetTheSameColours() =>
        Dark.Keys.ShouldBe(Light.Where(v => v.Value.StartsWith('#') || v.Key.StartsWith("shadow", StringComparison.Ordinal)).Select(v => v.Key), ignoreOrder: true);

    [Fact]
    public void Contrast_OfBlackOnWhite_IsTwentyOne() => Contrast("#000000", "#ffffff").ShouldBe(21, 0.01);

    /// <summary>WCAG 2.2, relative luminance and contrast ratio.</summary>
    private static double Contrast(string one, string other)
    {
        var (a, b) = (Luminance(one), Luminance(other));
        return (Math.Max(a, b) + 0.05) / (Math.Min(a, b) + 0.05);
    }

    private static double Luminance(string hex)
    {
        double Channel(int at)
        {
            var c = int.Parse(hex.AsSpan(at, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture) / 255.0;
            return c <= 0.04045 ? c / 12.92 : Math.Pow((c + 0.055) / 1.055, 2.4);
        }

        return (0.2126 * Channel(1)) + (0.7152 * Channel(3)) + (0.0722 * Channel(5));
    }

    private static string Block(string selector)
    {
        var start = Css.IndexOf(selector, StringComparison.Ordinal);
        start.ShouldBeGreaterThanOrEqualTo(0);
        return Css[start..Css.IndexOf('}', start)];
    }

    private static Dictionary<string, string> Values(string block) => Token().Matches(block).ToDictionary(m => m.Groups["name"].Value, m => m.Groups["value"].Value.Trim(), StringComparer.Ordinal);

    [GeneratedRegex("--(?<name>[a-z0-9-]+):(?<value>[^;]+);", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Token();
}
