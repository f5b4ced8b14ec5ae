using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Sandboxing;
using SecFlow.PluginProtocol;

namespace SecFlow.Execution.Plugins;

/// <summary>Starts plugin hosts: sandbox, then the handshake. What comes back has seen no plugin.</summary>
public sealed class HostProcess(Sandbox sandbox, string hostPath, TimeProvider time)
{
    public SandboxLevel Level => sandbox.Report.Level;

    internal SandboxReport Report => sandbox.Report;

    internal TimeProvider Time => time;

    /// <summary>Throws SF4030 (nothing confines) and SF7003 (it does not start, or speaks another protocol).</summary>
    internal async Task<SandboxedHost> StartAsync(SessionLimits limits, CancellationToken ct)
    {
        if (!File.Exists(hostPath))
        {
            throw new SecFlowException(Codes.HostStartFailed, "The plugin host is not beside the program. Expected it in the folder 'plugin-host'; build or install the program again.");
        }

        var spec = PluginHostProgram.Spec(sandbox, hostPath, limits.HeapBytes, SandboxedHost.ProcessSeconds(limits));
        using var timeout = new CancellationTokenSource(SessionLimits.Start, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, ct);
        SandboxedProcess? process = null;
        try
        {
            process = await SandboxedProcess.StartAsync(sandbox, spec, both.Token);
            var first = await Frames.ReadHostMessageAsync(process.StandardOutput, both.Token);
            if (first is ReadyMessage { Protocol: Frames.Version })
            {
                return new SandboxedHost(process, limits, time.GetTimestamp());
            }

            throw first switch
            {
                null => new SecFlowException(SessionEnds.Of(await process.Exit) switch
                {
                    { Violation: false, Error: { } error } => error,
                    _ => new Diagnostic(Codes.HostStartFailed, "The plugin host ended before it was ready. Run 'secflow doctor'."),
                }),
                ReadyMessage ready => Failed($"it speaks protocol {ready.Protocol}, expected {Frames.Version}"),
                _ => Failed("its first word was not 'ready'"),
            };
        }
        catch (Exception e) when (e is not SecFlowException)
        {
            await EndAsync(process);
            if (e is ProtocolException or IOException)
            {
                throw Failed("it broke the handshake", e);
            }

            if (e is OperationCanceledException && !ct.IsCancellationRequested)
            {
                throw Failed($"it was not ready within {SessionLimits.Start.TotalSeconds:0} s", e);
            }

            throw;
        }
        catch (SecFlowException)
        {
            await EndAsync(process);
            throw;
        }
    }

    private static ValueTask EndAsync(SandboxedProcess? process) => process?.DisposeAsync() ?? ValueTask.CompletedTask;

    private static SecFlowException Failed(string what, Exception? inner = null) =>
        new(Codes.HostStartFailed, $"The plugin host did not start: {what}. Run 'secflow doctor'.", inner);
}
