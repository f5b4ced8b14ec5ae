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
/// </summary>
public abstract class PortalPage : ComponentBase, IDisposable
{
    private readonly CancellationTokenSource _left = new();
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

    protected IReadOnlyList<Diagnostic>? Problems { get; set; }

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

        (_read, _key) = (true, Key);
        await GuardAsync(LoadAsync);
        Loading = false;
    }

    /// <summary>Shows what an act answered again, after a reading in between that went well.</summary>
    protected void Keep(IReadOnlyList<Diagnostic>? problems) => Problems = problems;

    /// <summary>Reads what the page shows.</summary>
    protected abstract Task LoadAsync(Actor actor);

    /// <summary>Runs an act as the current actor. True when it went through; a failure is shown in <see cref="Problems"/>.</summary>
    protected async Task<bool> GuardAsync(Func<Actor, Task> act)
    {
        try
        {
            Problems = null;
            Viewer = await Actors.RequireAsync(Left);
            await act(Viewer);
            return true;
        }
        catch (OperationCanceledException) when (_left.IsCancellationRequested)
        {
            // The page was left: nobody waits for the result.
            return false;
        }
        catch (ObjectDisposedException) when (_left.IsCancellationRequested)
        {
            return false;
        }
        catch (SecFlowException known)
        {
            Problems = known.Diagnostics;
            return false;
        }
        catch (Exception unexpected) when (unexpected is not NavigationException)
        {
            var log = Logs.CreateLogger(GetType());
            PageLog.Failed(log, unexpected, GetType().Name);
            Problems = Web.Problems.Of(unexpected).Diagnostics;
            return false;
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
