using System.Diagnostics;

namespace SecFlow.EndToEnd.Tests.Stage;

/// <summary>The published command line, copied to a folder outside of the repository: what somebody gets who has no checkout.</summary>
public sealed class PackagedCommandLine : IAsyncLifetime
{
    public string Folder { get; } = Directory.CreateTempSubdirectory("secflow-packaged-").FullName;

    public async Task InitializeAsync()
    {
        using var publish = Process.Start(new ProcessStartInfo(Path.Combine(Repository.Root, "tools", "publish.sh"), ["cli", "src/SecFlow.Cli"]) { UseShellExecute = false, RedirectStandardError = true })!;
        var words = await publish.StandardError.ReadToEndAsync();
        await publish.WaitForExitAsync();
        publish.ExitCode.ShouldBe(0, words);
        using var copy = Process.Start("cp", ["-rT", Path.Combine(Repository.Root, "artifacts", "cli"), Folder]);
        await copy.WaitForExitAsync();
        copy.ExitCode.ShouldBe(0);
        File.SetUnixFileMode(Folder, (UnixFileMode)Convert.ToInt32("755", 8));
    }

    public Task DisposeAsync()
    {
        Directory.Delete(Folder, recursive: true);
        return Task.CompletedTask;
    }
}
