using System.Diagnostics;
using System.Text.Json.Nodes;

namespace SecFlow.Cli.Tests.Trust;

/// <summary>The public conformance protocol with a process per question: the runner that stands beside the shared cases asks, and counts accepts and rejects apart.</summary>
public sealed class ConformanceTests
{
    private static readonly string? _shared = Find();

    [SkippableWithoutCasesTheory]
    [InlineData("conformance", 20, 48)]
    [InlineData("mock/cases", 14, 46)]
    public async Task Runner_OverTheSharedCases_IsAnsweredAsExpected(string cases, int accepts, int rejects)
    {
        using var folder = new CliFolder();
        var report = folder.At("report.json");
        var start = new ProcessStartInfo("python3")
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            ArgumentList =
            {
                Path.Combine(_shared!, "run_offline.py"), "-q", "--assets", Path.Combine(_shared!, cases), "--default-trusted-root", Path.Combine(_shared!, "production_trusted_root.json"),
                "--json", report, "--", "dotnet", Path.Combine(AppContext.BaseDirectory, "SecFlow.Cli.dll"),
            },
        };
        using var runner = Process.Start(start)!;
        var errors = runner.StandardError.ReadToEndAsync();
        var said = await runner.StandardOutput.ReadToEndAsync();
        await runner.WaitForExitAsync();
        runner.ExitCode.ShouldBe(0, said + await errors);

        var rows = JsonNode.Parse(await File.ReadAllTextAsync(report))!.AsArray();
        rows.ShouldAllBe(r => (string)r!["got"]! != "CRASH");
        rows.Count(r => (string)r!["want"]! == "accept" && (string)r["got"]! == "accept").ShouldBeGreaterThanOrEqualTo(accepts);
        rows.Count(r => (string)r!["want"]! == "reject" && (string)r["got"]! == "reject").ShouldBeGreaterThanOrEqualTo(rejects);
    }

    private static string? Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var candidate = Path.Combine(folder.FullName, "shared", "sigstore");
            if (File.Exists(Path.Combine(candidate, "run_offline.py")))
            {
                return candidate;
            }
        }

        return null;
    }

    /// <summary>Skipped, with the reason, where the shared cases are absent.</summary>
    [AttributeUsage(AttributeTargets.Method)]
    private sealed class SkippableWithoutCasesTheoryAttribute : TheoryAttribute
    {
        public SkippableWithoutCasesTheoryAttribute()
        {
            if (_shared is null)
            {
                Skip = "no folder shared/sigstore beside the clone";
            }
        }
    }
}
