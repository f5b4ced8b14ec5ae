using SecFlow.PluginHost.Conversation;
using SecFlow.PluginHost.Scripting;
using SecFlow.PluginProtocol;

namespace SecFlow.PluginHost;

/// <summary>
/// The plugin host: confines itself, says <c>ready</c>, then works on one start after another.
/// 1. Nothing of the engine's input is read before the confinement holds.
/// 2. Every start gets a fresh interpreter and ends with exactly one <c>done</c>, or the process ends.
/// 3. Script runs on one thread with a known stack; a second thread reads, a third watches the time.
/// </summary>
public static class Host
{
    /// <summary>Stack of the script thread: half is for script calls, half for what the interpreter does below the last one.</summary>
    internal const int StackBytes = 16 * 1024 * 1024;

    /// <summary>A host that was started for a work gets it at once and compiles only what that needs; one that waits in the pool uses the time.</summary>
    private static readonly TimeSpan WarmUpAfter = TimeSpan.FromMilliseconds(30);

    /// <summary>A host that will not be used again is ended sooner than that.</summary>
    private static readonly TimeSpan PrepareAfter = TimeSpan.FromMilliseconds(2);

    /// <summary>Runs until the engine closes its side; returns the exit code of the process (<see cref="HostExitCodes"/>).</summary>
    public static int Run(Stream input, Stream output, HostOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var applied = options.Confine();
        var missing = options.Required.Where(layer => !applied.Contains(layer, StringComparer.Ordinal)).ToList();
        if (missing.Count > 0)
        {
            Console.Error.WriteLine($"The plugin host could not confine itself: {string.Join(", ", missing)} not applied. No plugin is read.");
            return HostExitCodes.NotConfined;
        }

        var code = HostExitCodes.Normal;
        // Threads created here inherit the confinement of this one.
        var thread = new Thread(() => code = Work(input, output, applied, options), StackBytes) { Name = "script" };
        thread.Start();
        thread.Join();
        return code;
    }

    private static int Work(Stream input, Stream output, IReadOnlyList<string> applied, HostOptions options)
    {
        var link = new EngineLink(input, output, options.Exit);
        var prepared = new PreparedRealm();
        try
        {
            link.Send(new ReadyMessage(Frames.Version, applied));
            link.StartReading();
            if (options.WarmUp && !link.HasStartWithin(WarmUpAfter))
            {
                ScriptSession.WarmUp(options);
                prepared.Prepare();
            }

            while (link.NextStart() is { } start)
            {
                var done = new ScriptSession(link, start, prepared, options).Run();
                link.Finish(done);
                if (string.Equals(done.Limit, ScriptLimits.Memory, StringComparison.Ordinal))
                {
                    // The heap is as full as it may be: this process is of no use for a second start.
                    return HostExitCodes.OutOfMemory;
                }

                if (!link.HasStartWithin(PrepareAfter))
                {
                    prepared.Prepare();
                }
            }

            return link.Broken ? HostExitCodes.Protocol : HostExitCodes.Normal;
        }
        catch (EngineGoneException)
        {
            return link.Broken ? HostExitCodes.Protocol : HostExitCodes.Normal;
        }
        catch (OutOfMemoryException)
        {
            return HostExitCodes.OutOfMemory;
        }
        catch (Exception e)
        {
            Console.Error.WriteLine($"The plugin host failed: {e.GetType().Name}: {e.Message}");
            return HostExitCodes.Unexpected;
        }
    }
}
