namespace SecFlow.Execution.Diagnostics;

/// <summary>The nearest right spelling of a word that is not known.</summary>
internal static class Spelling
{
    /// <summary>" Did you mean 'x'?" for the candidate nearest by edit distance, at most a third of the longer word (and at least 2) away; empty when none is near.</summary>
    public static string Hint(string written, IEnumerable<string> candidates)
    {
        // Bounded: the distance costs the product of both lengths.
        if (written.Length is 0 or > 100)
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
