using SecFlow.Gates.Reporting;

namespace SecFlow.Gates.Running;

/// <summary>Kills engines as often as is promised, and troubles them for as long; a whole run does a little of both with all other tests.</summary>
internal static class Soaking
{
    public const string Name = "soak";
    public const string Project = "SecFlow.Execution.Tests";
    private const string Kills = "100";

    /// <summary>Both databases one after the other, each bounded by the test itself.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(50);

    public static async Task<GateResult> RunAsync(Repository repository, IReadOnlyDictionary<string, string> database)
    {
        var report = Path.Combine(Directory.CreateTempSubdirectory("secflow-soak-").FullName, "report.txt");
        try
        {
            var environment = new Dictionary<string, string>(database, StringComparer.Ordinal) { ["SECFLOW_SOAK_KILLS"] = Kills, ["SECFLOW_SOAK_REPORT"] = report };
            var result = await new TestRun(repository, environment).RunAsync(Project, filter: "Category=Soak", name: Name, limit: Limit, once: true).ConfigureAwait(false);
            return File.Exists(report) ? result with { Note = await File.ReadAllTextAsync(report).ConfigureAwait(false) } : result;
        }
        finally
        {
            Directory.Delete(Path.GetDirectoryName(report)!, recursive: true);
        }
    }
}
