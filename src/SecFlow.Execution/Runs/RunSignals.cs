using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace SecFlow.Execution.Runs;

/// <summary>
/// Wakes readers when something about a run was committed. Carries no data: readers read what is stored.
/// Coalesced: however often it is notified, a subscriber has at most one call running and one waiting.
/// </summary>
public sealed partial class RunSignals(ILogger<RunSignals> logger)
{
    private readonly ConcurrentDictionary<Subscription, bool> _subscriptions = new();

    /// <summary>Calls back after commits that concern the run (or any run of the team when <paramref name="runId"/> is null). Dispose to stop.</summary>
    public IDisposable Subscribe(Guid teamId, Guid? runId, Action callback)
    {
        var subscription = new Subscription(this, teamId, runId, callback);
        _subscriptions[subscription] = true;
        return subscription;
    }

    /// <summary>Teams that somebody reads at the moment.</summary>
    public IReadOnlyCollection<Guid> Teams => [.. _subscriptions.Keys.Select(s => s.TeamId).Distinct()];

    public void Notify(Guid teamId, Guid runId)
    {
        foreach (var (subscription, _) in _subscriptions)
        {
            if (subscription.TeamId == teamId && (subscription.RunId is null || subscription.RunId == runId))
            {
                subscription.Wake();
            }
        }
    }

    /// <summary>Wakes every reader of the team, or of all teams for <see cref="Guid.Empty"/>: something concerns all of its runs.</summary>
    public void NotifyAll(Guid teamId)
    {
        foreach (var (subscription, _) in _subscriptions)
        {
            if (teamId == Guid.Empty || subscription.TeamId == teamId)
            {
                subscription.Wake();
            }
        }
    }

    private sealed class Subscription(RunSignals owner, Guid teamId, Guid? runId, Action callback) : IDisposable
    {
        private readonly Lock _lock = new();
        private bool _running;
        private bool _again;
        private bool _disposed;

        public Guid TeamId => teamId;

        public Guid? RunId => runId;

        public void Wake()
        {
            lock (_lock)
            {
                _again = true;
                if (_running || _disposed)
                {
                    return;
                }

                _running = true;
            }

            ThreadPool.UnsafeQueueUserWorkItem(static s => s.Run(), this, preferLocal: false);
        }

        public void Dispose()
        {
            lock (_lock)
            {
                _disposed = true;
            }

            owner._subscriptions.TryRemove(this, out _);
        }

        private void Run()
        {
            while (true)
            {
                lock (_lock)
                {
                    if (!_again || _disposed)
                    {
                        _running = false;
                        return;
                    }

                    _again = false;
                }

                try
                {
                    callback();
                }
                catch (Exception e)
                {
                    // A reader's fault must not end the engine's thread; the reader is woken again by the next commit.
                    CallbackFailed(owner._logger, runId, e);
                }
            }
        }
    }

    private readonly ILogger _logger = logger;

    [LoggerMessage(Level = LogLevel.Warning, Message = "A reader of run {RunId} failed when it was woken")]
    private static partial void CallbackFailed(ILogger logger, Guid? runId, Exception error);
}
