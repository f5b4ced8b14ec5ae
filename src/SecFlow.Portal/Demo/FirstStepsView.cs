using SecFlow.Data.Audit;
using SecFlow.Data.Runs;
using SecFlow.Data.Schedules;
using SecFlow.Data.Teams;
using SecFlow.Execution.Runs;

namespace SecFlow.Portal.Demo;

/// <summary>Where a team is in its first steps.</summary>
/// <param name="Taken">Steps that were taken.</param>
/// <param name="Runs">Their runs.</param>
/// <param name="Proofs">Audit events that record how the attempts ended.</param>
/// <param name="Schedule">The weekly schedule, while it is there.</param>
/// <param name="Demo">What is there of the demo.</param>
public sealed record FirstStepsView(
    IReadOnlyDictionary<FirstStepKind, FirstStep> Taken,
    IReadOnlyDictionary<FirstStepKind, RunDetail> Runs,
    IReadOnlyDictionary<FirstStepKind, AuditEvent> Proofs,
    Schedule? Schedule,
    DemoContents Demo)
{
    /// <summary>The places of the list, in order.</summary>
    public static IReadOnlyList<FirstStepPlace> Places { get; } = Enum.GetValues<FirstStepPlace>();

    public bool Dismissed => Taken.ContainsKey(FirstStepKind.Dismissed);

    public bool Removed => Taken.ContainsKey(FirstStepKind.RemoveDemo);

    /// <summary>True when the overview has nothing to say about it any more. With the demo its steps have gone too.</summary>
    public bool Finished => Removed;

    public int DoneCount => Places.Count(IsDone);

    /// <summary>The first place that is not done; null when all are.</summary>
    public FirstStepPlace? Current => Places.Where(p => !IsDone(p)).Select(p => (FirstStepPlace?)p).FirstOrDefault();

    public bool IsDone(FirstStepPlace place) => place switch
    {
        FirstStepPlace.Scan => IsEnded(FirstStepKind.ScanDemo) && Runs[FirstStepKind.ScanDemo].Run.Status is RunStatus.Succeeded or RunStatus.Partial,
        FirstStepPlace.Break => DemoAttempt.All.All(a => IsEnded(a.Kind)),
        FirstStepPlace.Own => IsEnded(FirstStepKind.ScanOwn),
        FirstStepPlace.Schedule => Taken.ContainsKey(FirstStepKind.Schedule),
        FirstStepPlace.Verify => Taken.ContainsKey(FirstStepKind.VerifyLog),
        _ => Removed,
    };

    public bool IsEnded(FirstStepKind kind) => Runs.TryGetValue(kind, out var detail) && detail.Run.Status.IsFinal();
}

/// <summary>A place in the list.</summary>
public enum FirstStepPlace
{
    Scan,
    Break,
    Own,
    Schedule,
    Verify,
    Remove,
}
