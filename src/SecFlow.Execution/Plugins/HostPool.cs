using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Sandboxing;

namespace SecFlow.Execution.Plugins;

/// <summary>
/// Plugin hosts that were started ahead: confined, warmed, and without a plugin so far.
/// 1. A host leaves the pool once and never comes back: what has seen a plugin belongs to one run.
/// 2. Pool hosts have the default limits; a session with others gets a host of its own.
/// 3. A host is handed out only while it is alive and silent; it waits at most <see cref="MostIdle"/>.
/// 4. Empty until <see cref="Start"/> and after <see cref="StopAsync"/>: then each session gets a fresh host.
/// </summary>
public sealed class HostPool(HostProcess hosts, TimeProvider time) : IAsyncDisposable
{
    /// <summary>Hosts that wait at the same time.</summary>
    public const int MostReady = 2;

    /// <summary>How long a host waits before it is replaced.</summary>
    public static readonly TimeSpan MostIdle = TimeSpan.FromMinutes(10);

    private static readonly TimeSpan _lookEvery = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();
    private readonly Queue<Task<SandboxedHost>> _ready = new();
    private readonly HashSet<Task> _ending = [];
    private readonly CancellationTokenSource _stop = new();
    private int _size;
    private Task _looking = Task.CompletedTask;

    internal HostProcess Hosts => hosts;

    /// <summary>Begins to keep hosts ready, as many as there are worker slots and at most <see cref="MostReady"/>. Nothing is started where plugins are refused anyway.</summary>
    public void Start(int workerSlots)
    {
        if (hosts.Level == SandboxLevel.L0)
        {
            return;
        }

        lock (_lock)
        {
            _size = Math.Min(MostReady, workerSlots);
            Refill();
        }

        _looking = LookAfterAsync();
    }

    /// <summary>Ends every waiting host; returns when they are gone.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        Task[] ending;
        lock (_lock)
        {
            _size = 0;
            while (_ready.TryDequeue(out var host))
            {
                Discard(host);
            }

            ending = [.. _ending];
        }

        await _looking;
        await Task.WhenAll(ending);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
    }

    /// <summary>A host without a plugin: a waiting one where it fits, else a fresh one. Throws SF4030 and SF7003.</summary>
    internal async Task<SandboxedHost> TakeAsync(SessionLimits limits, CancellationToken ct)
    {
        while (limits.HasDefaultProcess && Next() is { } waiting)
        {
            try
            {
                var host = await waiting.WaitAsync(ct);
                if (host.IsIdle)
                {
                    return host;
                }
            }
            catch (SecFlowException)
            {
                // It could not be started ahead; the caller's own attempt below tells why.
            }
            catch (OperationCanceledException)
            {
                Forget(waiting);
                throw;
            }

            Forget(waiting);
        }

        return await hosts.StartAsync(limits, ct);
    }

    /// <summary>The host that the next taker would get.</summary>
    internal Task<SandboxedHost> PeekAsync()
    {
        lock (_lock)
        {
            return _ready.Peek();
        }
    }

    private Task<SandboxedHost>? Next()
    {
        lock (_lock)
        {
            var next = _ready.TryDequeue(out var host) ? host : null;
            Refill();
            return next;
        }
    }

    private void Refill()
    {
        while (_ready.Count < _size)
        {
            _ready.Enqueue(Task.Run(() => hosts.StartAsync(SessionLimits.For(null), _stop.Token)));
        }
    }

    private void Forget(Task<SandboxedHost> host)
    {
        lock (_lock)
        {
            Discard(host);
        }
    }

    private void Discard(Task<SandboxedHost> host)
    {
        var ending = EndAsync(host);
        if (!ending.IsCompleted)
        {
            _ending.Add(ending);
            _ = ending.ContinueWith(
                ended =>
                {
                    lock (_lock)
                    {
                        _ending.Remove(ended);
                    }
                },
                TaskScheduler.Default);
        }
    }

    private static async Task EndAsync(Task<SandboxedHost> host)
    {
        try
        {
            await (await host).DisposeAsync();
        }
        catch (Exception e) when (e is SecFlowException or OperationCanceledException)
        {
            // It never came to be.
        }
    }

    private async Task LookAfterAsync()
    {
        using var timer = new PeriodicTimer(_lookEvery, time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
            {
                lock (_lock)
                {
                    for (var i = _ready.Count; i > 0; i--)
                    {
                        var host = _ready.Dequeue();
                        if (!host.IsCompleted || (host.IsCompletedSuccessfully && host.Result.IsIdle && time.GetElapsedTime(host.Result.StartedAt) < MostIdle))
                        {
                            _ready.Enqueue(host);
                        }
                        else
                        {
                            Discard(host);
                        }
                    }

                    Refill();
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The engine stops.
        }
    }
}
