using System.Globalization;

namespace SecFlow.Benchmarks.Reporting;

/// <summary>For people at a terminal.</summary>
internal static class Table
{
    public static string Header => $"{"benchmark",-16} {"median",10} {"min..max",19} {"unit",-10} {"target",9} {"",-6}  beside it";

    public static string Row(Benchmark benchmark, Measurement m) =>
        $"{m.Name,-16} {Text(m.Value),10} {Spread(m),19} {m.Unit,-10} {Target(benchmark),9} {Word(m.Met),-6}  {Beside(m)}".TrimEnd();

    public static string Target(Benchmark benchmark) => benchmark.Target is null ? "" : (benchmark.Better == Better.Lower ? "< " : ">= ") + Text(benchmark.Target);

    public static string Word(bool? met) => met switch { true => "met", false => "MISSED", null => "" };

    public static string Spread(Measurement m) => m.Runs < 2 ? "" : $"{Text(m.Min)}..{Text(m.Max)}";

    /// <summary>Reference, synced write and note in one line.</summary>
    public static string Beside(Measurement m) => string.Join("; ", new[]
    {
        m.Ratio is null ? null : $"{Text(m.Ratio)} x {Text(m.ReferenceValue)} of {m.Reference}",
        m.SyncedWriteMs is null ? null : $"a synced 4 KiB write took {Text(m.SyncedWriteMs)} ms",
        m.Note,
    }.OfType<string>());

    public static string Text(double? value) => value is null ? "-" : value.Value.ToString(Math.Abs(value.Value) >= 1000 ? "#,0" : "0.####", CultureInfo.InvariantCulture);
}
