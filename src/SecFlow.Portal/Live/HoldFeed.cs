using SecFlow.Data.Holds;
using SecFlow.Execution.Holds;

namespace SecFlow.Portal.Live;

/// <summary>
/// The holds that stand, for the banner of every page. One reading a second for the whole process, whoever watches (another process of the installation may have begun one), and at once when this
/// process changed one. Subscribers are called when the answer is another one.
/// </summary>
public sealed partial class HoldFeed(HoldStore holds, HoldService service, TimeProvider time, ILogger<HoldFeed> log) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly HashSet<Func<Task>> _subscribers = [];
    private readonly SemaphoreSlim _wake = new(0, 1);
    private IReadOnlyList<Hold> _standing = [];

    /// <summary>What counts for a team: the installation's hold and its own.</summary>
    public IReadOnlyList<Hold> Of(Guid teamId) => [.. _standing.Where(hold => hold.OfInstallation || hold.TeamId == teamId).OrderByDescending(hold => hold.OfInstallation)];

    /// <summary>Calls back after each change, until it is disposed of.</summary>
    public IDisposable Subscribe(Func<Task> changed)
    {
        lock (_gate)
        {
            _subscribers.Add(changed);
        }

        return new Subscription(this, changed);
    }

    public override void Dispose()
    {
        _wake.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        service.Changed += Wake;
        try
        {
            while (!stoppingToken.IsCancellationRequested)
            {
                await LookAsync(stoppingToken);
                using var pause = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
                await Task.WhenAny(_wake.WaitAsync(pause.Token), Task.Delay(Every, time, pause.Token));
                await pause.CancelAsync();
            }
        }
        finally
        {
            service.Changed -= Wake;
        }
    }

    private async Task LookAsync(CancellationToken ct)
    {
        try
        {
            var now = await holds.ListStandingAsync(ct);
            if (now.Select(hold => hold.Id).SequenceEqual(_standing.Select(hold => hold.Id)))
            {
                return;
            }

            _standing = now;
            Func<Task>[] subscribers;
            lock (_gate)
            {
                subscribers = [.. _subscribers];
            }

            foreach (var subscriber in subscribers)
            {
                await TellAsync(subscriber);
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The portal stops.
        }
        catch (Exception e)
        {
            // The next look tries again; starting runs asks the database itself.
            LookFailed(log, e);
        }
    }

    private async Task TellAsync(Func<Task> subscriber)
    {
        try
        {
            await subscriber();
        }
        catch (ObjectDisposedException)
        {
            // The circuit of the page is gone.
        }
    }

    private void Wake(object? sender, EventArgs e)
    {
        lock (_gate)
        {
            if (_wake.CurrentCount == 0)
            {
                _wake.Release();
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The holds could not be read; the next look tries again")]
    private static partial void LookFailed(ILogger log, Exception error);

    private sealed class Subscription(HoldFeed feed, Func<Task> changed) : IDisposable
    {
        public void Dispose()
        {
            lock (feed._gate)
            {
                feed._subscribers.Remove(changed);
            }
        }
    }
}
