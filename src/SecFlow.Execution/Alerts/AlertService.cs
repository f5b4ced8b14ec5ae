using System.Text.Json;
using System.Text.Json.Nodes;
using SecFlow.Data;
using SecFlow.Data.Alerts;
using SecFlow.Data.Audit;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Teams;

namespace SecFlow.Execution.Alerts;

/// <summary>
/// What a person should look at: raised by the rules (<see cref="AlertWatch"/>) and by whoever notices something, shown by the bell, sent to the team's webhook.
/// The same thing rings once while it is open; a silence keeps it from ringing, not from being recorded.
/// </summary>
public sealed class AlertService(AlertStore alerts, Access access, TimeProvider time)
{
    private const int MostReason = 500;
    private const int MostWords = 1000;
    private const int MostSubject = 200;

    /// <summary>A silence ends by itself: nobody remembers one of last year.</summary>
    public static readonly TimeSpan LongestSilence = TimeSpan.FromDays(30);

    /// <summary>Called after this process raised, acknowledged, closed or silenced an alert, or a silence ended. Other processes notice by looking.</summary>
    public event EventHandler? Changed;

    /// <summary>Raises an alert of a team; true when it was not open before. Call it as often as the thing is seen: it rings once.</summary>
    /// <param name="kind">What it is about.</param>
    /// <param name="teamId">Whose; <see cref="Guid.Empty"/> = the installation's, shown to every team.</param>
    /// <param name="subject">What about, stable from one time to the next: <c>workflow/node</c>, a plugin id, a schedule's name; empty = the team as a whole.</param>
    /// <param name="words">One or two sentences: what happened, what was expected, what to do.</param>
    /// <param name="ct">Cancels before the commit.</param>
    /// <param name="severity">How bad.</param>
    /// <param name="link">Page of the portal that shows it, without the leading slash.</param>
    public async Task<bool> RaiseAsync(AlertKind kind, Guid teamId, string subject, string words, CancellationToken ct, AlertSeverity severity = AlertSeverity.Warning, string link = "")
    {
        bool raised;
        try
        {
            raised = await alerts.RaiseAsync(new NewAlert(teamId, kind, severity, Cut(subject, MostSubject), Cut(words, MostWords)) { Link = link }, Message, ct);
        }
        catch (ConflictException)
        {
            // Another engine raised it at the same moment.
            return false;
        }

        if (raised)
        {
            Tell();
        }

        return raised;
    }

    /// <summary>Closes what is open of a kind whose condition is watched, but for the subjects that still meet it.</summary>
    public async Task EndAsync(AlertKind kind, Guid teamId, IReadOnlyCollection<string> still, CancellationToken ct)
    {
        if (await alerts.EndConditionsAsync(teamId, kind, [.. still.Select(s => Cut(s, MostSubject))], ct) > 0)
        {
            Tell();
        }
    }

    /// <summary>Open ones first, then newest first; those of the installation included. At most 201.</summary>
    public async Task<IReadOnlyList<Alert>> ListAsync(Actor actor, bool openOnly, int skip, int take, CancellationToken ct)
    {
        await access.RequireAsync(actor, Permission.ReadRuns, null, "alerts", ct);
        return await alerts.ListAsync(actor.TeamId, openOnly, Math.Max(0, skip), Math.Clamp(take, 1, 201), ct);
    }

    /// <summary>How many ring for the actor's team.</summary>
    public async Task<int> RingingAsync(Actor actor, CancellationToken ct)
    {
        await access.RequireAsync(actor, Permission.ReadRuns, null, "alerts", ct);
        return await alerts.RingingAsync(actor.TeamId, ct);
    }

    /// <summary>Lets ring again what was silenced and no silence covers any more.</summary>
    public async Task RingAgainAsync(CancellationToken ct)
    {
        if (await alerts.RingAgainAsync(Message, ct) > 0)
        {
            Tell();
        }
    }

    /// <summary>Says that somebody looks after it: it is closed, or, where its condition is watched, does not ring again before that has ended. Throws SF1502, SF1503 when it is closed or acknowledged already, SF3001, SF3010.</summary>
    public async Task<Alert> AcknowledgeAsync(Actor actor, Guid id, string? reason, CancellationToken ct)
    {
        var row = await alerts.FindAsync(id, ct);
        await RequireAsync(actor, row?.TeamId, $"alert/{id}", ct);
        var seen = await alerts.AcknowledgeAsync(actor, id, AlertRules.Of(row!.Kind).ClosesItself, reason is { Length: > 0 } ? Reason(reason) : null, ct)
            ?? throw new SecFlowException(Codes.Conflict, string.IsNullOrEmpty(row.ClosedBy) ? "This alert is closed already." : $"This alert was acknowledged already by {row.ClosedBy}.");
        Tell();
        return seen;
    }

