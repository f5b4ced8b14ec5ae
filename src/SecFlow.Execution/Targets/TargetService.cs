using SecFlow.Data.Audit;
using SecFlow.Data.Targets;

namespace SecFlow.Execution.Targets;

/// <summary>What a new target needs.</summary>
public sealed record NewTarget(string Name, TargetKind Kind, string Value, string AuthorisationReference, DateTimeOffset? AuthorisedUntil)
{
    /// <summary>The person ticked that a private or loopback address is meant.</summary>
    public bool PrivateAddressApproved { get; init; }

    public Intrusiveness MaxIntrusiveness { get; init; } = Intrusiveness.Safe;

    public int RequestsPerSecond { get; init; } = 10;

    public string Tags { get; init; } = "";

    public string Ports { get; init; } = "";
}

/// <summary>Targets of a team.</summary>
public sealed class TargetService
{
    /// <summary>Validates (SF1401, every problem at once), records who authorised it, audits. Role Admin.</summary>
    public Task<Target> AddAsync(Actor actor, NewTarget target, CancellationToken ct) => throw new NotSupportedException();

    public Task<IReadOnlyList<Target>> ListAsync(Actor actor, CancellationToken ct) => throw new NotSupportedException();

    /// <summary>Ends the authorisation; the row stays for the record. Role Admin.</summary>
    public Task ArchiveAsync(Actor actor, Guid targetId, CancellationToken ct) => throw new NotSupportedException();
}
