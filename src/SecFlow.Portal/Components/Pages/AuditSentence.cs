using System.Text;
using SecFlow.Data.Audit;

namespace SecFlow.Portal.Components.Pages;

/// <summary>An audit event as a sentence: "ana approved plugin scan.nuclei 1.2.0", "ana was refused: start run ...".</summary>
public static class AuditSentence
{
    public static string Who(AuditEvent entry) => entry.ActorKind switch
    {
        ActorKind.Token => "token " + entry.ActorName,
        ActorKind.Schedule => "schedule " + entry.ActorName,
        ActorKind.System => entry.ActorName.Length > 0 ? entry.ActorName : "system",
        _ => entry.ActorName.Length > 0 ? entry.ActorName : "somebody",
    };

    public static string What(AuditEvent entry)
    {
        var dot = entry.Action.IndexOf('.', StringComparison.Ordinal);
        var verb = dot < 0 ? entry.Action : entry.Action[..dot];
        var noun = (dot < 0 ? entry.ResourceKind : entry.Action[(dot + 1)..]).Replace('-', ' ');
        var name = entry.ResourceName.Length > 0 && entry.ResourceName != entry.ActorName ? " " + entry.ResourceName : "";
        return entry.Outcome switch
        {
            AuditOutcome.Denied => $"was refused: {(verb == "refuse" ? "" : verb + " ")}{noun}{name}",
            AuditOutcome.Failed => $"failed: {verb} {noun}{name}",
            _ => $"{Past(verb)} {noun}{name}",
        };
    }

    /// <summary>The exact bytes that were hashed, as text.</summary>
    public static string Canonical(AuditEvent entry) => Encoding.UTF8.GetString(entry.Canonical);

    private static string Past(string verb) => verb switch
    {
        "begin" => "began",
        "run" => "ran",
        "send" => "sent",
        "read" => "read",
        "set" => "set",
        "make" => "made",
        "plan" => "planned",
        "submit" => "submitted",
        _ when verb.EndsWith('e') => verb + "d",
        _ when verb.EndsWith('y') && verb.Length > 2 && !"aeiou".Contains(verb[^2], StringComparison.Ordinal) => verb[..^1] + "ied",
        "cancel" => "cancelled",
        "stop" => "stopped",
        _ => verb + "ed",
    };
}
