using System.Globalization;
using System.Numerics;

namespace SecFlow.Execution.Plugins;

/// <summary>A SemVer 2 version in its order; build metadata does not count.</summary>
internal sealed record SemanticVersion(BigInteger Major, BigInteger Minor, BigInteger Patch, IReadOnlyList<string> Prerelease)
{
    /// <summary>Older first.</summary>
    public static readonly Comparer<SemanticVersion> Order = Comparer<SemanticVersion>.Create((a, b) => a.Against(b));

    /// <summary>Null when the text is not SemVer 2.</summary>
    public static SemanticVersion? TryParse(string text)
    {
        if (text.Length > 64 || !ManifestReader.SemVer().IsMatch(text))
        {
            return null;
        }

        var core = text.Split('+')[0];
        var dash = core.IndexOf('-', StringComparison.Ordinal);
        var numbers = (dash < 0 ? core : core[..dash]).Split('.').Select(n => BigInteger.Parse(n, CultureInfo.InvariantCulture)).ToArray();
        return new SemanticVersion(numbers[0], numbers[1], numbers[2], dash < 0 ? [] : core[(dash + 1)..].Split('.'));
    }

    private int Against(SemanticVersion other)
    {
        var core = (Major, Minor, Patch).CompareTo((other.Major, other.Minor, other.Patch));
        if (core != 0 || Prerelease.Count == 0 || other.Prerelease.Count == 0)
        {
            // a release is newer than its own pre-releases
            return core != 0 ? core : other.Prerelease.Count.CompareTo(0) - Prerelease.Count.CompareTo(0);
        }

        for (var i = 0; i < Math.Min(Prerelease.Count, other.Prerelease.Count); i++)
        {
            var part = Compare(Prerelease[i], other.Prerelease[i]);
            if (part != 0)
            {
                return part;
            }
        }

        return Prerelease.Count.CompareTo(other.Prerelease.Count);
    }

    // numbers stand below words and compare as numbers
    private static int Compare(string a, string b)
    {
        var (first, second) = (a.All(char.IsAsciiDigit), b.All(char.IsAsciiDigit));
        return (first, second) switch
        {
            (true, true) => BigInteger.Parse(a, CultureInfo.InvariantCulture).CompareTo(BigInteger.Parse(b, CultureInfo.InvariantCulture)),
            (false, false) => string.CompareOrdinal(a, b),
            _ => first ? -1 : 1,
        };
    }
}

/// <summary>
/// What stands after <c>@</c> in a recipe: <c>1.2.3</c> (exactly), <c>^1.2</c> (same major; below 1.0 same minor), <c>~1.2</c> (same minor), <c>1.2.x</c>, <c>*</c>,
/// or comparisons that must all hold: <c>&gt;=1.2.0 &lt;2.0.0</c>. Pre-releases fit only an exact version.
/// </summary>
internal sealed class VersionRange
{
    private readonly List<Func<SemanticVersion, bool>> _conditions = [];

    private VersionRange()
    {
    }

    /// <summary>Null when the text is not a range.</summary>
    public static VersionRange? TryParse(string text)
    {
        var range = new VersionRange();
        var parts = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return parts.Length is > 0 and <= 8 && parts.All(range.Add) ? range : null;
    }

    public bool Includes(SemanticVersion version) => _conditions.TrueForAll(c => c(version));

    private bool Add(string part)
    {
        if (part is "*" or "x")
        {
            _conditions.Add(v => v.Prerelease.Count == 0);
            return true;
        }

        var comparison = part.StartsWith(">=", StringComparison.Ordinal) || part.StartsWith("<=", StringComparison.Ordinal) ? part[..2]
            : part[0] is '>' or '<' or '=' or '^' or '~' ? part[..1] : "";
        if (comparison is "" or "=" && SemanticVersion.TryParse(part[comparison.Length..]) is { } same)
        {
            _conditions.Add(v => SemanticVersion.Order.Compare(v, same) == 0);
            return true;
        }

        var numbers = part[comparison.Length..].Split('.').TakeWhile(n => n is not ("x" or "*")).ToArray();
        if (numbers.Length is 0 or > 3 || numbers.Any(n => n.Length is 0 or > 9 || !n.All(char.IsAsciiDigit)))
        {
            return false;
        }

        var given = numbers.Select(n => new BigInteger(int.Parse(n, CultureInfo.InvariantCulture))).ToArray();
        var least = new SemanticVersion(given[0], given.ElementAtOrDefault(1), given.ElementAtOrDefault(2), []);
        Func<SemanticVersion, bool>? condition = comparison switch
        {
            ">=" => v => SemanticVersion.Order.Compare(v, least) >= 0,
            ">" => v => SemanticVersion.Order.Compare(v, least) > 0,
            "<=" => v => SemanticVersion.Order.Compare(v, least) <= 0,
            "<" => v => SemanticVersion.Order.Compare(v, least) < 0,
            "^" => v => SemanticVersion.Order.Compare(v, least) >= 0 && v.Major == least.Major && (!least.Major.IsZero || given.Length < 2 || v.Minor == least.Minor),
            "~" => v => SemanticVersion.Order.Compare(v, least) >= 0 && v.Major == least.Major && (given.Length < 2 || v.Minor == least.Minor),
            "" when given.Length < 3 => v => v.Major == least.Major && (given.Length < 2 || v.Minor == least.Minor),
            _ => null,
        };
        if (condition is null)
        {
            return false;
        }

        _conditions.Add(v => v.Prerelease.Count == 0 && condition(v));
        return true;
    }
}
