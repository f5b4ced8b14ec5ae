using System.Diagnostics;
using System.Text.RegularExpressions;
using SecFlow.EndToEnd.Tests.Stage;

namespace SecFlow.EndToEnd.Tests.Plugins;

/// <summary>
/// Does literally what docs/your-first-plugin.md says, in an empty folder outside of the repository, with the packaged command line only.
/// The page is the source: its <c>sh</c> blocks are run one by one in one folder, and each line of the <c>text</c> block below must be in the output.
/// </summary>
public sealed partial class NewcomerTests(PackagedCommandLine package) : IClassFixture<PackagedCommandLine>, IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("secflow-newcomer-").FullName;
    private readonly List<int> _groups = [];

    [FactWithCompiler]
    public Task Page_InTypeScript_FollowedLiterally_EndsInAFinding() => FollowAsync("typescript");

    [Fact]
    public Task Page_WithoutNode_FollowedLiterally_EndsInAFinding() => FollowAsync("javascript");

    private async Task FollowAsync(string language)
    {
        var ran = 0;
        foreach (var block in Blocks(await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "your-first-plugin.md"))).Where(b => b.Language is null || b.Language == language))
        {
            var (code, output) = await RunAsync(block.Commands);

            code.ShouldBe(block.Exit, $"{block.Commands}\n{output}");
            foreach (var line in block.Expected)
            {
                output.ShouldContain(line, Case.Sensitive, block.Commands);
            }

            ran++;
        }

        ran.ShouldBeGreaterThan(10);
        Directory.GetFiles(_folder, "*.pem").Select(File.GetUnixFileMode).ShouldAllBe(m => m == (UnixFileMode.UserRead | UnixFileMode.UserWrite));
    }

    public void Dispose()
    {
        foreach (var group in _groups)
        {
            // what the page left in the background: the web site
            using var kill = Process.Start("bash", ["-c", $"kill -TERM -- -{group} 2>/dev/null || true"]);
            kill.WaitForExit();
        }

        Directory.Delete(_folder, recursive: true);
    }

    private async Task<(int Code, string Output)> RunAsync(string commands)
    {
        var log = Path.Combine(_folder, ".output");
        var start = new ProcessStartInfo("setsid") { WorkingDirectory = _folder, UseShellExecute = false };
        foreach (var argument in new[] { "--wait", "bash", "-c", $"exec > '{log}' 2>&1; echo $$ > '{log}.group'; set -euo pipefail\n{commands}" })
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment.Clear();
        start.Environment["PATH"] = package.Folder + ":" + string.Join(':', (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Where(p => !p.StartsWith(Repository.Root, StringComparison.Ordinal)));
        start.Environment["HOME"] = _folder;
        start.Environment["SECFLOW_TSC"] = FactWithCompilerAttribute.Compiler;
        foreach (var name in new[] { "DOTNET_ROOT", "SECFLOW_SANDBOX", "PYENV_ROOT" }.Where(n => Environment.GetEnvironmentVariable(n) is not null))
        {
            start.Environment[name] = Environment.GetEnvironmentVariable(name);
        }

        using var process = Process.Start(start)!;
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(4));
        await process.WaitForExitAsync(patience.Token);
        if (int.TryParse(await File.ReadAllTextAsync(log + ".group", CancellationToken.None), out var group))
        {
            _groups.Add(group);
        }

        return (process.ExitCode, await File.ReadAllTextAsync(log, CancellationToken.None));
    }

    private static IEnumerable<Block> Blocks(string page)
    {
        Block? last = null;
        foreach (Match fence in Fence().Matches(page))
        {
            var body = fence.Groups["body"].Value;
            if (fence.Groups["kind"].Value == "text")
            {
                last!.Expected.AddRange(body.Split('\n', StringSplitOptions.RemoveEmptyEntries));
                continue;
            }

            if (last is not null)
            {
                yield return last;
            }

            var words = fence.Groups["words"].Value.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            last = new Block(body, words.FirstOrDefault(w => w is "typescript" or "javascript"), words.FirstOrDefault(w => w.StartsWith("exit=", StringComparison.Ordinal)) is { } exit ? int.Parse(exit[5..]) : 0);
        }

        yield return last!;
    }

    /// <param name="Commands">What is run.</param>
    /// <param name="Language">For whom; null = for everyone.</param>
    /// <param name="Exit">Exit code that the page speaks of.</param>
    private sealed record Block(string Commands, string? Language, int Exit)
    {
        public List<string> Expected { get; } = [];
    }

    [GeneratedRegex(@"^```(?<kind>sh|text)(?<words>[^\n]*)\n(?<body>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline | RegexOptions.ExplicitCapture, 2000)]
    private static partial Regex Fence();
}

/// <summary>A fact that needs Node and the compiler that plugins-js/build restores; where they are missing it is skipped and says why.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class FactWithCompilerAttribute : FactAttribute
{
    public FactWithCompilerAttribute()
    {
        if (!Directory.Exists(Compiler))
        {
            Skip = "plugins-js/node_modules/typescript is not there; plugins-js/build restores it.";
        }
        else if (!(Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, "node"))))
        {
            Skip = "node is not on PATH.";
        }
    }

    public static string Compiler { get; } = Path.Combine(Repository.Root, "plugins-js", "node_modules", "typescript");
}
