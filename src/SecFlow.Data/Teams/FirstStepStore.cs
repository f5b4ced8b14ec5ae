using Microsoft.EntityFrameworkCore;
using SecFlow.Data.Audit;

namespace SecFlow.Data.Teams;

/// <summary>Where a team is in its first steps: one row for each step that was taken.</summary>
public sealed class FirstStepStore(Database database)
{
    public async Task<IReadOnlyList<FirstStep>> ListAsync(Guid teamId, CancellationToken ct = default) =>
        await database.ReadAsync(db => db.FirstSteps.Where(row => row.TeamId == teamId).OrderBy(row => row.At).ToListAsync(ct), ct);

    /// <summary>Records a step of the actor's team; a step that is taken again replaces its earlier row.</summary>
    /// <param name="actor">Who took it; its team is the row's.</param>
    /// <param name="step">What is stored; team, time and person are set here.</param>
    /// <param name="audit">An event of the same transaction, when the step itself is an act that must be proven.</param>
    /// <param name="ct">Cancels.</param>
    public Task RecordAsync(Actor actor, FirstStep step, AuditEntry? audit = null, CancellationToken ct = default) => database.WriteAsync(
        async write =>
        {
            var row = await write.Db.FirstSteps.SingleOrDefaultAsync(r => r.TeamId == actor.TeamId && r.Kind == step.Kind, ct);
            if (row is null)
            {
                row = new FirstStep { TeamId = actor.TeamId, Kind = step.Kind };
                write.Db.FirstSteps.Add(row);
            }

            (row.At, row.By, row.RunId, row.SubjectId) = (write.Now, actor.Name, step.RunId, step.SubjectId);
            row.Detail = step.Detail.Length > 1000 ? step.Detail[..1000] : step.Detail;
            if (audit is not null)
            {
                write.Audit(audit);
            }
        },
        ct);

    /// <summary>Forgets a step of the actor's team; false when there is none.</summary>
    public Task<bool> RemoveAsync(Actor actor, FirstStepKind kind, CancellationToken ct = default) => database.WriteAsync(
        async write => await write.Db.FirstSteps.Where(row => row.TeamId == actor.TeamId && row.Kind == kind).ExecuteDeleteAsync(ct) > 0, ct);
}