    /// <summary>Keeps alerts of a kind from ringing and from being sent, for a while. Throws SF1501, SF3001, SF3010.</summary>
    /// <param name="actor">Who acts.</param>
    /// <param name="kind">Which alerts.</param>
    /// <param name="subject">About what; empty = all of the kind.</param>
    /// <param name="length">From now on, at most <see cref="LongestSilence"/>.</param>
    /// <param name="reason">1..500 characters.</param>
    /// <param name="ct">Cancels before the commit.</param>
    public async Task<AlertSilence> SilenceAsync(Actor actor, AlertKind kind, string? subject, TimeSpan length, string? reason, CancellationToken ct)
    {
        await RequireAsync(actor, actor.TeamId, "alerts", ct);
        if (AlertRules.Of(kind) is { OfInstallation: true } rule)
        {
            throw new SecFlowException(Codes.RequestInvalid, $"Alerts '{rule.Title}' are the installation's: every team sees them, and none can silence them. An administrator of the installation acknowledges the alert; it does not ring again before its condition has ended.");
        }

        if (length <= TimeSpan.Zero || length > LongestSilence)
        {
            throw new SecFlowException(Codes.RequestInvalid, $"A silence lasts longer than 0 and at most {LongestSilence.TotalDays:0} days. Choose a length in between; it can be begun again.");
        }

        var row = await alerts.SilenceAsync(actor, actor.TeamId, kind, Cut(subject?.Trim() ?? "", MostSubject), time.GetUtcNow() + length, Reason(reason), ct);
        Tell();
        return row;
    }

    /// <summary>Ends a silence; what it covered rings again. Throws SF1502, SF1503, SF3001, SF3010.</summary>
    public async Task<AlertSilence> EndSilenceAsync(Actor actor, Guid id, CancellationToken ct)
    {
        await RequireAsync(actor, (await alerts.FindSilenceAsync(id, ct))?.TeamId, $"silence/{id}", ct);
        var row = await alerts.EndSilenceAsync(actor, id, Message, ct) ?? throw new SecFlowException(Codes.Conflict, "This silence is over already.");
        Tell();
        return row;
    }

    /// <summary>Silences that hold now.</summary>
    public async Task<IReadOnlyList<AlertSilence>> SilencesAsync(Actor actor, CancellationToken ct)
    {
        await access.RequireAsync(actor, Permission.ReadRuns, null, "alerts", ct);
        return await alerts.SilencesAsync(actor.TeamId, ct);
    }

    /// <summary>What the team's webhook is sent; docs/operating.md describes it.</summary>
    internal static string Message(Alert alert) => JsonSerializer.Serialize(new JsonObject
    {
        ["event"] = "alert",
        ["id"] = alert.Id.ToString(),
        ["kind"] = JsonNamingPolicy.SnakeCaseLower.ConvertName(alert.Kind.ToString()),
        ["severity"] = alert.Severity.ToString().ToLowerInvariant(),
        ["subject"] = alert.Subject,
        ["words"] = alert.Words,
        ["page"] = alert.Link,
        ["at"] = alert.FirstAt.UtcDateTime,
    });

    // An alert of the installation is closed by its administrators; one of a team by those who work for it.
    private async Task RequireAsync(Actor actor, Guid? team, string resource, CancellationToken ct)
    {
        await access.RequireAsync(actor, team == Guid.Empty ? Permission.HoldInstallation : Permission.StartRuns, team == Guid.Empty ? null : team, resource, ct);
        if (team is null)
        {
            throw new SecFlowException(Access.NotFound("alert"));
        }
    }

    private static string Reason(string? reason) => reason?.Trim() is { Length: > 0 and <= MostReason } text
        ? text
        : throw new SecFlowException(Codes.RequestInvalid, $"A reason of 1 to {MostReason} characters is needed: everybody who misses the alert sees it.");

    private static string Cut(string text, int most) => text.Length > most ? text[..most] : text;

    private void Tell() => Changed?.Invoke(this, EventArgs.Empty);
}
