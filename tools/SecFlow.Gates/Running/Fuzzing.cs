using SecFlow.Gates.Reporting;

namespace SecFlow.Gates.Running;

/// <summary>Fuzzes as much as is promised; a whole run does a tenth of it with all other tests.</summary>
internal static class Fuzzing
{
    public const string Name = "fuzz";
    public const string Project = "SecFlow.Sigstore.Tests";
    private const string Mutants = "20000";

    public static async Task<GateResult> RunAsync(Repository repository)
    {
        var report = Path.Combine(Directory.CreateTempSubdirectory("secflow-fuzz-").FullName, "report.txt");
        try
        {
            var environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["SECFLOW_FUZZ_MUTANTS"] = Mutants, ["SECFLOW_FUZZ_REPORT"] = report };
            var result = await new TestRun(repository, environment).RunAsync(Project, filter: "Category=Fuzz", name: Name, once: true).ConfigureAwait(false);
            return File.Exists(report) ? result with { Note = await File.ReadAllTextAsync(report).ConfigureAwait(false) } : result;
        }
        finally
        {
            Directory.Delete(Path.GetDirectoryName(report)!, recursive: true);
        }
    }
}
