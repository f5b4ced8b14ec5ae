using Microsoft.JSInterop;

namespace SecFlow.Portal.Components.Schedules;

/// <summary>The time zone of the person who looks, as the browser tells it.</summary>
public static class ViewerZone
{
    /// <summary>UTC when the browser tells none that this machine knows.</summary>
    public static async Task<TimeZoneInfo> ReadAsync(IJSRuntime js, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(js);
        try
        {
            var name = await js.InvokeAsync<string?>("secflow.zone", ct);
            return name is not null && TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone) ? zone : TimeZoneInfo.Utc;
        }
        catch (Exception e) when (e is JSException or JSDisconnectedException or OperationCanceledException)
        {
            // Without an answer, UTC is right as well: every time is shown with its zone.
            return TimeZoneInfo.Utc;
        }
    }
}
