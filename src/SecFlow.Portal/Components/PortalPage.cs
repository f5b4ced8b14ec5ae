using Microsoft.AspNetCore.Components;
using SecFlow.Data.Audit;
using SecFlow.Data.Teams;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Teams;
using SecFlow.Portal.Teams;
using SecFlow.Portal.Web;

namespace SecFlow.Portal.Components;

/// <summary>
/// What every page does the same way: asks who acts before each act, shows a refusal or failure with its code, and stops its work when it is left.
/// 1. What an act was refused with stays until the next act, or until the page shows something else: readings in between, also live ones, do not wipe it.
/// 2. What a reading failed with stays until one goes well.
/// 3. A live page subscribes once, as soon as it is known who looks, before it reads: what is committed between the two is read again.
/// </summary>
public abstract class PortalPage : ComponentBase, IDisposable
{
    private readonly CancellationTokenSource _left = new();
    private IReadOnlyList<Diagnostic>? _refused;
    private IReadOnlyList<Diagnostic>? _unread;
    private IDisposable? _live;
    private object? _key;
    private bool _read;

    [Inject]
    public CurrentActor Actors { get; set; } = null!;

    [Inject]
    public NavigationManager Navigation { get; set; } = null!;

    [Inject]
    public TimeProvider Time { get; set; } = null!;

    [Inject]
    public ILoggerFactory Logs { get; set; } = null!;

    /// <summary>Cancelled when the page is left.</summary>
    protected CancellationToken Left => _left.Token;

    /// <summary>What the last act was refused with, then what the last reading failed with; null = neither.</summary>
    protected IReadOnlyList<Diagnostic>? Problems => _refused is null ? _unread : _unread is null ? _refused : [.. _refused.Union(_unread)];

    protected bool Loading { get; private set; } = true;

    /// <summary>Who looks at the page; only for hiding what the role cannot do. Each act asks again.</summary>
    protected Actor? Viewer { get; private set; }

    protected bool May(Permission permission) => Viewer is not null && permission.Role <= Viewer.Role && (!permission.OfInstallation || Viewer.OfInstallation);

    /// <summary>The part of the address that decides what is read; the page reads again when it changes.</summary>
    protected virtual object? Key => null;

    protected override async Task OnParametersSetAsync()
    {
        if (_read && Equals(Key, _key))
        {
            return;
        }

        (_read, _key, _refused) = (true, Key, null);
        await ReadAsync();
        Loading = false;
    }

    /// <summary>Reads what the page shows.</summary>
    protected abstract Task LoadAsync(Actor actor);

    /// <summary>Calls <see cref="RefreshAsync"/> when something that the page shows was committed; asked once, on a page with a circuit. Null = the page is not live.</summary>
    protected virtual IDisposable? Subscribe(Actor viewer) => null;

    /// <summary>Runs an act as the current actor. True when it went through; a failure is shown in <see cref="Problems"/>.</summary>
    protected async Task<bool> GuardAsync(Func<Actor, Task> act)
    {
        (_refused, _unread) = (null, null);
        return (_refused = await TryAsync(act)) is null;
    }

    /// <summary>Reads again as the current actor: everything, or what <paramref name="read"/> reads. What an act was refused with stays.</summary>
    protected async Task ReadAsync(Func<Actor, Task>? read = null) => _unread = await TryAsync(read ?? LoadAsync);

    /// <summary>The same for what comes from outside of the page: on its dispatcher, shown at once.</summary>
    protected Task RefreshAsync() => InvokeAsync(async () =>
    {
        await ReadAsync();
        StateHasChanged();
    });

    // Null = it went through, or nobody waits for it any more.
    private async Task<IReadOnlyList<Diagnostic>?> TryAsync(Func<Actor, Task> act)
    {
        try
        {
            Viewer = await Actors.RequireAsync(Left);
            if (RendererInfo.IsInteractive && !_left.IsCancellationRequested)
            {
                _live ??= Subscribe(Viewer);
            }

            await act(Viewer);
            return null;
        }
        catch (OperationCanceledException) when (_left.IsCancellationRequested)
        {
            // The page was left.
            return null;
        }
        catch (ObjectDisposedException) when (_left.IsCancellationRequested)
        {
            return null;
        }
        catch (SecFlowException known)
        {
            return known.Diagnostics;
        }
        catch (Exception unexpected) when (unexpected is not NavigationException)
        {
            var log = Logs.CreateLogger(GetType());
            PageLog.Failed(log, unexpected, GetType().Name);
            return Web.Problems.Of(unexpected).Diagnostics;
        }
    }

    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
        if (disposing && !_left.IsCancellationRequested)
        {
            _live?.Dispose();
            _left.Cancel();
            _left.Dispose();
        }
    }
}

internal static partial class PageLog
{
    [LoggerMessage(Level = LogLevel.Error, Message = "Page {Page} failed")]
    public static partial void Failed(ILogger log, Exception exception, string page);
}
