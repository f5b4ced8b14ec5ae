namespace SecFlow.Data.Runs;

/// <summary>One attempt at a node: who began it, how it ended. A node run tells how it stands; its attempts tell how it came there. Unique on (NodeRunId, Attempt).</summary>
public sealed class NodeAttempt
{
    public Guid Id { get; set; }

    public Guid TeamId { get; set; }

    public Guid RunId { get; set; }

    public Guid NodeRunId { get; set; }

    /// <summary>The recipe's node id.</summary>
    public string NodeId { get; set; } = "";

    /// <summary>From 1; counts on over engines and restarts.</summary>
    public int Attempt { get; set; }

    /// <summary>Instance that began it.</summary>
    public string Engine { get; set; } = "";

    /// <summary>Lease epoch under which it was begun.</summary>
    public long Epoch { get; set; }

    public DateTimeOffset BeganAt { get; set; }

    /// <summary>Null while it is going on. Of an attempt whose engine died: when that was noticed.</summary>
    public DateTimeOffset? EndedAt { get; set; }

    /// <summary><see cref="NodeStatus.Running"/> while it is going on; Interrupted when the system ended it.</summary>
    public NodeStatus Status { get; set; }

    public string? ErrorCode { get; set; }

    /// <summary>Why it ended as it did, 1..1000 characters; null for success.</summary>
    public string? Reason { get; set; }
}
