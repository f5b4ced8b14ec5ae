using SecFlow.Execution.Plugins;
using SecFlow.Execution.Sandboxing;

namespace SecFlow.Cli.Plugins;

/// <summary>What the development commands work with: this machine's sandbox and unsigned sessions in it.</summary>
internal sealed class DevelopmentBench(Sandbox sandbox)
{
    public Sandbox Sandbox => sandbox;

    public DevelopmentSession Session { get; } = new(new HostProcess(sandbox, PluginHostProgram.DefaultPath, TimeProvider.System));

    public static async Task<DevelopmentBench> OpenAsync(CancellationToken ct) => new(await Sandbox.ProbeAsync(ct));
}
