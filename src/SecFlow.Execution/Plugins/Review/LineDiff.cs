using System.Globalization;
using System.Text;

namespace SecFlow.Execution.Plugins.Review;

/// <summary>What became of one line.</summary>
public enum LineKind
{
    Same,
    Removed,
    Added,

    /// <summary>Lines in between are not shown.</summary>
    Gap,
}

/// <summary>One line of a difference; numbers from 1 in the old and the new text.</summary>
public sealed record DiffLine(LineKind Kind, int? Old, int? New, string Text);

/// <summary>
/// The difference of two texts, line by line, as reviewers read it: changes with three lines around them (Myers, "An O(ND) Difference Algorithm", 1986).
/// 1. Bounded in time and memory: at most <see cref="MostEdits"/> changed lines are looked for, <see cref="MostShown"/> lines are shown, <see cref="MostWidth"/> characters of each. What is left out is said.
/// 2. What a reader cannot see is written out: control characters, and those that turn the direction of text around.
/// </summary>
public sealed record LineDiff(IReadOnlyList<DiffLine> Lines, int Added, int Removed, bool Complete)
{
    public const int MostEdits = 1000;
    public const int MostShown = 600;
    public const int MostWidth = 400;
    private const int Around = 3;

    public static LineDiff Of(string before, string after)
    {
        var (old, now) = (Split(before), Split(after));
        var start = 0;
        while (start < old.Length && start < now.Length && old[start] == now[start])
        {
            start++;
        }

        var end = 0;
        while (end < old.Length - start && end < now.Length - start && old[^(end + 1)] == now[^(end + 1)])
        {
            end++;
        }

        var script = Script(old.AsSpan(start, old.Length - start - end), now.AsSpan(start, now.Length - start - end));
        return script is null ? new LineDiff([], 0, 0, false) : Shown(old, now, start, end, script);
    }

    /// <summary>A line with everything written out that a reader would not see, cut at <see cref="MostWidth"/>.</summary>
    public static string Visible(string line)
    {
        var text = new StringBuilder();
        foreach (var rune in line.EnumerateRunes())
        {
            if (text.Length >= MostWidth)
            {
                return text.Append(" ...").ToString();
            }

            var hidden = rune.Value != '\t' && Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned;
            text.Append(hidden ? $"<U+{rune.Value:X4}>" : rune.ToString());
        }

        return text.ToString();
    }

    private static string[] Split(string text) => text.Length == 0 ? [] : (text.EndsWith('\n') ? text[..^1] : text + "<no line feed at the end>").Split('\n');

    /// <summary>One kind per step (Same, Removed, Added); null when there are more changes than are looked for.</summary>
    private static List<LineKind>? Script(ReadOnlySpan<string> old, ReadOnlySpan<string> now)
    {
        var most = Math.Min(MostEdits, old.Length + now.Length);
        var furthest = new int[(2 * most) + 3];
        var history = new List<int[]>();
        var middle = most + 1;
        for (var edits = 0; edits <= most; edits++)
        {
            history.Add(furthest[(middle - edits - 1)..(middle + edits + 2)]);
            for (var k = -edits; k <= edits; k += 2)
            {
                var down = k == -edits || (k != edits && furthest[middle + k - 1] < furthest[middle + k + 1]);
                var x = down ? furthest[middle + k + 1] : furthest[middle + k - 1] + 1;
                while (x < old.Length && x - k < now.Length && old[x] == now[x - k])
                {
                    x++;
                }

                furthest[middle + k] = x;
                if (x >= old.Length && x - k >= now.Length)
                {
                    return Back(history, old.Length, now.Length);
                }
            }
        }

        return null;
    }

    private static List<LineKind> Back(List<int[]> history, int x, int y)
    {
        var script = new List<LineKind>();
        for (var edits = history.Count - 1; edits >= 0; edits--)
        {
            int Furthest(int diagonal) => history[edits][diagonal + edits + 1];
            var k = x - y;
            var down = k == -edits || (k != edits && Furthest(k - 1) < Furthest(k + 1));
            var fromX = edits == 0 ? 0 : Furthest(down ? k + 1 : k - 1);
            var fromY = edits == 0 ? 0 : fromX - (down ? k + 1 : k - 1);
            while (x > fromX && y > fromY && (edits == 0 || x > (down ? fromX : fromX + 1)))
            {
                script.Add(LineKind.Same);
                (x, y) = (x - 1, y - 1);
            }

            if (edits > 0)
            {
                script.Add(down ? LineKind.Added : LineKind.Removed);
                (x, y) = (fromX, fromY);
            }
        }

        script.Reverse();
        return script;
    }

    private static LineDiff Shown(string[] old, string[] now, int start, int end, List<LineKind> script)
    {
        var kinds = Enumerable.Repeat(LineKind.Same, start).Concat(script).Concat(Enumerable.Repeat(LineKind.Same, end)).ToList();
        var near = new bool[kinds.Count];
        for (var i = 0; i < kinds.Count; i++)
        {
            for (var j = Math.Max(0, i - Around); kinds[i] != LineKind.Same && j <= Math.Min(kinds.Count - 1, i + Around); j++)
            {
                near[j] = true;
            }
        }

        var lines = new List<DiffLine>();
        var (x, y, all) = (0, 0, true);
        for (var i = 0; i < kinds.Count; i++)
        {
            var line = kinds[i] switch
            {
                LineKind.Removed => new DiffLine(LineKind.Removed, ++x, null, old[x - 1]),
                LineKind.Added => new DiffLine(LineKind.Added, null, ++y, now[y - 1]),
                _ => new DiffLine(LineKind.Same, ++x, ++y, now[y - 1]),
            };
            if (near[i] && lines.Count < MostShown)
            {
                lines.Add(line with { Text = Visible(line.Text) });
            }
            else if (near[i])
            {
                all = false;
            }
            else if (lines.Count > 0 && lines[^1].Kind != LineKind.Gap)
            {
                lines.Add(new DiffLine(LineKind.Gap, null, null, ""));
            }
        }

        return new LineDiff(lines is [.., { Kind: LineKind.Gap }] ? lines[..^1] : lines, kinds.Count(k => k == LineKind.Added), kinds.Count(k => k == LineKind.Removed), all);
    }
}
