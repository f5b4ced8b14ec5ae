namespace SecFlow.Benchmarks;

/// <summary>What the command line asks for.</summary>
/// <param name="Benchmarks">What is measured, in the catalog's order.</param>
/// <param name="Json">One JSON object a line instead of a table.</param>
/// <param name="Quick">Tiny counts: shows that everything runs; its figures mean nothing.</param>
/// <param name="Report">Also writes benchmarks/report.md.</param>
/// <param name="List">Only names the benchmarks.</param>
internal sealed record BenchOptions(IReadOnlyList<Benchmark> Benchmarks, bool Json, bool Quick, bool Report, bool List)
{
    public const string Usage = """
        usage: ./bench [NAME...] [--json] [--quick] [--peers] [--report] [--list]
          NAME      what to measure; everything without a name
          --json    one JSON object a line: {name, value, unit, reference, referenceValue, ratio, target, met, ...}
          --quick   tiny counts, to see that it works; the figures mean nothing
          --peers   also BullMQ with redis-server, installed into a temporary folder
          --report  also write benchmarks/report.md
          --list    names and what they measure
        """;

    /// <summary>The options, or what is wrong with them.</summary>
    public static (BenchOptions? Options, string? Problem) Parse(IReadOnlyList<string> args)
    {
        var known = new HashSet<string>(["--json", "--quick", "--peers", "--report", "--list"], StringComparer.Ordinal);
        var flags = args.Where(a => a.StartsWith('-')).ToList();
        if (flags.FirstOrDefault(f => !known.Contains(f)) is { } flag)
        {
            return (null, $"unknown option {flag}");
        }

        var names = args.Where(a => !a.StartsWith('-')).ToList();
        if (names.FirstOrDefault(n => Catalog.Find(n) is null) is { } name)
        {
            return (null, $"there is no benchmark '{name}'; known are: {string.Join(", ", Catalog.All.Select(b => b.Name))}");
        }

        var chosen = Catalog.All.Where(b => names.Count > 0 ? names.Contains(b.Name, StringComparer.Ordinal) : !b.Peer || flags.Contains("--peers")).ToList();
        return (new BenchOptions(chosen, flags.Contains("--json"), flags.Contains("--quick"), flags.Contains("--report"), flags.Contains("--list")), null);
    }
}
