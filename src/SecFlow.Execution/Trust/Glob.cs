using System.Text;
using System.Text.RegularExpressions;

namespace SecFlow.Execution.Trust;

/// <summary>
/// An anchored, case-sensitive pattern: <c>*</c> stands for any visible characters except <c>/</c> and <c>\</c>, everything else for itself.
/// A slash that is written as <c>%2F</c> or <c>%5C</c> is one as well: it stands only where the pattern writes it.
/// </summary>
public sealed class Glob
{
    private static readonly string[] _encoded = ["%2f", "%5c"];
    private readonly Regex _regex;
    private readonly int _slashes;

    public Glob(string pattern)
    {
        Pattern = pattern;
        _slashes = EncodedSlashes(pattern);
        var regex = new StringBuilder(@"\A");
        foreach (var c in pattern)
        {
            regex.Append(c == '*' ? @"[^/\\\p{C}\p{Z}]*" : Regex.Escape(c.ToString()));
        }

        _regex = new Regex(regex.Append(@"\z").ToString(), RegexOptions.NonBacktracking | RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1));
    }

    public string Pattern { get; }

    public bool Matches(string text) => _regex.IsMatch(text) && EncodedSlashes(text) == _slashes;

    public override string ToString() => Pattern;

    private static int EncodedSlashes(string text) => _encoded.Sum(code =>
    {
        var (count, at) = (0, 0);
        while ((at = text.IndexOf(code, at, StringComparison.OrdinalIgnoreCase)) >= 0)
        {
            (count, at) = (count + 1, at + code.Length);
        }

        return count;
    });
}
