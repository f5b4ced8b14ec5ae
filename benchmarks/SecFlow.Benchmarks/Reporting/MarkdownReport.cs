using System.Text;
using SecFlow.Benchmarks.Machine;

namespace SecFlow.Benchmarks.Reporting;

/// <summary>benchmarks/report.md: the figures of one call, with a place for the explanation of each miss.</summary>
internal static class MarkdownReport
{
    private const string Explanations = "## Misses";

    public static string Of(MachineState machine, IReadOnlyList<Measurement> all, bool quick) => Of(machine, all, quick, Previous());

    internal static string Of(MachineState machine, IReadOnlyList<Measurement> all, bool quick, string? previous)
    {
        var text = new StringBuilder();
        text.Append("# Benchmark report\n\nWritten by `./bench --report`; [what each line measures](README.md).\n\n");
        text.Append($"{machine.Line}. Busiest moment before a benchmark: {all.Select(m => m.BusyBefore).DefaultIfEmpty().Max()} %.");
        text.Append(quick ? " **Quick mode: the figures mean nothing.**\n\n" : "\n\n");
        text.Append("| benchmark | median | min..max | unit | target | | busy before | beside it |\n|---|---:|---:|---|---:|---|---:|---|\n");
        foreach (var m in all)
        {
            var benchmark = Catalog.Find(m.Name)!;
            text.Append($"| `{m.Name}` | {Table.Text(m.Value)} | {Table.Spread(m)} | {m.Unit} | {Table.Target(benchmark)} | {Table.Word(m.Met)} | {m.BusyBefore} % | {Cell(Table.Beside(m))} |\n");
        }

        text.Append($"\n{Explanations}\n");
        foreach (var m in all.Where(m => m.Met == false))
        {
            text.Append($"\n### {m.Name}\n\n{Explanation(previous, m.Name) ?? "Not explained yet: profile it and say here where the time goes."}\n");
        }

        if (all.All(m => m.Met != false))
        {
            text.Append("\nNone.\n");
        }

        return text.ToString();
    }

    /// <summary>What a person wrote about a miss stays when the figures are written anew.</summary>
    internal static string? Explanation(string? previous, string name)
    {
        var heading = $"\n### {name}\n";
        var at = previous?.IndexOf(heading, StringComparison.Ordinal) ?? -1;
        if (at < 0)
        {
            return null;
        }

        var rest = previous![(at + heading.Length)..];
        var end = rest.IndexOf("\n### ", StringComparison.Ordinal);
        var words = (end < 0 ? rest : rest[..end]).Trim();
        return words.Length == 0 || words.StartsWith("Not explained yet", StringComparison.Ordinal) ? null : words;
    }

    private static string? Previous()
    {
        var path = Path.Combine(Bench.Repository, "benchmarks", "report.md");
        return File.Exists(path) ? File.ReadAllText(path) : null;
    }

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal);
}
