using SecFlow.Execution.Diagnostics;
using YamlDotNet.Core;

namespace SecFlow.Execution.Yaml;

/// <summary>Collects every problem of one document under one code, so that its author sees all of them at once.</summary>
internal sealed class YamlProblems(string code)
{
    /// <summary>Bounded: a hostile document must not answer with megabytes.</summary>
    private const int Most = 200;

    private readonly List<Diagnostic> _items = [];

    public int Count => _items.Count;

    /// <summary>In the order of the text.</summary>
    public IReadOnlyList<Diagnostic> All => [.. _items.OrderBy(p => p.Line ?? 0).ThenBy(p => p.Column ?? 0)];

    public void Add(Mark at, string path, string message)
    {
        if (_items.Count < Most)
        {
            _items.Add(new Diagnostic(code, message) { Line = (int)Math.Max(1, at.Line), Column = (int)Math.Max(1, at.Column), Path = path });
        }
    }

    public static string Join(string path, string key) => path.Length == 0 ? key : $"{path}.{key}";

    /// <summary>" Did you mean 'x'?" for the candidate nearest to what was written; empty when none is near.</summary>
    public static string Hint(string written, IEnumerable<string> candidates)
    {
        if (written.Length > 100)
        {
            return "";
        }

        var best = candidates
            .Select(c => (Word: c, Distance: Distance(written, c)))
            .Where(c => c.Distance <= Math.Max(2, Math.Max(written.Length, c.Word.Length) / 3))
            .OrderBy(c => c.Distance)
            .FirstOrDefault();
        return best.Word is null ? "" : $" Did you mean '{best.Word}'?";
    }

    // Levenshtein without regard to case, two rows.
    private static int Distance(string a, string b)
    {
        var previous = Enumerable.Range(0, b.Length + 1).ToArray();
        var current = new int[b.Length + 1];
        for (var i = 1; i <= a.Length; i++)
        {
            current[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var cost = char.ToLowerInvariant(a[i - 1]) == char.ToLowerInvariant(b[j - 1]) ? 0 : 1;
                current[j] = Math.Min(Math.Min(previous[j] + 1, current[j - 1] + 1), previous[j - 1] + cost);
            }

            (previous, current) = (current, previous);
        }

        return previous[b.Length];
    }
}
