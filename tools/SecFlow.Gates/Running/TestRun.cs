using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Xml.Linq;
using SecFlow.Gates.Reporting;

namespace SecFlow.Gates.Running;

/// <summary>One test by name, as the runner reported it.</summary>
internal sealed record TestOutcome(string Name, string Outcome, string Message);

/// <summary>Runs one test project and reads its TRX.</summary>
internal sealed class TestRun(Repository repository, IReadOnlyDictionary<string, string> environment)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(15);
    private static readonly XNamespace Trx = "http://microsoft.com/schemas/VisualStudio/TeamTest/2010";
    private readonly ConcurrentQueue<TestOutcome> _tests = new();

    /// <summary>Every test that ran so far, over all projects.</summary>
    public IReadOnlyList<TestOutcome> Tests => [.. _tests];

    /// <summary>Where a project's results and coverage are.</summary>
    public string ResultsFolder(string project) => repository.At("TestResults", project);

    public async Task<GateResult> RunAsync(string project, string? filter = null, bool coverage = false, bool build = false, string? name = null, TimeSpan? limit = null)
    {
        var results = ResultsFolder(name ?? project);
        if (Directory.Exists(results))
        {
            Directory.Delete(results, recursive: true);
        }

        List<string> arguments = ["test", repository.At("tests", project), "--nologo", "--results-directory", results, "--logger", "trx;LogFileName=results.trx", "-p:ContinuousIntegrationBuild=false"];
        if (!build)
        {
            arguments.Add("--no-build");
        }

        if (filter is not null)
        {
            arguments.AddRange(["--filter", filter]);
        }

        if (coverage)
        {
            arguments.AddRange(["--collect", "XPlat Code Coverage", "--settings", repository.At("tests", "coverage.runsettings")]);
        }

        var watch = Stopwatch.StartNew();
        var run = await Shell.RunAsync(repository.Root, limit ?? Limit, "dotnet", arguments, environment).ConfigureAwait(false);
        return Read(name ?? project, Path.Combine(results, "results.trx"), run, watch.Elapsed);
    }

    /// <summary>The result of a test run from the TRX that it wrote.</summary>
    public GateResult Read(string name, string path, ShellResult run, TimeSpan wall)
    {
        if (!File.Exists(path))
        {
            return run.Succeeded
                ? GateResult.Skip(name, "no test in this project")
                : new GateResult(name, 0, 1, 0, [$"the test run wrote no result (exit code {run.ExitCode})\n{run.Tail(25)}"], wall);
        }

        var tests = XDocument.Load(path).Descendants(Trx + "UnitTestResult").Select(ReadTest).ToList();
        tests.ForEach(_tests.Enqueue);
        var failed = tests.Where(t => t.Outcome is "Failed" or "Timeout" or "Error" or "Aborted").ToList();
        var skipped = tests.Count(t => t.Outcome is "NotExecuted");
        List<string> problems = [.. failed.Select(t => $"{t.Name}\n  {t.Message}")];
        var failures = failed.Count;
        if (!run.Succeeded && failures == 0)
        {
            failures = 1;
            problems.Add($"the test run ended with exit code {run.ExitCode} although no test failed\n{run.Tail(25)}");
        }

        return new GateResult(name, tests.Count - failed.Count - skipped, failures, skipped, problems, wall);
    }

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
