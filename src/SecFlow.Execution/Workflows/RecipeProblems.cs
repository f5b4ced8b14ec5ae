using SecFlow.Execution.Diagnostics;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace SecFlow.Execution.Workflows;

/// <summary>Collects every problem of one recipe, so that its author sees all of them at once.</summary>
internal sealed class RecipeProblems
{
    /// <summary>Bounded: a hostile recipe must not answer with megabytes.</summary>
    private const int Most = 200;

    private readonly List<Diagnostic> _items = [];

    public int Count => _items.Count;

    /// <summary>In the order of the text.</summary>
    public IReadOnlyList<Diagnostic> All => [.. _items.OrderBy(p => p.Line ?? 0).ThenBy(p => p.Column ?? 0)];

    public void Add(string code, YamlNode at, string path, string message) => Add(code, at.Start, path, message);

    public void Add(string code, Mark at, string path, string message)
    {
        if (_items.Count < Most)
        {
            _items.Add(new Diagnostic(code, message) { Line = (int)at.Line, Column = (int)at.Column, Path = path });
        }
    }

    /// <summary>", did you mean 'x'?" for the candidate that is nearest to what was written; empty when none is near.</summary>
    public static string Hint(string written, IEnumerable<string> candidates)
    {
        var best = Nearest(written, candidates);
        return best is null ? "" : $" Did you mean '{best}'?";
    }

    /// <summary>Nearest candidate by edit distance, at most a third of the longer word (and at least 2) away.</summary>
    public static string? Nearest(string written, IEnumerable<string> candidates)
    {
        if (written.Length > 100)
        {
            return null;
        }

        string? best = null;
        var bestDistance = int.MaxValue;
        foreach (var candidate in candidates)
        {
            var distance = Distance(written, candidate);
            if (distance < bestDistance && distance <= Math.Max(2, Math.Max(written.Length, candidate.Length) / 3))
            {
                (best, bestDistance) = (candidate, distance);
            }
        }

        return best;
    }

    // Levenshtein, two rows.
    private static int Distance(string a, string b)
    {
        var previous = new int[b.Length + 1];
        var current = new int[b.Length + 1];
        for (var j = 0; j <= b.Length; j++)
        {
            previous[j] = j;
        }

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
