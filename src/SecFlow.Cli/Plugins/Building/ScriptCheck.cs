using System.Text.RegularExpressions;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;

namespace SecFlow.Cli.Plugins.Building;

/// <summary>Whether a script is a plugin: ES5 that the real host parses, exports execute, and uses nothing that a plugin has not.</summary>
internal static partial class ScriptCheck
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Answers with what is exported and leaves nothing to be called.</summary>
    private const string Question = "\n;(function () { var kind = typeof (module.exports && module.exports.execute); module.exports = {}; return kind; })()\n";

    private static readonly Dictionary<string, string> Absent = new(StringComparer.Ordinal)
    {
        ["require"] = "a plugin is one file; put the code into it",
        ["eval"] = "code from strings is refused; call a function",
        ["Function"] = "code from strings is refused; write the function",
        ["setTimeout"] = "there are no timers; ctx.http waits by itself",
        ["setInterval"] = "there are no timers; use a loop and ask ctx.cancelled()",
        ["setImmediate"] = "there are no timers; call the function",
        ["fetch"] = "there is no network but ctx.http",
        ["XMLHttpRequest"] = "there is no network but ctx.http",
        ["Promise"] = "nothing is asynchronous; ctx calls return their results",
        ["Proxy"] = "it cannot be had in ES5",
        ["console"] = "use ctx.log",
        ["process"] = "there is no Node; use ctx",
        ["Buffer"] = "there is no Node; use strings and handles",
        ["window"] = "there is no browser",
        ["document"] = "there is no browser; use ctx.parse.xml for documents",
        ["System"] = "there is no .NET; use ctx",
    };

    /// <summary>Loads the script in the sandbox without targets; its top level runs, none of its entries does.</summary>
    public static async Task<IReadOnlyList<FileProblem>> RunAsync(DevelopmentSession session, BuiltScript script, CancellationToken ct)
    {
        var outcome = await session.RunScriptAsync(script.Source + Question, "plugin", Patience, new SilentOutput(), ct);
        if (outcome.Error is { } error)
        {
            var place = script.Places.Find(outcome.Location) ?? new SourcePlace(AuthorFolder.Script, 1, 1);
            return [new FileProblem(place, error.Code, script.Places.Rewrite(error.Message))];
        }

        return outcome.Value == "function" ? [] : [new FileProblem(new SourcePlace(AuthorFolder.Script, 1, 1), Codes.EntryMissing, "module.exports.execute is not a function. Export it: module.exports = { execute: function (ctx) { ... } }.")];
    }

    /// <summary>Names that exist in Node, a browser or .NET, and not here.</summary>
    public static IEnumerable<FileProblem> Names(BuiltScript script)
    {
        var code = ScriptText.Code(script.Source);
        foreach (Match use in Used().Matches(code))
        {
            var name = use.Groups["name"].Value;
            if (Absent.TryGetValue(name, out var instead) && !IsDeclared(code, name))
            {
                var before = code.AsSpan(0, use.Groups["name"].Index);
                var (line, column) = (before.Count('\n') + 1, before.Length - before.LastIndexOf('\n'));
                yield return new FileProblem(script.Places.Find(line, column)!, Codes.ScriptError, $"`{name}` is not available to plugins: {instead}.");
            }
        }
    }

    private static bool IsDeclared(string code, string name) => Regex.IsMatch(code, $@"\b(var|function)\s+{name}\b|[(,]\s*{name}\s*[,)=]", RegexOptions.CultureInvariant, TimeSpan.FromSeconds(5));

    [GeneratedRegex(@"(?<![\w$.])(?<name>[A-Za-z]+)\s*[.(]", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Used();
}
