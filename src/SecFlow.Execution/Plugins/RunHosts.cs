namespace SecFlow.Execution.Plugins;

/// <summary>
/// The plugin hosts of one run.
/// 1. One process per package digest; it serves the nodes of this run that use exactly these bytes, one after the other, each with a fresh interpreter.
/// 2. Never shared: a host comes here from the pool, which it cannot go back to, and ends with the run at the latest.
/// 3. Only a host whose work ended in an orderly way waits for the next node, and only while some node of the run will use it; at most <see cref="MostWaiting"/> wait.
/// </summary>
public sealed class RunHosts(HostPool pool) : IAsyncDisposable
{
    /// <summary>Hosts that wait for a later node of the run; the one that has waited longest makes room.</summary>
    public const int MostWaiting = 4;

    private readonly Lock _lock = new();
    private readonly List<(string Digest, SandboxedHost Host)> _waiting = [];
    private readonly List<Task> _ending = [];
    private bool _closed;

    /// <summary>Secrets that nodes of this run have read.</summary>
    public Targets.SecretValues Secrets { get; } = new();

    /// <summary>The host that served this package before, or one that has seen no plugin. Throws SF4030 and SF7003.</summary>
    internal Task<SandboxedHost> TakeAsync(string digest, SessionLimits limits, CancellationToken ct)
    {
        lock (_lock)
        {
            var at = _waiting.FindIndex(w => w.Digest == digest);
            if (at >= 0)
            {
                var host = _waiting[at].Host;
                _waiting.RemoveAt(at);
                if (!host.Process.Exit.IsCompleted)
                {
                    return Task.FromResult(host);
                }

                End(host);
            }
        }

        return pool.TakeAsync(limits, ct);
    }

    /// <summary>Takes a host back; it is ended in the background when no node of the run will use it.</summary>
    internal void Return(string digest, SandboxedHost host, bool usedAgain)
    {
        lock (_lock)
        {
            if (!usedAgain || _closed)
            {
                End(host);
                return;
            }

            _waiting.Add((digest, host));
            if (_waiting.Count > MostWaiting)
            {
                End(_waiting[0].Host);
                _waiting.RemoveAt(0);
            }
        }
    }

    /// <summary>Ends every host; returns when they are gone.</summary>
    public async ValueTask DisposeAsync()
    {
        Task[] ending;
        lock (_lock)
        {
            _closed = true;
            foreach (var (_, host) in _waiting)
            {
                End(host);
            }

            _waiting.Clear();
            ending = [.. _ending];
        }

        await Task.WhenAll(ending);
    }

    private void End(SandboxedHost host)
    {
        _ending.RemoveAll(e => e.IsCompletedSuccessfully);
        _ending.Add(host.DisposeAsync().AsTask());
    }
}
