using System.Text.Json.Nodes;

namespace SecFlow.Data.Audit;

/// <summary>How the act ended.</summary>
public enum AuditOutcome
{
    Allowed,
    Denied,
    Failed,
}

/// <summary>What is asked to be recorded; <see cref="AuditLog"/> adds sequence, time and hash.</summary>
/// <param name="Actor">Who acted.</param>
/// <param name="Action"><c>verb.noun</c> in lower case, such as <c>start.run</c>, <c>approve.plugin</c>, <c>refuse.http</c>.</param>
/// <param name="ResourceKind">Kind of thing acted on, such as <c>run</c>.</param>
/// <param name="ResourceId">Its id.</param>
/// <param name="ResourceName">Its name, for people.</param>
public sealed record AuditEntry(Actor Actor, string Action, string ResourceKind, string ResourceId, string ResourceName)
{
    public AuditOutcome Outcome { get; init; } = AuditOutcome.Allowed;

    /// <summary>The <c>SF</c> code of a refusal or failure.</summary>
    public string? ReasonCode { get; init; }

    /// <summary>On whose behalf (the owner of a schedule, the user who started the run).</summary>
    public string? OnBehalfOf { get; init; }

    /// <summary>Redacted document before the change.</summary>
    public JsonNode? Before { get; init; }

    /// <summary>Redacted document after the change.</summary>
    public JsonNode? After { get; init; }

    /// <summary>Facts that do not fit elsewhere; no secrets.</summary>
    public JsonNode? Details { get; init; }

    public string? PolicyRevision { get; init; }

    public string? ScopeRevision { get; init; }

    public string? TraceId { get; init; }
}
