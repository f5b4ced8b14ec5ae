using SecFlow.Execution.Plugins;
using SecFlow.Execution.Sandboxing;
using SecFlow.Execution.Tools;

namespace SecFlow.Cli.Plugins;

/// <summary>What the development commands work with: this machine's sandbox and unsigned sessions in it.</summary>
internal sealed class DevelopmentBench
{
    private DevelopmentBench(Sandbox sandbox)
    {
        var runner = new ToolRunner(sandbox, TimeProvider.System);
        Sandbox = sandbox;
        Session = new DevelopmentSession(new HostProcess(sandbox, PluginHostProgram.DefaultPath, TimeProvider.System), new ToolCatalogue(runner, null), runner);
    }

    public Sandbox Sandbox { get; }

    public DevelopmentSession Session { get; }

    public static async Task<DevelopmentBench> OpenAsync(CancellationToken ct) => new(await Sandbox.ProbeAsync(ct));
}
