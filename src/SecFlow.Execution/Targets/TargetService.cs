using SecFlow.Data;
using SecFlow.Data.Audit;
using SecFlow.Data.Targets;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Teams;

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

    /// <summary>Who answers for the target; empty = who adds it.</summary>
    public string Owner { get; init; } = "";

    /// <summary>What requests say beside the program's name; empty = the name alone.</summary>
    public string UserAgent { get; init; } = "";

    /// <summary>Begin of the authorisation; null = now.</summary>
    public DateTimeOffset? AuthorisedFrom { get; init; }

    /// <summary>Rules of <see cref="TargetWindows"/>, one per line; empty = at any time.</summary>
    public string Windows { get; init; } = "";
}

/// <summary>Targets of a team.</summary>
public sealed class TargetService(TargetStore targets, Access access, TargetValidation validation, TimeProvider time)
{
    /// <summary>Validates (SF1401, every problem at once), records who authorised it, audits. Role Admin. SF1503 when the name is taken.</summary>
    public async Task<Target> AddAsync(Actor actor, NewTarget target, CancellationToken ct)
    {
        await access.RequireAsync(actor, Permission.EditTargets, null, "target", ct);
        var row = await validation.ValidateAsync(target, actor.TeamId, ct);
        row.Owner = row.Owner.Length > 0 ? row.Owner : actor.Name;
        row.AuthorisedBy = actor.Name;
        row.AuthorisedFrom = time.GetUtcNow();
        try
        {
            return await targets.AddAsync(actor, row, ct);
        }
        catch (ConflictException conflict)
        {
            throw new SecFlowException(Codes.Conflict, conflict.Message, conflict);
        }
    }

    public async Task<IReadOnlyList<Target>> ListAsync(Actor actor, CancellationToken ct)
    {
        await access.RequireAsync(actor, Permission.ReadTargets, null, "target", ct);
        return await targets.ListAsync(actor.TeamId, archivedToo: false, ct);
    }

    /// <summary>Ends the authorisation; the row stays for the record. Role Admin.</summary>
    public async Task ArchiveAsync(Actor actor, Guid targetId, CancellationToken ct)
    {
        await access.RequireRowAsync(actor, Permission.EditTargets, "target", targetId, ct);
        if (!await targets.ArchiveAsync(actor, targetId, ct))
        {
            throw new SecFlowException(Access.NotFound("target"));
        }
    }
}
