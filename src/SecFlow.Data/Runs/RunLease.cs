namespace SecFlow.Data.Runs;

/// <summary>The right to write a run, from one claim to the next. Whoever claims the run later gets a higher epoch, and writes under this one change nothing.</summary>
public sealed record RunLease(Guid RunId, Guid TeamId, long Epoch, string Owner)
{
    private volatile bool _givenUp;

    /// <summary>True when this engine may not write the run any more, although no other has claimed it: it stops, and will have let go of its data folder.</summary>
    public bool GivenUp => _givenUp;

    public void GiveUp() => _givenUp = true;
}

/// <summary>
/// A lease as it stands in the database. <paramref name="Until"/> is a promise of its holder's clock and only compared with itself: whoever sees it unchanged for the length of a lease,
/// by a clock that nobody can set, knows that the holder does not renew it.
/// </summary>
public sealed record HeldLease(Guid RunId, long Epoch, DateTimeOffset Until, string Owner);

/// <summary>A write came from an engine that no longer holds the run's lease. Nothing was changed; the work must be given up without a trace.</summary>
public sealed class LeaseLostException(RunLease lease)
    : Exception($"The run {lease.RunId} was claimed by another engine (this one held epoch {lease.Epoch}).")
{
    public RunLease Lease { get; } = lease;
}

/// <summary>An event that is to be stored; sequence and time are given by the store.</summary>
public sealed record NewRunEvent(string Type, string? NodeId, string Data);

/// <summary>What the queue may give away.</summary>
/// <param name="Owner">Instance that claims.</param>
/// <param name="LeaseFor">How long the lease holds without a renewal.</param>
/// <param name="RunsPerTeam">A team with that many running runs waits.</param>
public sealed record RunClaim(string Owner, TimeSpan LeaseFor, int RunsPerTeam)
{
    /// <summary>What confines plugins where the run is executed; kept in its record.</summary>
    public string? SandboxLevel { get; init; }
}

/// <summary>What a renewal tells the holder of a lease.</summary>
public sealed record LeaseState(bool Held, bool CancelRequested)
{
    /// <summary>The run shall stand still.</summary>
    public bool Paused { get; init; }

    /// <summary>Nodes without an end that shall be skipped.</summary>
    public IReadOnlyList<string> Skip { get; init; } = [];
}

/// <summary>Live state of a running node.</summary>
public sealed record NodeProgress(Guid NodeRunId, int? Percent, string? Text, int Findings, int Rejected);
