namespace SecFlow.Gates.Reporting;

/// <summary>Outcome of one check or suite. A check counts as one test, a suite as the tests in it.</summary>
internal sealed record GateResult(string Name, int Passed, int Failed, int Skipped, IReadOnlyList<string> Problems, TimeSpan Wall)
{
    /// <summary>Said when nothing is wrong: what was looked at.</summary>
    public string Note { get; init; } = "";

    public bool IsRed => Failed > 0;

    /// <summary>A check: red when it has a problem.</summary>
    public static GateResult Check(string name, IReadOnlyList<string> problems, TimeSpan wall, string note = "") =>
        new(name, problems.Count == 0 ? 1 : 0, problems.Count == 0 ? 0 : 1, 0, problems, wall) { Note = note };

    /// <summary>A check that could not be made here, with the reason.</summary>
    public static GateResult Skip(string name, string reason) => new(name, 0, 0, 1, [], TimeSpan.Zero) { Note = reason };
}

internal static class Report
{
    private const int ProblemsShown = 60;

    public static void Print(GateResult result)
    {
        var state = result.IsRed ? "FAILED" : result.Passed == 0 ? "skipped" : "ok";
        Console.WriteLine($"{result.Name,-34} {state,-8} {result.Passed,5} passed {result.Failed,3} failed {result.Skipped,3} skipped  {result.Wall.TotalSeconds,6:0.0} s  {result.Note}".TrimEnd());
        foreach (var problem in result.Problems.Take(ProblemsShown))
        {
            Console.WriteLine($"    {problem.Replace("\n", "\n    ", StringComparison.Ordinal)}");
        }

        if (result.Problems.Count > ProblemsShown)
        {
            Console.WriteLine($"    ... and {result.Problems.Count - ProblemsShown} more");
        }
    }

    /// <summary>The last line of every run, and the exit code that goes with it.</summary>
    public static int Total(IReadOnlyList<GateResult> results)
    {
        var passed = results.Sum(r => r.Passed);
        var failed = results.Sum(r => r.Failed);
        var skipped = results.Sum(r => r.Skipped);
        Console.WriteLine($"{passed} passed, {failed} failed, {skipped} skipped");
        return failed > 0 || passed == 0 ? 1 : 0;
    }
}
