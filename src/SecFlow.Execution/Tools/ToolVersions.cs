using System.Globalization;
using System.Text.RegularExpressions;

namespace SecFlow.Execution.Tools;

/// <summary>Versions of tools: numbers with dots first, anything after them last (7.93 &lt; 7.93+dfsg1; 3.0.0-rc1 &lt; 3.0.0).</summary>
internal static partial class ToolVersions
{
    /// <summary>Negative when <paramref name="a"/> is older.</summary>
    public static int Compare(string a, string b)
    {
        var (first, second) = (Parts(a), Parts(b));
        for (var i = 0; i < Math.Max(first.Numbers.Length, second.Numbers.Length); i++)
        {
            var difference = At(first.Numbers, i).CompareTo(At(second.Numbers, i));
            if (difference != 0)
            {
                return difference;
            }
        }

        return (Rank(first.Suffix), Rank(second.Suffix)) is var (x, y) && x != y ? x.CompareTo(y) : string.CompareOrdinal(first.Suffix, second.Suffix);
    }

    /// <summary>Highest of several; null of none.</summary>
    public static string? Highest(IEnumerable<string?> versions) => versions.OfType<string>().Order(Comparer<string>.Create(Compare)).LastOrDefault();

    // A pre-release is before its release, a build after it.
    private static int Rank(string rest) => rest.Length == 0 ? 0 : rest[0] == '-' ? -1 : 1;

    private static long At(long[] numbers, int index) => index < numbers.Length ? numbers[index] : 0;

    private static (long[] Numbers, string Suffix) Parts(string version)
    {
        var match = Form().Match(version);
        long[] numbers = [.. match.Groups[1].Value.Split('.', StringSplitOptions.RemoveEmptyEntries).Select(number => long.Parse(number, CultureInfo.InvariantCulture))];
        return (numbers, match.Groups[2].Value);
    }

    [GeneratedRegex(@"\Av?([0-9]{1,15}(?:\.[0-9]{1,15})*)?(.*)\z", RegexOptions.CultureInvariant | RegexOptions.Singleline, 1000)]
    private static partial Regex Form();
}
