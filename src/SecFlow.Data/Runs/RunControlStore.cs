using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using SecFlow.Data.Audit;

namespace SecFlow.Data.Runs;

/// <summary>What a wish came to.</summary>
/// <param name="Done">Whether it is recorded; false = the run was left as it is.</param>
/// <param name="Status">Status of the run, before a wish that was refused and after one that was recorded.</param>
/// <param name="By">Who paused it, when it is paused.</param>
public sealed record RunWish(bool Done, RunStatus Status, string? By)
{
    /// <summary>Nobody executes it: it has to be claimed to go on.</summary>
    public bool Queued => Done && Status == RunStatus.Queued;
}

/// <summary>
/// Wishes of people (and of what acts by itself) about runs that are going on: pause, resume, skip.
/// 1. A wish, its event and its audit event are one transaction that begins with the run's row: a claim, an end or another wish at the same moment comes before or after.
/// 2. <see cref="RunStatus.Paused"/> with a lease: an engine still holds the run, with its node frozen. Without one: nobody does, and nobody claims it before it is resumed.
/// 3. A pause outlives every engine: only a resume or a cancel ends it.
/// </summary>
public sealed class RunControlStore(Database database)
{
    /// <summary>Pauses a queued or running run. One that is paused already changes hands when <paramref name="takeOver"/> says so.</summary>
    public Task<RunWish> PauseAsync(Guid runId, string by, string reason, bool takeOver, AuditEntry audit, CancellationToken ct) => OnRowAsync(
        runId,
        (write, run) =>
        {
            if (run.Status.IsFinal() || run.CancelRequestedAt is not null || (run.Status == RunStatus.Paused && !takeOver))
            {
                return false;
            }

            (run.PauseRequestedAt, run.PauseRequestedBy, run.PauseReason) = (write.Now, by, reason.Length == 0 ? null : reason);
            run.PausedAt ??= write.Now;
            run.Status = RunStatus.Paused;
            write.Audit(audit);
            Event(write, run, "Paused", by, reason);
            return true;
        },
        ct);

    /// <summary>Lets a paused run go on: with the engine that still holds it, else by the queue. With <paramref name="onlyBy"/> only one that this name paused.</summary>
    public Task<RunWish> ResumeAsync(Guid runId, string by, string? onlyBy, AuditEntry audit, CancellationToken ct) => OnRowAsync(
        runId,
        (write, run) =>
        {
            if (run.Status != RunStatus.Paused || (onlyBy is not null && run.PauseRequestedBy != onlyBy))
            {
                return false;
            }

            EndPause(run, write.Now);
            if (run.LeaseUntil is not null)
            {
                run.Status = RunStatus.Running;
            }
            else
            {
                (run.Status, run.LeaseOwner, run.LeaseUntil) = (RunStatus.Queued, null, null);
            }

            write.Audit(audit);
            Event(write, run, run.Status.ToString(), by, "resumed");
            return true;
        },
        ct);

    /// <summary>Records that a node shall be skipped; false when the node or its run has ended, null when there is no such node.</summary>
    public async Task<bool?> SkipAsync(Guid runId, string nodeId, string by, AuditEntry audit, CancellationToken ct)
    {
        bool? found = false;
        var wish = await OnRowAsync(
            runId,
            async (write, run) =>
            {
                var node = await write.Db.NodeRuns.SingleOrDefaultAsync(n => n.RunId == runId && n.NodeId == nodeId, ct);
                found = node is null ? null : false;
                if (node is null || run.Status.IsFinal() || node.Status.IsFinal())
                {
                    return false;
                }

                node.SkipRequestedAt ??= write.Now;
                node.SkipRequestedBy ??= by;
                write.Audit(audit);
                RunWriter.Append(write, run, [new("node.status", nodeId, new JsonObject { ["status"] = "SkipRequested", ["by"] = by }.ToJsonString())]);
                return true;
            },
            ct);
        return wish.Done ? true : found;
    }

    /// <summary>Whether the run came to the queue in an orderly way before it was claimed last (new, resumed, or given back by an engine that stopped), not by the death of its engine.</summary>
    public async Task<bool> WasGivenBackAsync(Guid runId, CancellationToken ct)
    {
        var newest = await database.ReadAsync(
            db => db.RunEvents.Where(e => e.RunId == runId && e.Type == "run.status").OrderByDescending(e => e.Seq).Take(2).Select(e => e.Data).ToListAsync(ct), ct);
        using var data = JsonDocument.Parse(newest.Count < 2 ? "{}" : newest[1]);
        return newest.Count < 2 || (data.RootElement.TryGetProperty("status", out var status) && status.GetString() == nameof(RunStatus.Queued));
    }

    /// <summary>The pause is over: what it took is counted, its wish is forgotten.</summary>
    internal static void EndPause(Run run, DateTimeOffset now)
    {
        if (run.PausedAt is { } since && run.StartedAt is not null && now > since)
        {
            run.PausedSeconds += (now - since).TotalSeconds;
        }

        (run.PausedAt, run.PauseRequestedAt, run.PauseRequestedBy, run.PauseReason) = (null, null, null, null);
    }

    private static void Event(Write write, Run run, string status, string by, string reason) =>
        RunWriter.Append(write, run, [new("run.status", null, new JsonObject { ["status"] = status, ["by"] = by, ["reason"] = reason }.ToJsonString())]);

    private Task<RunWish> OnRowAsync(Guid runId, Func<Write, Run, bool> change, CancellationToken ct) => OnRowAsync(runId, (write, run) => Task.FromResult(change(write, run)), ct);

    private Task<RunWish> OnRowAsync(Guid runId, Func<Write, Run, Task<bool>> change, CancellationToken ct) => database.WriteAsync(
        async write =>
        {
            var run = await RunStore.TakeAsync(write, runId, ct);
            return new RunWish(await change(write, run), run.Status, run.PauseRequestedBy);
        },
        ct);
}
