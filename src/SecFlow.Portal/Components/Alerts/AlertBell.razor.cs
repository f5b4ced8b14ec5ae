using Microsoft.AspNetCore.Components;
using SecFlow.Execution.Alerts;
using SecFlow.Execution.Diagnostics;
using SecFlow.Portal.Teams;

namespace SecFlow.Portal.Components.Alerts;

/// <summary>How many alerts ring for the team; in the frame of every page. Looks at once when this process raised or closed one, and now and then for what others did.</summary>
public sealed partial class AlertBell
{
    private static readonly TimeSpan _every = TimeSpan.FromSeconds(10);

    private readonly CancellationTokenSource _left = new();
    private int? _ringing;

    [Inject]
    public AlertService Alerts { get; set; } = null!;

    [Inject]
    public CurrentActor Actors { get; set; } = null!;

    [Inject]
    public TimeProvider Time { get; set; } = null!;

    [Inject]
    public ILogger<AlertBell> Log { get; set; } = null!;

    /// <summary>Team of the person who looks.</summary>
    [Parameter, EditorRequired]
    public Guid TeamId { get; set; }

    public void Dispose()
    {
        Alerts.Changed -= Changed;
        _left.Cancel();
        _left.Dispose();
    }

    protected override Task OnParametersSetAsync() => LookAsync();

    protected override void OnAfterRender(bool firstRender)
    {
        if (firstRender)
        {
            Alerts.Changed += Changed;
            _ = LookForeverAsync(_left.Token);
        }
    }

    private void Changed(object? sender, EventArgs e) => _ = InvokeAsync(LookAsync);

    private async Task LookForeverAsync(CancellationToken ct)
    {
        using var timer = new PeriodicTimer(_every, Time);
        try
        {
            while (await timer.WaitForNextTickAsync(ct))
            {
                await InvokeAsync(LookAsync);
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The page was left.
        }
        catch (ObjectDisposedException)
        {
            // The circuit of the page is gone.
        }
    }

    private async Task LookAsync()
    {
        if (_left.IsCancellationRequested)
        {
            return;
        }

        try
        {
            var now = await Alerts.RingingAsync(await Actors.RequireAsync(_left.Token), _left.Token);
            if (now != _ringing)
            {
                _ringing = now;
                StateHasChanged();
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or SecFlowException)
        {
            // Left, or the membership ended: the page itself says so.
            _ringing = null;
        }
        catch (Exception e)
        {
            // The frame stays; the next look tries again.
            LookFailed(Log, e);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The alerts could not be counted; the next look tries again")]
    private static partial void LookFailed(ILogger log, Exception error);
}
