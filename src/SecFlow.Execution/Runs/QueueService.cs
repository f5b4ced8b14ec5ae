using System.Text.RegularExpressions;
using SecFlow.Data.Audit;
using SecFlow.Data.Runs;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Teams;

namespace SecFlow.Execution.Runs;

/// <summary>The queue as a team sees it.</summary>
/// <param name="Places">The team's waiting runs, next first.</param>
/// <param name="OfOthers">Waiting runs of other teams.</param>
/// <param name="AtWork">Runs at work in the whole installation.</param>
/// <param name="Slots">Worker slots that this engine has.</param>
/// <param name="Limits">Limits that count for the team.</param>
/// <param name="RunsPerTeam">Runs of a team at the same time, where no limit says otherwise.</param>
public sealed record QueueView(IReadOnlyList<QueuePlace> Places, int OfOthers, int AtWork, int Slots, IReadOnlyList<QueueLimit> Limits, int RunsPerTeam);

/// <summary>
/// The queue for people and clients: where a run stands and why it waits, its priority, the limits.
/// 1. A team sees its own runs; of others only how many there are.
/// 2. Who may start runs may change the priority of the team's runs. Limits are set by administrators of the installation: they protect what all teams share.
/// </summary>
public sealed partial class QueueService(QueueStore queue, RunStore runs, RunWorkerOptions options, Access access, RunSignals signals)
{
    /// <summary>Most that a limit may say.</summary>
    public const int MostLimit = 1000;

    public async Task<QueueView> ViewAsync(Actor actor, CancellationToken ct)
    {
        await access.RequireAsync(actor, Permission.ReadRuns, null, "queue", ct);
        var snapshot = await queue.SnapshotAsync(ct);
        var places = QueueForecast.Of(snapshot, options.RunsPerTeam, options.Slots);
        return new QueueView(
            [.. places.Where(p => p.Run.TeamId == actor.TeamId)],
            places.Count(p => p.Run.TeamId != actor.TeamId),
            snapshot.AtWork.Count,
            options.Slots,
            [.. snapshot.Limits.Where(l => l.TeamId == actor.TeamId || l.TeamId == Guid.Empty).OrderBy(l => l.PluginId, StringComparer.Ordinal).ThenBy(l => l.TeamId)],
            options.RunsPerTeam);
    }

    /// <summary>Sets the priority (0 lowest .. 9) of a run that waits. Throws SF1501, SF1502, SF1322 for one that has begun or ended.</summary>
    public async Task<Run> SetPriorityAsync(Actor actor, Guid runId, int? priority, CancellationToken ct)
    {
        var run = await runs.FindAsync(runId, ct);
        await access.RequireAsync(actor, Permission.StartRuns, run?.TeamId, $"run/{runId}", ct);
        if (run is null)
        {
            throw new SecFlowException(Access.NotFound("run"));
        }

        if (priority is not (>= 0 and <= 9))
        {
            throw new SecFlowException(new Diagnostic(Codes.RequestInvalid, $"priority {priority?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "is missing"}: 0 (lowest) to 9 was expected.") { Path = "$.priority" });
        }

        var changed = await queue.SetPriorityAsync(actor, runId, priority.Value, ct)
            ?? throw new SecFlowException(Codes.NotWaiting, $"The run does not wait any more: it is {((await runs.FindAsync(runId, ct)) ?? run).Status}. A priority counts only while a run waits.");
        signals.Notify(changed.TeamId, changed.Id);
        return changed;
    }

    /// <summary>Sets a limit, or removes it with null. Throws SF1321 with every problem at once, SF1502 when there is none to remove.</summary>
    /// <param name="actor">An administrator of the installation.</param>
    /// <param name="allTeams">For the runs of all teams together; otherwise for those of the actor's team.</param>
    /// <param name="pluginId">Only for runs with a node of this plugin; null or empty = every run of the team.</param>
    /// <param name="mostRuns">1..1000.</param>
    /// <param name="ct">Cancels before the commit.</param>
    public async Task<QueueLimit> SetLimitAsync(Actor actor, bool allTeams, string? pluginId, int? mostRuns, CancellationToken ct)
    {
        await access.RequireAsync(actor, Permission.ManageQueue, null, "limit", ct);
        var plugin = pluginId?.Trim() ?? "";
        var problems = new List<Diagnostic>();
        if (mostRuns is < 1 or > MostLimit)
        {
            problems.Add(new(Codes.QueueLimitInvalid, $"A limit of {mostRuns} runs: 1 to {MostLimit} was expected. To let nothing run, hold the work instead.") { Path = "$.mostRuns" });
        }

        if (plugin.Length > 100 || (plugin.Length > 0 && !PluginId().IsMatch(plugin)))
        {
            problems.Add(new(Codes.QueueLimitInvalid, $"'{(plugin.Length > 60 ? plugin[..60] + "..." : plugin)}' is not the id of a plugin; one such as scan.nuclei was expected.") { Path = "$.plugin" });
        }

        if (allTeams && plugin.Length == 0)
        {
            problems.Add(new(Codes.QueueLimitInvalid, "A limit for all teams names a plugin. How many runs are at work altogether is the number of worker slots.") { Path = "$.plugin" });
        }

        if (problems.Count > 0)
        {
            throw new SecFlowException(problems);
        }

        var limit = await queue.SetLimitAsync(actor, allTeams ? Guid.Empty : actor.TeamId, plugin, mostRuns, ct) ?? throw new SecFlowException(Access.NotFound("limit"));
        signals.NotifyAll(limit.TeamId);
        return limit;
    }

    [GeneratedRegex(@"\A[a-z][a-z0-9]*(\.[a-z][a-z0-9-]*)+\z", RegexOptions.None, 1000)]
    private static partial Regex PluginId();
}
