using System.Diagnostics;
using SecFlow.Gates.Checks;
using SecFlow.Gates.Reporting;
using SecFlow.Gates.Running;

namespace SecFlow.Gates.Proof;

/// <summary>
/// Shows that each check can turn red.
/// 1. Everything happens in a copy in a temporary folder, which is removed at the end; the working tree is never touched.
/// 2. The copy builds first: a check that is red because of the build proves nothing.
/// 3. A check counts as proven when it is red and its answer names what was planted.
/// </summary>
internal sealed class ProveGates(Repository repository)
{
    public async Task<IReadOnlyList<GateResult>> RunAsync(string? only)
    {
        var violations = Violation.All.Where(v => only is null || v.Gate == only).ToList();
        if (violations.Count == 0)
        {
            return [GateResult.Check($"prove {only}", [$"there is no planted violation for `{only}`"], TimeSpan.Zero)];
        }

        var folder = Directory.CreateTempSubdirectory("secflow-gates-");
        try
        {
            var copy = Copy(folder.FullName);
            List<GateResult> results = [];
            if (violations.Exists(v => v.Gate is not ("lint" or "docs-health")))
            {
                var build = await TypesGate.BuildAsync(copy).ConfigureAwait(false);
                Report.Print(build with { Name = "the copy builds" });
                if (build.IsRed)
                {
                    return [build];
                }
            }

            foreach (var violation in violations)
            {
                results.Add(await ProveAsync(copy, violation).ConfigureAwait(false));
                Report.Print(results[^1]);
            }

            return results;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private Repository Copy(string folder)
    {
        foreach (var file in repository.Files())
        {
            var target = Path.Combine(folder, file);
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(repository.At(file), target);
        }

        return new Repository(folder);
    }

    private static async Task<GateResult> ProveAsync(Repository copy, Violation violation)
    {
        var watch = Stopwatch.StartNew();
        var name = $"prove {violation.Gate}: {violation.Name}";
        var file = copy.At(violation.File);
        var before = File.Exists(file) ? await File.ReadAllTextAsync(file).ConfigureAwait(false) : null;
        if ((violation.Change is null) != (before is null) || (violation.Change is { } change && !before!.Contains(change, StringComparison.Ordinal)))
        {
            return GateResult.Check(name, [$"{violation.File} is not what the planted violation expects; mend tools/SecFlow.Gates/Proof/Violation.cs"], watch.Elapsed);
        }

        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        try
        {
            await File.WriteAllTextAsync(file, violation.Change is null ? violation.Text : before!.Replace(violation.Change, violation.Text, StringComparison.Ordinal)).ConfigureAwait(false);
            var answer = await CheckAsync(copy, violation).ConfigureAwait(false);
            var named = answer.Problems.Any(p => p.Contains(violation.Expected, StringComparison.Ordinal));
            var (must, not) = violation.IsHarmless ? ("green", "red") : ("red", "green");
            List<string> problems = answer.IsRed == violation.IsHarmless ? [$"the check is {not}:", .. answer.Problems.Take(5)] : named ? [] : [$"{must}, but without a word of `{violation.Expected}`:", .. answer.Problems.Take(5)];
            return GateResult.Check(name, problems, watch.Elapsed, $"{must}, as it must be");
        }
        finally
        {
            if (before is null)
            {
                File.Delete(file);
            }
            else
            {
                await File.WriteAllTextAsync(file, before).ConfigureAwait(false);
            }
        }
    }

    private static async Task<GateResult> CheckAsync(Repository copy, Violation violation)
    {
        var run = new TestRun(copy, new Dictionary<string, string>(StringComparer.Ordinal));
        switch (violation.Gate)
        {
            case "lint" when !violation.NeedsFormat:
                return GateResult.Check("lint", LintGate.Rules(copy), TimeSpan.Zero);
            case "lint":
                return await LintGate.RunAsync(copy).ConfigureAwait(false);
            case "types":
                return await TypesGate.BuildAsync(copy, Path.Combine("src", "SecFlow.Sigstore")).ConfigureAwait(false);
            case "docs-health":
                return DocsGate.Run(copy);
            case "imports" or "contracts":
                return await run.RunAsync("SecFlow.Architecture.Tests", $"Gate={violation.Gate}", build: true).ConfigureAwait(false);
            case "unit":
                return await run.RunAsync($"SecFlow.{violation.Only}.Tests", build: true).ConfigureAwait(false);
            default:
                await run.RunAsync($"SecFlow.{violation.Only}.Tests", coverage: true, build: true).ConfigureAwait(false);
                return CoverageGate.Run(copy, [$"SecFlow.{violation.Only}"]);
        }
    }
}
