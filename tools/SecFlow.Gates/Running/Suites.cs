using System.Collections.Concurrent;
using System.Diagnostics;
using SecFlow.Gates.Checks;
using SecFlow.Gates.Reporting;

namespace SecFlow.Gates.Running;

/// <summary>
/// What `./test` runs, in order:
/// 1. types first: nothing else means anything when the build is red.
/// 2. Tests run once; coverage reads what they left behind. Two test projects run at a time: much of a test is waiting, for a limit, a browser, a restart.
///    Of the end-to-end tests those of confinement run alone: they hold attacks to their seconds, and look at what is left on the machine.
/// 3. A suite that cannot run because the build is red is not counted as passed.
/// </summary>
internal sealed class Suites(Repository repository)
{
    private const string RulesProject = "SecFlow.Architecture.Tests";
    private const string EndToEndProject = "SecFlow.EndToEnd.Tests";
    private static readonly string[] Checks = [LintGate.Name, TypesGate.Name, "imports", "unit", CoverageGate.Name, "contracts", DocsGate.Name, "e2e", Unprivileged.Name, Fuzzing.Name, Soaking.Name];
    private readonly List<GateResult> _results = [];

    public static bool IsKnown(Repository repository, string only) => Checks.Contains(only, StringComparer.Ordinal) || ProjectFor(repository, only) is not null;

    /// <summary>Names that `--only` takes.</summary>
    public static string Known(Repository repository) => string.Join(", ", [.. Checks, .. UnitProjects(repository).Select(p => p["SecFlow.".Length..^".Tests".Length])]);

    /// <summary>Runs everything, or one check, or the tests of one project (`Data`, `Execution`, ...).</summary>
    public async Task<IReadOnlyList<GateResult>> RunAsync(string? only)
    {
        if (only is LintGate.Name)
        {
            return Add(await LintGate.RunAsync(repository).ConfigureAwait(false));
        }

        if (only is DocsGate.Name)
        {
            return Add(DocsGate.Run(repository));
        }

        var project = only is null ? null : ProjectFor(repository, only);
        var target = only is "imports" or "contracts" ? Path.Combine("tests", RulesProject) : only is Fuzzing.Name ? Path.Combine("tests", Fuzzing.Project) : only is Soaking.Name ? Path.Combine("tests", Soaking.Project) : project is not null ? Path.Combine("tests", project) : "SecFlow.sln";
        Add(await TypesGate.BuildAsync(repository, target).ConfigureAwait(false));
        if (_results[^1].IsRed || only is TypesGate.Name)
        {
            return only is null or TypesGate.Name ? await WithoutTestsAsync(only).ConfigureAwait(false) : _results;
        }

        if (only is not null)
        {
            _results.Clear();
        }

        await TestsAsync(only, project).ConfigureAwait(false);
        return _results;
    }

    private async Task TestsAsync(string? only, string? project)
    {
        if (only is null)
        {
            Add(await TypesGate.PluginsAsync(repository).ConfigureAwait(false));
            Add(await LintGate.RunAsync(repository).ConfigureAwait(false));
        }

        if (only is Fuzzing.Name)
        {
            Add(await Fuzzing.RunAsync(repository).ConfigureAwait(false));
            return;
        }

        var needsDatabase = only is not ("imports" or "contracts" or Unprivileged.Name);
        await using var postgres = needsDatabase ? await PostgresServer.StartAsync(repository).ConfigureAwait(false) : null;
        if (postgres is not null)
        {
            Console.WriteLine(postgres.Note);
        }

        if (only is Soaking.Name)
        {
            Add(await Soaking.RunAsync(repository, postgres!.Environment).ConfigureAwait(false));
            return;
        }

        var run = new TestRun(repository, postgres?.Environment ?? new Dictionary<string, string>(StringComparer.Ordinal));
        foreach (var gate in new[] { "imports", "contracts" }.Where(g => only is null || only == g))
        {
            Add(await run.RunAsync(RulesProject, filter: $"Gate={gate}", name: gate).ConfigureAwait(false));
        }

        var collect = only is null or CoverageGate.Name;
        var jobs = (project is not null ? [project] : collect || only is "unit" ? UnitProjects(repository) : [])
            .Select(unit => (Func<Task<GateResult>>)(() => run.RunAsync(unit, coverage: collect))).ToList();
        if (collect || only is "e2e")
        {
            // the longest first
            jobs.Insert(0, () => run.RunAsync(EndToEndProject, "Category!=Confinement", collect));
        }

        await TwoAtATimeAsync(jobs).ConfigureAwait(false);
        if (collect || only is "e2e")
        {
            Add(await run.RunAsync(EndToEndProject, Unprivileged.Filter, collect, name: "EndToEnd confinement").ConfigureAwait(false));
        }

        if (only is null or Unprivileged.Name)
        {
            await ConfinementAsync(only, run).ConfigureAwait(false);
        }

        if (only is null or CoverageGate.Name)
        {
            Add(CoverageGate.Run(repository));
        }

        if (only is null)
        {
            Status.Refresh(repository, _results, run.Tests);
            Add(DocsGate.Run(repository));
        }
    }

    private async Task TwoAtATimeAsync(List<Func<Task<GateResult>>> jobs)
    {
        var waiting = new ConcurrentQueue<Func<Task<GateResult>>>(jobs);
        async Task WorkAsync()
        {
            while (waiting.TryDequeue(out var job))
            {
                var result = await job().ConfigureAwait(false);
                lock (_results)
                {
                    Add(result);
                }
            }
        }

        await Task.WhenAll(WorkAsync(), WorkAsync()).ConfigureAwait(false);
    }

    /// <summary>A whole run has had these tests once, with all others.</summary>
    private async Task ConfinementAsync(string? only, TestRun run)
    {
        foreach (var project in only is null ? [] : Unprivileged.Projects)
        {
            Add(await run.RunAsync(project, Unprivileged.Filter).ConfigureAwait(false));
        }

        foreach (var result in await Unprivileged.RunAsync(repository, run).ConfigureAwait(false))
        {
            Add(result);
        }
    }

    /// <summary>The checks that need no build, so that a red build does not hide them.</summary>
    private async Task<IReadOnlyList<GateResult>> WithoutTestsAsync(string? only)
    {
        Add(await TypesGate.PluginsAsync(repository).ConfigureAwait(false));
        if (only is null)
        {
            Add(await LintGate.RunAsync(repository).ConfigureAwait(false));
            Add(DocsGate.Run(repository));
        }

        return _results;
    }

    private List<GateResult> Add(GateResult result)
    {
        Report.Print(result);
        _results.Add(result);
        return _results;
    }

    private static IReadOnlyList<string> UnitProjects(Repository repository) =>
        [.. repository.TestProjects().Where(p => p is not (RulesProject or EndToEndProject))];

    private static string? ProjectFor(Repository repository, string name) =>
        UnitProjects(repository).FirstOrDefault(p => p == name || p == $"SecFlow.{name}.Tests");
}
