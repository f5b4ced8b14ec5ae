using SecFlow.Data.Alerts;
using SecFlow.Portal.Components.Marks;

namespace SecFlow.Portal.Components.Pages;

/// <summary>How an alert looks: a mark and a word, never a colour alone.</summary>
internal static class AlertLook
{
    public static StatusLook Of(Alert alert) => alert switch
    {
        { ClosedAt: not null } => new StatusLook("ended", "dash", string.IsNullOrEmpty(alert.ClosedBy) ? "Over" : "Acknowledged"),
        { AcknowledgedAt: not null } => new StatusLook("ended", "dash", "Acknowledged"),
        { Silenced: true } => new StatusLook("ended", "dash", "Silenced"),
        { Severity: AlertSeverity.Error } => new StatusLook("failed", "cross", "Error"),
        _ => new StatusLook("partial", "half", "Warning"),
    };
}
