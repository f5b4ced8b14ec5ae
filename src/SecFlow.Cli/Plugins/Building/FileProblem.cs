using SecFlow.Execution.Diagnostics;

namespace SecFlow.Cli.Plugins.Building;

/// <summary>A problem at a place of a file of the author, in the form that editors understand: <c>index.ts:12:5: SF6002: ...</c>.</summary>
internal sealed record FileProblem(SourcePlace Place, string Code, string Message)
{
    public override string ToString() => $"{Place}: {Code}: {Output.Plain(Message)}";

    public static FileProblem Of(string file, Diagnostic diagnostic) => new(new SourcePlace(file, diagnostic.Line ?? 1, diagnostic.Column ?? 1), diagnostic.Code, diagnostic.Message);

    public static async Task WriteAsync(Terminal terminal, IEnumerable<FileProblem> problems)
    {
        foreach (var problem in problems.OrderBy(p => p.Place.File, StringComparer.Ordinal).ThenBy(p => p.Place.Line).ThenBy(p => p.Place.Column))
        {
            await terminal.Out.WriteLineAsync(problem.ToString());
        }
    }
}
