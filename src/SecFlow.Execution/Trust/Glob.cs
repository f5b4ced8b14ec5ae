using System.Text;
using System.Text.RegularExpressions;

namespace SecFlow.Execution.Trust;

/// <summary>An anchored pattern: <c>*</c> stands for any characters except <c>/</c>, everything else for itself.</summary>
public sealed class Glob
{
    private readonly Regex _regex;

    public Glob(string pattern)
    {
        Pattern = pattern;
        var regex = new StringBuilder(@"\A");
        foreach (var c in pattern)
        {
            regex.Append(c == '*' ? "[^/]*" : Regex.Escape(c.ToString()));
        }

        _regex = new Regex(regex.Append(@"\z").ToString(), RegexOptions.NonBacktracking | RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1));
    }

    public string Pattern { get; }

    public bool Matches(string text) => _regex.IsMatch(text);

    public override string ToString() => Pattern;
}
