using System.Text.Json.Nodes;
using SecFlow.Data.Audit;
using SecFlow.Data.Schedules;
using SecFlow.Data.Targets;
using SecFlow.Data.Teams;
using SecFlow.Data.Workflows;
using SecFlow.Execution;
using SecFlow.Execution.Schedules;
using SecFlow.Execution.Targets;
using SecFlow.Execution.Workflows;

namespace SecFlow.Portal.Demo;

/// <summary>What is there of the demo and goes with it, by name.</summary>
public sealed record DemoContents(IReadOnlyList<Target> Targets, IReadOnlyList<Workflow> Workflows, IReadOnlyList<Schedule> Schedules)
{
    public bool Any => Targets.Count + Workflows.Count + Schedules.Count > 0;
}

/// <summary>
/// Takes the demo away.
/// 1. The decision is recorded first, with its audit event; the rest may be done any number of times, and a start finishes what a stop left.
/// 2. Target and workflow are archived, the schedules that name the target deleted, the demo's plugins revoked and deleted with their rule and key.
/// 3. Runs, findings and audit events stay: they are a record of what was done, and audit events are never deleted.
/// </summary>
public sealed class DemoRemoval(TargetService targets, WorkflowService workflows, ScheduleService schedules, DemoPlugins plugins, FirstStepStore steps, EngineOptions options)
{
    /// <summary>Tells <c>./start</c> that no demo target is needed any more.</summary>
    public const string MarkFile = "demo-removed";

    public async Task<DemoContents> FindAsync(Actor actor, CancellationToken ct)
    {
        var mine = (await targets.ListAsync(actor, ct)).Where(t => t.Name == DemoSetup.TargetName).ToList();
        return new DemoContents(
            mine,
            [.. (await workflows.ListAsync(actor, ct)).Where(w => w.Name == DemoSetup.WorkflowName || DemoAttempt.All.Any(a => a.WorkflowName == w.Name))],
            [.. (await schedules.ListAsync(actor, ct)).Where(s => mine.Any(t => Names(s, t.Id)))]);
    }

    /// <summary>Records that the demo is removed, then removes it. The caller has asked whether the actor may.</summary>
    public async Task RemoveAsync(Actor actor, Team team, CancellationToken ct)
    {
        var contents = await FindAsync(actor, ct);
        await steps.RecordAsync(
            actor,
            new FirstStep { Kind = FirstStepKind.RemoveDemo },
            new AuditEntry(actor, "remove.demo", "team", team.Id.ToString(), team.Name)
            {
                Before = new JsonObject
                {
                    ["targets"] = Array(contents.Targets.Select(t => t.Value)),
                    ["workflows"] = Array(contents.Workflows.Select(w => w.Name)),
                    ["schedules"] = Array(contents.Schedules.Select(s => s.Name)),
                    ["plugins"] = Array([DemoPlugins.Altered, DemoPlugins.Stray, DemoPlugins.Loop]),
                },
            },
            ct);

        // From here on a stop is finished by the next start, whatever the circuit of the page does.
        await FinishAsync(Actor.System(team.Id, "set-up"), CancellationToken.None);
    }

    /// <summary>Removes what is still there.</summary>
    public async Task FinishAsync(Actor actor, CancellationToken ct)
    {
        var contents = await FindAsync(actor, ct);
        foreach (var schedule in contents.Schedules)
        {
            await schedules.DeleteAsync(actor, schedule.Id, ct);
        }

        foreach (var workflow in contents.Workflows)
        {
            await workflows.ArchiveAsync(actor, workflow.Id, ct);
        }

        foreach (var target in contents.Targets)
        {
            await targets.ArchiveAsync(actor, target.Id, ct);
        }

        await plugins.RemoveAsync(actor, ct);
        await File.WriteAllTextAsync(Path.Combine(options.DataFolder, MarkFile), "The demo of this installation was removed. ./start starts no demo target while this file is here.\n", ct);
    }

    public async Task RemoveSchedulesAsync(Actor actor, Guid target, CancellationToken ct)
    {
        foreach (var schedule in (await schedules.ListAsync(actor, ct)).Where(s => Names(s, target)))
        {
            await schedules.DeleteAsync(actor, schedule.Id, ct);
        }
    }

    private static bool Names(Schedule schedule, Guid target) => schedule.TargetIds.Contains(target.ToString(), StringComparison.OrdinalIgnoreCase);

    private static JsonArray Array(IEnumerable<string> values) => [.. values.Select(v => (JsonNode)v)];
}
