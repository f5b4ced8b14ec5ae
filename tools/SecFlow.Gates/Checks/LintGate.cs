using System.Diagnostics;
using SecFlow.Gates.Reporting;
using SecFlow.Gates.Running;

namespace SecFlow.Gates.Checks;

/// <summary>Formatting and the rules that no compiler knows. Analyzers run in the build (<c>types</c>), as errors.</summary>
internal static class LintGate
{
    public const string Name = "lint";

    public static async Task<GateResult> RunAsync(Repository repository)
    {
        var watch = Stopwatch.StartNew();
        var problems = Rules(repository);

        // Folder mode looks at whitespace only and needs no build: 3 s instead of a minute.
        var format = await Shell.RunAsync(repository.Root, TimeSpan.FromMinutes(3), "dotnet", ["format", "whitespace", repository.Root, "--folder", "--verify-no-changes"]).ConfigureAwait(false);
        if (!format.Succeeded)
        {
            var lines = format.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l.Trim().Replace(repository.Root + "/", "", StringComparison.Ordinal)).Distinct(StringComparer.Ordinal);
            problems.AddRange(lines.Select(l => $"{l} (mend with: dotnet format whitespace . --folder)"));
        }

        return GateResult.Check(Name, problems, watch.Elapsed, "format, file rules, workflow rules");
    }

    /// <summary>The part that starts no program.</summary>
    public static List<string> Rules(Repository repository) => [.. FileRules.Check(repository), .. WorkflowRules.Check(repository)];
}
