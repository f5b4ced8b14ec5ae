using SecFlow.Data;
using SecFlow.Data.Audit;
using SecFlow.Data.Holds;
using SecFlow.Data.Teams;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Runs;
using SecFlow.Execution.Teams;

namespace SecFlow.Execution.Holds;

/// <summary>Whose work is meant.</summary>
public enum HoldReach
{
    /// <summary>The actor's team.</summary>
    Team,

    /// <summary>Every team.</summary>
    Installation,
}

/// <summary>
/// The kill switch: stop or drain the work of a team or of everybody, and resume it.
/// 1. A stop ends what runs (its process trees are dead within two seconds, also in other processes of the installation) and lets nothing begin. A drain lets what runs come to its end.
/// 2. Queued runs stay queued and go on when the work is resumed; requests to start are refused meanwhile (SF3030).
/// 3. Who may: an admin of the team for the team, an administrator of the installation for all. Begin and end are audited in the transaction that makes them true.
/// </summary>
public sealed class HoldService(HoldStore holds, TeamStore teams, Access access, ActiveRuns active, RunSignals signals)
{
    private const int MostReason = 500;

    /// <summary>Called after this process began or ended a hold. Other processes notice by looking.</summary>
    public event EventHandler? Changed;

    /// <summary>What has to be typed to stop: the team's short name, or <c>installation</c>.</summary>
    public async Task<string> ConfirmationAsync(Actor actor, HoldReach reach, CancellationToken ct) =>
        reach == HoldReach.Installation ? "installation" : (await teams.FindAsync(actor.TeamId, ct))?.Slug ?? throw new SecFlowException(Access.NotFound("team"));

    /// <summary>Throws SF3001 or SF3010, audited, when the actor may not.</summary>
    public Task RequireMayAsync(Actor actor, HoldReach reach, CancellationToken ct) => RequireAsync(actor, reach, ct);

    /// <summary>Stops at once. Throws SF1501 (reason or confirmation), SF1503 (stopped already), SF3001, SF3010.</summary>
    /// <param name="actor">Who acts.</param>
    /// <param name="reach">Whose work.</param>
    /// <param name="reason">1..500 characters.</param>
    /// <param name="confirmation">As <see cref="ConfirmationAsync"/> says.</param>
    /// <param name="ct">Cancels before the commit.</param>
    public async Task<Hold> StopAsync(Actor actor, HoldReach reach, string? reason, string? confirmation, CancellationToken ct)
    {
        var team = await RequireAsync(actor, reach, ct);
        var expected = await ConfirmationAsync(actor, reach, ct);
        if (confirmation?.Trim() != expected)
        {
            throw new SecFlowException(Codes.RequestInvalid, $"To stop everything, confirm it by typing '{expected}'.");
        }

        var hold = await BeginAsync(actor, team, HoldKind.Stop, reason, ct);
        active.CancelAll(team);
        Tell(team);
        return hold;
    }

    /// <summary>Lets running work finish and nothing new start. Throws as <see cref="StopAsync"/>; takes no confirmation.</summary>
    public async Task<Hold> DrainAsync(Actor actor, HoldReach reach, string? reason, CancellationToken ct)
    {
        var team = await RequireAsync(actor, reach, ct);
        var hold = await BeginAsync(actor, team, HoldKind.Drain, reason, ct);
        Tell(team);
        return hold;
    }

    /// <summary>Lets work go on. Throws SF1503 when nothing is held.</summary>
    public async Task<Hold> ResumeAsync(Actor actor, HoldReach reach, string? reason, CancellationToken ct)
    {
        var team = await RequireAsync(actor, reach, ct);
        var hold = await holds.EndAsync(actor, team, Reason(reason), ct)
            ?? throw new SecFlowException(Codes.Conflict, $"The work of {(reach == HoldReach.Team ? "the team" : "the installation")} is not held, so there is nothing to resume.");
        Tell(team);
        return hold;
    }

    /// <summary>The hold that counts for the actor's team now; null when it may work.</summary>
    public async Task<Hold?> StandingAsync(Actor actor, CancellationToken ct)
    {
        await access.RequireAsync(actor, Permission.ReadRuns, null, "holds", ct);
        return await holds.StandingAsync(actor.TeamId, ct);
    }

    /// <summary>Holds of the team and of the installation, newest first, at most 200.</summary>
    public async Task<IReadOnlyList<Hold>> HistoryAsync(Actor actor, int skip, int take, CancellationToken ct)
    {
        await access.RequireAsync(actor, Permission.ReadRuns, null, "holds", ct);
        return await holds.HistoryAsync(actor.TeamId, Math.Max(0, skip), Math.Clamp(take, 1, 201), ct);
    }

    private async Task<Guid> RequireAsync(Actor actor, HoldReach reach, CancellationToken ct)
    {
        var (permission, team) = reach == HoldReach.Installation ? (Permission.HoldInstallation, Guid.Empty) : (Permission.HoldTeam, actor.TeamId);
        await access.RequireAsync(actor, permission, null, reach == HoldReach.Installation ? "installation" : $"team/{team}", ct);
        return team;
    }

    private async Task<Hold> BeginAsync(Actor actor, Guid team, HoldKind kind, string? reason, CancellationToken ct)
    {
        try
        {
            return await holds.BeginAsync(actor, team, kind, Reason(reason), ct);
        }
        catch (ConflictException e)
        {
            throw new SecFlowException(Codes.Conflict, e.Message, e);
        }
    }

    private static string Reason(string? reason) => reason?.Trim() is { Length: > 0 and <= MostReason } text
        ? text
        : throw new SecFlowException(Codes.RequestInvalid, $"A reason of 1 to {MostReason} characters is needed: everybody who is held sees it.");

    private void Tell(Guid team)
    {
        signals.NotifyAll(team);
        Changed?.Invoke(this, EventArgs.Empty);
    }
}
