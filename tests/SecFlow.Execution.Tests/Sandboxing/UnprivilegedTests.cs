using System.Diagnostics;
using System.Runtime.InteropServices;
using SecFlow.Execution.Sandboxing;
using Xunit.Abstractions;

namespace SecFlow.Execution.Tests.Sandboxing;

/// <summary>The sandbox as a user without rights, which is how the portal should run.</summary>
public sealed class UnprivilegedTests(ITestOutputHelper log)
{
    [Fact]
    public async Task Sandbox_AsAnotherUser_HoldsAsWell()
    {
        if (!LinuxCalls.IsRoot)
        {
            log.WriteLine("Not needed: every test of this run is without rights already.");
            return;
        }

        var folder = Sandbox.Readable(AppContext.BaseDirectory.TrimEnd('/'));
        var dotnet = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", "dotnet"));
        using var process = Process.Start(new ProcessStartInfo("setpriv")
        {
            ArgumentList = { "--reuid", "65534", "--regid", "65534", "--clear-groups", "--inh-caps=-all", "--", dotnet, Path.Combine(folder, "SecFlow.Execution.Tests.dll") },
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
            Environment = { ["HOME"] = "/tmp", ["DOTNET_EnableDiagnostics"] = "0" },
        })!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();

        var said = output + await errors;
        said.ShouldContain("level L2");
        foreach (var layer in new[] { "bubblewrap", "files", "network", "processes", "environment", "privileges", "system calls", "limits" })
        {
            said.ShouldContain($"layer {layer} True");
        }

        said.ShouldContain("inside 65534 denied");
        said.ShouldContain("bomb Exited \n");
        said.ShouldContain("nothing left");
        process.ExitCode.ShouldBe(0);
    }
}
