using System.Diagnostics;

namespace SecFlow.Plugins.Tests.WebBaseline;

public sealed class BuildTests
{
    [FactWith("plugins-js/node_modules/.bin/tsc", "node")]
    public async Task CommittedScript_EqualsItsBuild()
    {
        using var check = Process.Start(new ProcessStartInfo(Path.Combine(Repository.Root, "plugins-js", "build"), "--check") { UseShellExecute = false, RedirectStandardError = true, RedirectStandardOutput = true })!;
        var words = await check.StandardOutput.ReadToEndAsync() + await check.StandardError.ReadToEndAsync();
        await check.WaitForExitAsync();
        check.ExitCode.ShouldBe(0, words);
    }

    [Fact]
    public async Task LockFile_NamesNoRegistry() =>
        (await File.ReadAllTextAsync(Path.Combine(Repository.Root, "plugins-js", "package-lock.json"))).ShouldNotContain("://");
}
