namespace SecFlow.Data.Audit;

/// <summary>Which events a page shows, newest first.</summary>
/// <param name="TeamId">Whose events.</param>
public sealed record AuditQuery(Guid TeamId)
{
    /// <summary>Also events of the installation (start, set-up, plugins of all teams).</summary>
    public bool Installation { get; init; }

    /// <summary>Exact action (<c>start.run</c>), or a part of it.</summary>
    public string? Action { get; init; }

    /// <summary>Exact id, or a part of the name, of who acted.</summary>
    public string? Actor { get; init; }

    /// <summary>Begin of the id of what was touched: a run's id also finds its nodes.</summary>
    public string? Resource { get; init; }

    public AuditOutcome? Outcome { get; init; }

    public DateTimeOffset? From { get; init; }

    /// <summary>Exclusive.</summary>
    public DateTimeOffset? To { get; init; }

    public int Skip { get; init; }

    /// <summary>1..500.</summary>
    public int Take { get; init; } = 50;
}

/// <summary>One page and the number of all events that match.</summary>
public sealed record AuditPage(IReadOnlyList<AuditEvent> Events, int Total);

/// <summary>What a verification of the whole log found.</summary>
/// <param name="Intact">True when nothing is wrong.</param>
/// <param name="Events">Events that were read.</param>
/// <param name="Checkpoints">Signed checkpoints that were checked.</param>
/// <param name="FirstBrokenSeq">First event that is wrong or missing; null when intact, or when the trouble lies with the checkpoints themselves.</param>
/// <param name="Reason">What is wrong, for people; null when intact.</param>
public sealed record AuditVerification(bool Intact, long Events, int Checkpoints, long? FirstBrokenSeq, string? Reason)
{
    /// <summary>What a clean answer proves and what not.</summary>
    public string Limits => Checkpoints > 0
        ? "Detects changed, removed and inserted events, and a rewritten log up to the newest checkpoint that is also kept elsewhere. It cannot detect a rewrite by somebody who holds this machine's checkpoint key and every copy of the checkpoints."
        : "Detects changed, removed and inserted events, not a rewrite of the whole log: there is no checkpoint yet.";
}
