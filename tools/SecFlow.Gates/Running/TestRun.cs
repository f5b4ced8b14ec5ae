using System.Collections.Concurrent;
using System.Globalization;
using System.Xml.Linq;
using SecFlow.Gates.Reporting;

namespace SecFlow.Gates.Running;

/// <summary>One test by name, as the runner reported it.</summary>
internal sealed record TestOutcome(string Name, string Outcome, string Message)
{
    public bool HasFailed => Outcome is "Failed" or "Timeout" or "Error" or "Aborted";

    /// <summary>The name without the values of a theory's row.</summary>
    public string Method => Name.Split('(')[0];
}

/// <summary>Runs one test project and reads its TRX.</summary>
internal sealed class TestRun(Repository repository, IReadOnlyDictionary<string, string> environment)
{
    /// <summary>More failures of one suite than this are no accident of a busy machine: none is run again.</summary>
    private const int MostRunAgain = 3;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(20);
    private static readonly XNamespace Trx = "http://microsoft.com/schemas/VisualStudio/TeamTest/2010";
    private readonly ConcurrentQueue<TestOutcome> _tests = new();

    /// <summary>Every test that ran so far, over all projects.</summary>
    public IReadOnlyList<TestOutcome> Tests => [.. _tests];

    /// <summary>Where a project's results and coverage are.</summary>
    public string ResultsFolder(string project) => repository.At("TestResults", project);

    public async Task<GateResult> RunAsync(string project, string? filter = null, bool coverage = false, bool build = false, string? name = null, TimeSpan? limit = null, bool once = false)
    {
        var first = await TestAsync(name ?? project, filter).ConfigureAwait(false);
        return await ReadAsync(name ?? project, first, once ? null : again => TestAsync($"{name ?? project} again", again)).ConfigureAwait(false);

        async Task<(string Trx, ShellResult Run)> TestAsync(string folder, string? which)
        {
            var results = ResultsFolder(folder);
            if (Directory.Exists(results))
            {
                Directory.Delete(results, recursive: true);
            }

            List<string> arguments = ["test", repository.At("tests", project), "--nologo", "--results-directory", results, "--logger", "trx;LogFileName=results.trx", "-p:ContinuousIntegrationBuild=false"];
            if (!build)
            {
                arguments.Add("--no-build");
            }

            if (which is not null)
            {
                arguments.AddRange(["--filter", which]);
            }

            if (coverage)
            {
                arguments.AddRange(["--collect", "XPlat Code Coverage", "--settings", repository.At("tests", "coverage.runsettings")]);
            }

            return (Path.Combine(results, "results.trx"), await Shell.RunAsync(repository.Root, limit ?? Limit, "dotnet", arguments, environment).ConfigureAwait(false));
        }
    }

    /// <summary>
    /// The result of a test run from the TRX that it wrote. A few failed tests are run once more: a limit in seconds may have met a busy machine. What fails twice is red;
    /// what passes the second time is counted as passed, and its first failure is printed (decision 0037).
    /// </summary>
    /// <param name="name">Name of the suite in the report.</param>
    /// <param name="first">Where the TRX is, and how the run ended.</param>
    /// <param name="again">Runs the tests of a filter; null = what failed once is red.</param>
    public async Task<GateResult> ReadAsync(string name, (string Trx, ShellResult Run) first, Func<string, Task<(string Trx, ShellResult Run)>>? again)
    {
        if (!File.Exists(first.Trx))
        {
            return first.Run.Succeeded
                ? GateResult.Skip(name, "no test in this project")
                : new GateResult(name, 0, 1, 0, [$"the test run wrote no result (exit code {first.Run.ExitCode})\n{first.Run.Tail(25)}"], first.Run.Wall);
        }

        var (wall, tests) = (first.Run.Wall, TestsOf(first.Trx));
        var failed = tests.Where(t => t.HasFailed).ToList();
        List<TestOutcome> held = [];
        if (again is not null && failed.Count is > 0 and <= MostRunAgain)
        {
            var second = await again(string.Join('|', failed.Select(t => $"FullyQualifiedName={t.Method}").Distinct(StringComparer.Ordinal))).ConfigureAwait(false);
            wall += second.Run.Wall;
            var now = File.Exists(second.Trx) ? TestsOf(second.Trx) : [];
            held = [.. failed.Where(t => now.Exists(n => n.Name == t.Name) && now.TrueForAll(n => n.Name != t.Name || n.Outcome is "Passed"))];
        }

        foreach (var test in tests)
        {
            _tests.Enqueue(held.Contains(test) ? test with { Outcome = "Passed" } : test);
        }

        var skipped = tests.Count(t => t.Outcome is "NotExecuted");
        List<string> problems = [.. failed.Select(t => $"{t.Name}{(held.Contains(t) ? " (passed when it was run again)" : "")}\n  {t.Message}")];
        var failures = failed.Count - held.Count;
        if (!first.Run.Succeeded && failed.Count == 0)
        {
            failures = 1;
            problems.Add($"the test run ended with exit code {first.Run.ExitCode} although no test failed\n{first.Run.Tail(25)}");
        }

        return new GateResult(name, tests.Count - failed.Count + held.Count - skipped, failures, skipped, problems, wall);
    }

    private static List<TestOutcome> TestsOf(string trx) => [.. XDocument.Load(trx).Descendants(Trx + "UnitTestResult").Select(ReadTest)];

    private static TestOutcome ReadTest(XElement result)
    {
        var info = result.Descendants(Trx + "ErrorInfo").FirstOrDefault();
        var message = string.Join('\n', new[] { info?.Element(Trx + "Message")?.Value, info?.Element(Trx + "StackTrace")?.Value }
            .Where(t => !string.IsNullOrWhiteSpace(t))
            .SelectMany(t => t!.Split('\n').Take(12))
            .Select(l => l.TrimEnd().Length > 400 ? string.Create(CultureInfo.InvariantCulture, $"{l.AsSpan(0, 400)}...") : l.TrimEnd()));
        return new TestOutcome((string?)result.Attribute("testName") ?? "?", (string?)result.Attribute("outcome") ?? "?", message);
    }
}
