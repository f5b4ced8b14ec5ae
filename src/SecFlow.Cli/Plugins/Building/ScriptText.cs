namespace SecFlow.Cli.Plugins.Building;

/// <summary>Tells the code of a script from its strings, comments and regular expressions. Good enough to name suspicious words; the host's parser decides what is valid.</summary>
internal static class ScriptText
{
    /// <summary>The script with everything that is not code replaced by spaces, so that each place stays where it was.</summary>
    public static string Code(string script)
    {
        var code = script.ToCharArray();
        var last = '\0';
        for (var at = 0; at < code.Length;)
        {
            var end = End(script, at, last);
            if (end > at)
            {
                for (; at < end; at++)
                {
                    code[at] = code[at] == '\n' ? '\n' : ' ';
                }

                // a comment is nothing, a string or an expression is a value
                last = script[at - 1] is '"' or '\'' || char.IsLetter(script[at - 1]) ? 'v' : last;
                continue;
            }

            last = char.IsWhiteSpace(code[at]) ? last : code[at];
            at++;
        }

        return new string(code);
    }

    /// <summary>Where the string, comment or expression that begins here ends; the same place when none does.</summary>
    private static int End(string script, int at, char last)
    {
        var next = at + 1 < script.Length ? script[at + 1] : '\0';
        return (script[at], next) switch
        {
            ('/', '/') => script.IndexOf('\n', at) is >= 0 and var line ? line : script.Length,
            ('/', '*') => script.IndexOf("*/", at + 2, StringComparison.Ordinal) is >= 0 and var close ? close + 2 : script.Length,
            ('"' or '\'', _) => Quoted(script, at, script[at], inClass: false),
            ('/', _) when !(char.IsLetterOrDigit(last) || last is '_' or '$' or ')' or ']' or '}') => Quoted(script, at, '/', inClass: true),
            _ => at,
        };
    }

    private static int Quoted(string script, int at, char mark, bool inClass)
    {
        var square = false;
        for (var i = at + 1; i < script.Length && script[i] != '\n'; i++)
        {
            if (script[i] == '\\')
            {
                i++;
            }
            else if (script[i] == mark && !square)
            {
                return i + 1;
            }
            else if (inClass && script[i] is '[' or ']')
            {
                square = script[i] == '[';
            }
        }

        return at + 1;
    }
}
