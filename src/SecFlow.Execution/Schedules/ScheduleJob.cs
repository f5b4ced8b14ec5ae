using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Quartz;
using SecFlow.Data.Audit;
using SecFlow.Data.Runs;
using SecFlow.Data.Schedules;
using SecFlow.Data.Teams;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Metrics;
using SecFlow.Execution.Runs;

namespace SecFlow.Execution.Schedules;

/// <summary>
/// A schedule fires: its run is accepted by the same checks as a person's, with the schedule as actor on behalf of its owner.
/// It may what its owner may at that moment. A refusal (authorisation lapsed, workflow gone, plugin not installed) starts nothing, stands on the schedule and in the audit log.
/// One firing starts one run, also when Quartz fires it again after a crash: its time is the idempotency key.
/// </summary>
public sealed class ScheduleFiring(ScheduleStore schedules, RunService runs, RunGate gate, AuditLog audit, SecFlowMeter meter, TimeProvider time, ILogger<ScheduleFiring> logger)
{
    /// <param name="scheduleId">Which schedule.</param>
    /// <param name="due">When it should have fired.</param>
    /// <param name="next">When it fires next.</param>
    /// <param name="ct">Stops the work.</param>
    public async Task<Run?> FireAsync(Guid scheduleId, DateTimeOffset due, DateTimeOffset? next, CancellationToken ct)
    {
        if (await schedules.FindForFiringAsync(scheduleId, ct) is not { Enabled: true } schedule)
        {
            return null;
        }

        var now = time.GetUtcNow();
        meter.ScheduleLateness(now - due);
        var actor = new Actor(ActorKind.Schedule, schedule.Id.ToString(), $"{schedule.Name} (for {schedule.Owner})", schedule.TeamId, await gate.RoleOfAsync(schedule.TeamId, schedule.OwnerKind, schedule.OwnerId, ct));
        try
        {
            var run = await runs.StartAsync(
                actor,
                new StartRun(schedule.WorkflowId, [.. schedule.TargetIds.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(Guid.Parse)], RunTrigger.Schedule)
                {
                    ScheduleId = schedule.Id,
                    TargetTags = schedule.TargetTags.Split(' ', StringSplitOptions.RemoveEmptyEntries),
                    Parameters = JsonNode.Parse(schedule.Parameters) as JsonObject ?? [],
                    IdempotencyKey = $"schedule/{schedule.Id}/{due.UtcTicks}",
                },
                ct);
            await schedules.RecordFiringAsync(schedule.Id, now, next, null, ct);
            return run;
        }
        catch (SecFlowException refusal)
        {
            var words = string.Join(" ", refusal.Diagnostics.Take(5).Select(d => d.ToString()));
            logger.LogWarning("The schedule {ScheduleId} started nothing: {Reason}", schedule.Id, words);
            if (Codes.CategoryOf(refusal.Code) == DiagnosticCategory.Input)
            {
                // Whatever policy and trust refuse is recorded where every start is judged.
                await audit.AppendAsync(
                    new AuditEntry(actor, "refuse.schedule", "schedule", schedule.Id.ToString(), schedule.Name)
                    {
                        Outcome = AuditOutcome.Denied,
                        ReasonCode = refusal.Code,
                        OnBehalfOf = schedule.Owner,
                        Details = new JsonObject { ["reason"] = words, ["due"] = due.ToString("O") },
                    },
                    ct);
            }

            await schedules.RecordFiringAsync(schedule.Id, now, next, words.Length > 1000 ? words[..1000] : words, ct);
            return null;
        }
    }
}

/// <summary>Quartz's side of a firing.</summary>
public sealed class ScheduleJob(ScheduleFiring firing) : IJob
{
    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken = default) => await firing.FireAsync(
        Guid.Parse(context.Trigger.Key.Name),
        context.ScheduledFireTimeUtc ?? context.FireTimeUtc,
        context.NextFireTimeUtc,
        cancellationToken);
}
