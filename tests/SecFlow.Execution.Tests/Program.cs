using System.Runtime.CompilerServices;
using SecFlow.Execution.Sandboxing;
using SecFlow.Execution.Tests.Sandboxing;

namespace SecFlow.Execution.Tests;

/// <summary>
/// Started by <see cref="UnprivilegedTests"/> as another user: probes and runs a few payloads there, and prints what came of it.
/// Started by <see cref="Runs.Crashes.CrashHost"/>: an engine that kills itself at a named point.
/// Started by <see cref="Runs.ProcessCareTests"/>: an engine of its own, which counts what it leaves or is killed.
/// Started in the sandbox by <see cref="Plugins.ProtocolBreachTests"/>: a plugin host that does not keep to the protocol.
/// </summary>
internal static class Program
{
    // In the sandbox there are only the runtime and the protocol: nothing else may be named before this decision.
    public static Task<int> Main(string[] args) =>
        Environment.GetEnvironmentVariable("SECFLOW_REQUIRE_CONFINEMENT") is not null ? Task.FromResult(Plugins.LawlessHost.Run())
        : args is ["crash", ..] ? CrashAsync(args)
        : Environment.GetEnvironmentVariable("SECFLOW_TEST_ENGINE") is { } work ? EngineAsync(work)
        : ProbeAsync();

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Task<int> CrashAsync(string[] args) => Runs.Crashes.CrashHost.MainAsync(args);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Task<int> EngineAsync(string work) => Runs.EngineProcess.RunAsync(work);

    private static async Task<int> ProbeAsync()
    {
        var sandbox = await Sandbox.ProbeAsync(null, PluginHostProgram.DefaultPath, CancellationToken.None);
        foreach (var layer in sandbox.Report.Layers)
        {
            Console.WriteLine($"layer {layer.Name} {layer.Enforced}: {layer.Reason}");
        }

        Console.WriteLine($"level {sandbox.Report.Level}");
        var (_, identity) = await Payload.RunAsync(Payload.Shell("id -u; (read -r x </etc/passwd) 2>/dev/null || echo denied"));
        Console.WriteLine("inside " + identity.ReplaceLineEndings(" "));
        var (bomb, output) = await Payload.RunAsync(Payload.Shell("i=0; while [ $i -lt 50 ]; do (sleep 5) & i=$((i+1)); done; echo free") with { Processes = 16 });
        Console.WriteLine($"bomb {bomb.End} {output}");
        for (var i = 0; i < 20; i++)
        {
            await Payload.RunAsync(Payload.Shell("true"));
        }

        await LeftOvers.ShouldBeNoneAsync();
        Console.WriteLine("nothing left");
        return 0;
    }
}
