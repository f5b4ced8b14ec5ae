using System.Diagnostics;
using System.Text.RegularExpressions;
using SecFlow.Gates.Reporting;
using SecFlow.Gates.Running;

namespace SecFlow.Gates.Checks;

/// <summary>The whole solution builds with nullable, analyzers and warnings as errors; TypeScript compiles and the committed index.js is what it compiles to.</summary>
internal static partial class TypesGate
{
    public const string Name = "types";
    public const string PluginsName = "types (plugins)";

    /// <summary>Builds the solution, or one project of it.</summary>
    public static async Task<GateResult> BuildAsync(Repository repository, string project = "SecFlow.sln")
    {
        var watch = Stopwatch.StartNew();
        var build = await Shell.RunAsync(repository.Root, TimeSpan.FromMinutes(15), "dotnet", ["build", repository.At(project), "--nologo", "-v", "q", "-p:ContinuousIntegrationBuild=false"]).ConfigureAwait(false);
        List<string> problems = [];
        if (!build.Succeeded)
        {
            problems.AddRange(Error().Matches(build.Output).Select(m => m.Value.Trim().Replace(repository.Root + "/", "", StringComparison.Ordinal)).Distinct(StringComparer.Ordinal));
            if (problems.Count == 0)
            {
                problems.Add($"the build ended with exit code {build.ExitCode}\n{build.Tail(20)}");
            }
        }

        return GateResult.Check(Name, problems, watch.Elapsed, $"{project} with warnings as errors");
    }

    /// <summary>Compiles the plugins in a temporary folder and compares; skipped with its reason where node or the compiler is not there.</summary>
    public static async Task<GateResult> PluginsAsync(Repository repository)
    {
        var folder = repository.At("plugins-js");
        if (!File.Exists(Path.Combine(folder, "package.json")))
        {
            return GateResult.Skip(PluginsName, "plugins-js has no package.json");
        }

        var watch = Stopwatch.StartNew();
        if ((await Shell.RunAsync(folder, TimeSpan.FromSeconds(20), "node", ["--version"]).ConfigureAwait(false)).ExitCode == Shell.NotFound)
        {
            return Missing("node is not installed: the committed index.js files are used as they are");
        }

        if (!Directory.Exists(Path.Combine(folder, "node_modules", "typescript")))
        {
            var install = await Shell.RunAsync(folder, TimeSpan.FromMinutes(5), "npm", ["ci", "--no-audit", "--no-fund"]).ConfigureAwait(false);
            if (!install.Succeeded)
            {
                return Missing($"npm could not install the TypeScript compiler: {install.Tail(3)}");
            }
        }

        var check = await Shell.RunAsync(folder, TimeSpan.FromMinutes(3), "npm", ["run", "--silent", "check"]).ConfigureAwait(false);
        return GateResult.Check(PluginsName, check.Succeeded ? [] : [check.Tail(40)], watch.Elapsed, "tsc, committed index.js equals its source");
    }

    // On a build server nothing is skipped silently.
    private static GateResult Missing(string reason) =>
        Environment.GetEnvironmentVariable("CI") is "true" ? GateResult.Check(PluginsName, [reason], TimeSpan.Zero) : GateResult.Skip(PluginsName, reason);

    [GeneratedRegex(@"^.*(error|warning) [A-Za-z]+\d+: .*$", RegexOptions.CultureInvariant | RegexOptions.Multiline, 5000)]
    private static partial Regex Error();
}
