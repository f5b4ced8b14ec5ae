namespace SecFlow.Execution.Sandboxing;

/// <summary>
/// The only door to starting any process. One dedicated thread that never ends starts them all (they die with the thread that created them).
/// </summary>
public sealed class SandboxedProcess : IAsyncDisposable
{
    private SandboxedProcess()
    {
    }

    public Stream StandardInput => throw new NotSupportedException();

    public Stream StandardOutput => throw new NotSupportedException();

    /// <summary>Completes when the whole tree is gone and reaped.</summary>
    public Task<SandboxExit> Exit => throw new NotSupportedException();

    /// <summary>Kills the whole tree; <see cref="Exit"/> then completes with <see cref="SandboxEnd.Killed"/>.</summary>
    public void Kill() => throw new NotSupportedException();

    /// <summary>Starts it at the strongest level of this machine. Throws SF4030 when nothing confines.</summary>
    public static Task<SandboxedProcess> StartAsync(Sandbox sandbox, SandboxSpec spec, CancellationToken ct) => throw new NotSupportedException();

    public ValueTask DisposeAsync() => throw new NotSupportedException();
}

/// <summary>This machine's sandbox: probed once at start by attempting to escape.</summary>
public sealed class Sandbox
{
    public SandboxReport Report => throw new NotSupportedException();

    /// <summary>Probes the machine.</summary>
    public static Task<Sandbox> ProbeAsync(CancellationToken ct) => throw new NotSupportedException();
}
