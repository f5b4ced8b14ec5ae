using System.Text.Json.Nodes;
using SecFlow.Data.Audit;
using SecFlow.Data.Runs;

namespace SecFlow.Execution.Runs;

/// <summary>What shall run.</summary>
public sealed record StartRun(Guid WorkflowId, IReadOnlyList<Guid> TargetIds, RunTrigger Trigger)
{
    public JsonObject Parameters { get; init; } = [];

    public Guid? ScheduleId { get; init; }

    public string? IdempotencyKey { get; init; }

    public int Priority { get; init; } = 5;
}

/// <summary>A run with everything that its page shows first.</summary>
public sealed record RunDetail(Run Run, IReadOnlyList<NodeRun> Nodes, IReadOnlyList<Assessment> Assessments, string Recipe);

/// <summary>Accepting, reading and cancelling runs. The same checks for portal, API, CLI and schedule.</summary>
public sealed class RunService
{
    /// <summary>Checks role, recipe, plugins, targets and authorisation, commits the run row with its audit event, then wakes the queue. The same idempotency key gives the same run.</summary>
    public Task<Run> StartAsync(Actor actor, StartRun request, CancellationToken ct) => throw new NotSupportedException();

    /// <summary>Asks the run to stop; its process tree is dead within 2 s and its status is Cancelled.</summary>
    public Task CancelAsync(Actor actor, Guid runId, CancellationToken ct) => throw new NotSupportedException();

    public Task<RunDetail> GetAsync(Actor actor, Guid runId, CancellationToken ct) => throw new NotSupportedException();

    /// <summary>Newest first.</summary>
    public Task<IReadOnlyList<Run>> ListAsync(Actor actor, int skip, int take, CancellationToken ct) => throw new NotSupportedException();

    /// <summary>Stored events after a sequence number, at most <paramref name="take"/>.</summary>
    public Task<IReadOnlyList<RunEvent>> EventsAsync(Actor actor, Guid runId, long afterSeq, int take, CancellationToken ct) => throw new NotSupportedException();
}

/// <summary>Wakes readers when something about a run was committed. Carries no data: readers read what is stored.</summary>
public sealed class RunSignals
{
    /// <summary>Calls back after commits that concern the run (or any run of the team when <paramref name="runId"/> is null), coalesced. Dispose to stop.</summary>
    public IDisposable Subscribe(Guid teamId, Guid? runId, Action callback) => throw new NotSupportedException();

    public void Notify(Guid teamId, Guid runId) => throw new NotSupportedException();
}
