using SecFlow.Execution.Sandboxing;
using SecFlow.Execution.Tests.Sandboxing;

namespace SecFlow.Execution.Tests;

/// <summary>Started by <see cref="UnprivilegedTests"/> as another user: probes and runs a few payloads there, and prints what came of it.</summary>
internal static class Program
{
    public static async Task<int> Main()
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
