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

/// <summary>A change of a target: what it shall be, and whether the person authorises what is wider than before.</summary>
/// <param name="Target">All values, also those that stay.</param>
/// <param name="Revision">Revision that was read.</param>
/// <param name="Authorise">True: what is wider is authorised now, by the actor, under the reference of <paramref name="Target"/>.</param>
public sealed record TargetEdit(NewTarget Target, int Revision, bool Authorise);

/// <summary>
/// Targets of a team.
/// 1. Adding needs role Admin, a reference and records who authorised it and when.
/// 2. To change the value or to widen anything (<see cref="TargetWidening"/>) is a new authorisation: said explicitly, with reference, recorded under the actor from now on. To narrow is not.
/// 3. Every change is audited with the values before and after; a change of what somebody else changed meanwhile is refused.
/// </summary>
public sealed class TargetService(TargetStore targets, Access access, TargetValidation validation, TimeProvider time)
{
    /// <summary>Validates (SF1401, every problem at once), records who authorised it, audits. Role Admin. SF1503 when the name is taken.</summary>
    public async Task<Target> AddAsync(Actor actor, NewTarget target, CancellationToken ct)
    {
        await access.RequireAsync(actor, Permission.EditTargets, null, "target", ct);
        var row = Authorised(await validation.ValidateAsync(target, actor.TeamId, ct), target, actor);
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

    /// <summary>One target, archived ones too. Throws SF1502.</summary>
    public async Task<Target> GetAsync(Actor actor, Guid targetId, CancellationToken ct)
    {
        await access.RequireRowAsync(actor, Permission.ReadTargets, "target", targetId, ct);
        return await targets.FindAsync(actor.TeamId, targetId, ct) ?? throw new SecFlowException(Access.NotFound("target"));
    }

    /// <summary>Changes a target. Throws SF1401 (invalid, all at once), SF1402 (changed meanwhile), SF1403 (wider, and not said to be authorised), SF1503 (archived, or the name is taken).</summary>
    public async Task<Target> EditAsync(Actor actor, Guid targetId, TargetEdit edit, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(edit);
        await access.RequireRowAsync(actor, Permission.EditTargets, "target", targetId, ct);
        var before = await targets.FindAsync(actor.TeamId, targetId, ct) ?? throw new SecFlowException(Access.NotFound("target"));
        if (before.ArchivedAt is not null)
        {
            throw new SecFlowException(Codes.Conflict, $"The target '{before.Name}' was archived. Add it again with a new authorisation.");
        }

        if (before.Revision != edit.Revision)
        {
            throw Changed(before);
        }

        var wanted = await validation.ValidateAsync(Confirmed(edit, before), actor.TeamId, ct);
        var widened = TargetWidening.Of(before, wanted);
        if (widened.Count > 0 && !edit.Authorise)
        {
            const string Remedy = "Authorise the change, with the reference of who allowed it.";
            throw new SecFlowException(new Diagnostic(Codes.NewAuthorisationNeeded, $"This change of '{before.Name}' widens what may be touched: {string.Join("; ", widened)}. {Remedy}") { Path = "authorise", Rule = "target.authorisation", Remedy = Remedy });
        }

        wanted = widened.Count > 0 ? Authorised(wanted, edit.Target, actor) : Kept(wanted, before);
        try
        {
            return await targets.EditAsync(actor, targetId, edit.Revision, row => Copy(wanted, row), widened, ct) ?? throw Changed(before);
        }
        catch (ConflictException conflict)
        {
            throw new SecFlowException(Codes.Conflict, conflict.Message, conflict);
        }
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

    /// <summary>A validated target under the authority of the actor.</summary>
    internal Target Authorised(Target row, NewTarget asked, Actor actor)
    {
        row.Owner = row.Owner.Length > 0 ? row.Owner : actor.Name;
        row.AuthorisedBy = actor.Name;
        row.AuthorisedFrom = asked.AuthorisedFrom?.ToUniversalTime() is { } from && from > time.GetUtcNow() ? from : time.GetUtcNow();
        return row;
    }

    // Who leaves the value as it is need not say again that its private address is meant, nor when the authorisation began and ends.
    private static NewTarget Confirmed(TargetEdit edit, Target before)
    {
        var same = edit.Target.Kind == before.Kind && string.Equals(edit.Target.Value?.Trim(), before.Value, StringComparison.Ordinal);
        return edit.Target with { PrivateAddressApproved = edit.Target.PrivateAddressApproved || same };
    }

    private static Target Kept(Target wanted, Target before)
    {
        (wanted.AuthorisedBy, wanted.AuthorisedFrom, wanted.AuthorisationReference) = (before.AuthorisedBy, before.AuthorisedFrom, before.AuthorisationReference);
        wanted.Owner = wanted.Owner.Length > 0 ? wanted.Owner : before.Owner;
        return wanted;
    }

    private static void Copy(Target from, Target to)
    {
        (to.Name, to.Kind, to.Value, to.ApprovedAddress, to.Ports, to.Tags) = (from.Name, from.Kind, from.Value, from.ApprovedAddress, from.Ports, from.Tags);
        (to.Owner, to.AuthorisedBy, to.AuthorisationReference, to.AuthorisedFrom, to.AuthorisedUntil) = (from.Owner, from.AuthorisedBy, from.AuthorisationReference, from.AuthorisedFrom, from.AuthorisedUntil);
        (to.MaxIntrusiveness, to.RequestsPerSecond, to.UserAgent, to.Windows) = (from.MaxIntrusiveness, from.RequestsPerSecond, from.UserAgent, from.Windows);
    }

    private static SecFlowException Changed(Target target) =>
        new(Codes.TargetChanged, $"The target '{target.Name}' was changed by somebody else meanwhile. Load it again and decide anew.");
}
