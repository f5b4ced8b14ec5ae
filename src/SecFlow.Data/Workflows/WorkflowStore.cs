using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using SecFlow.Data.Audit;

namespace SecFlow.Data.Workflows;

/// <summary>Workflows of a team and their versions. A version is never changed; its number is given under the row lock of its workflow.</summary>
public sealed class WorkflowStore(Database database)
{
    /// <summary>
    /// Saves a valid recipe under its name in the actor's team: a new workflow, or the next version of the one with this name. The same text as the newest
    /// version answers that version and changes nothing.
    /// </summary>
    public Task<(Workflow Workflow, WorkflowVersion Version)> SaveAsync(Actor actor, string name, string description, string recipe, CancellationToken ct = default) => database.WriteAsync(
        async write =>
        {
            var digest = DigestOf(recipe);
            var workflow = await LockByNameAsync(write, actor.TeamId, name, ct);
            if (workflow is null)
            {
                workflow = new Workflow { Id = Guid.CreateVersion7(write.Now), TeamId = actor.TeamId, Name = name, CreatedAt = write.Now };
                write.Db.Workflows.Add(workflow);
            }
            else
            {
                var newest = await write.Db.WorkflowVersions.AsNoTracking().SingleAsync(row => row.WorkflowId == workflow.Id && row.Version == workflow.CurrentVersion, ct);
                if (newest.Digest == digest)
                {
                    return (workflow, newest);
                }
            }

            workflow.CurrentVersion++;
            workflow.Description = description;
            workflow.UpdatedAt = write.Now;
            var version = new WorkflowVersion
            {
                Id = Guid.CreateVersion7(write.Now),
                TeamId = actor.TeamId,
                WorkflowId = workflow.Id,
                Version = workflow.CurrentVersion,
                Recipe = recipe,
                Digest = digest,
                CreatedBy = actor.Name,
                CreatedAt = write.Now,
            };
            write.Db.WorkflowVersions.Add(version);
            write.Audit(new AuditEntry(actor, "save.workflow", "workflow", workflow.Id.ToString(), name)
            {
                After = new JsonObject { ["version"] = version.Version, ["recipe"] = digest },
            });
            return (workflow, version);
        },
        ct);

    /// <summary>Workflows by name, without archived ones.</summary>
    public async Task<IReadOnlyList<Workflow>> ListAsync(Guid teamId, CancellationToken ct = default) =>
        await database.ReadAsync(db => db.Workflows.Where(row => row.TeamId == teamId && row.ArchivedAt == null).OrderBy(row => row.Name).ToListAsync(ct), ct);

    public Task<Workflow?> FindAsync(Guid teamId, Guid workflowId, CancellationToken ct = default) =>
        database.ReadAsync(db => db.Workflows.SingleOrDefaultAsync(row => row.TeamId == teamId && row.Id == workflowId, ct), ct);

    public Task<Workflow?> FindByNameAsync(Guid teamId, string name, CancellationToken ct = default) =>
        database.ReadAsync(db => db.Workflows.SingleOrDefaultAsync(row => row.TeamId == teamId && row.Name == name && row.ArchivedAt == null, ct), ct);

    /// <summary>The newest version of a workflow; null when the team has no such workflow.</summary>
    public Task<WorkflowVersion?> FindCurrentVersionAsync(Guid teamId, Guid workflowId, CancellationToken ct = default) => database.ReadAsync(
        db => db.WorkflowVersions.Where(row => row.TeamId == teamId && row.WorkflowId == workflowId).OrderByDescending(row => row.Version).FirstOrDefaultAsync(ct), ct);

    public Task<WorkflowVersion?> FindVersionAsync(Guid teamId, Guid versionId, CancellationToken ct = default) =>
        database.ReadAsync(db => db.WorkflowVersions.SingleOrDefaultAsync(row => row.TeamId == teamId && row.Id == versionId, ct), ct);

    /// <summary>All versions of a workflow, newest first.</summary>
    public async Task<IReadOnlyList<WorkflowVersion>> ListVersionsAsync(Guid teamId, Guid workflowId, CancellationToken ct = default) => await database.ReadAsync(
        db => db.WorkflowVersions.Where(row => row.TeamId == teamId && row.WorkflowId == workflowId).OrderByDescending(row => row.Version).ToListAsync(ct), ct);

    /// <summary>Takes a workflow of the actor's team out of use; false when there is none.</summary>
    public Task<bool> ArchiveAsync(Actor actor, Guid workflowId, CancellationToken ct = default) => database.WriteAsync(
        async write =>
        {
            var workflow = await write.Db.Workflows.SingleOrDefaultAsync(row => row.TeamId == actor.TeamId && row.Id == workflowId && row.ArchivedAt == null, ct);
            if (workflow is null)
            {
                return false;
            }

            workflow.ArchivedAt = write.Now;
            write.Audit(new AuditEntry(actor, "archive.workflow", "workflow", workflow.Id.ToString(), workflow.Name));
            return true;
        },
        ct);

    /// <summary><c>sha256:hex</c> of the UTF-8 text.</summary>
    public static string DigestOf(string recipe) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(recipe)));

    private static async Task<Workflow?> LockByNameAsync(Write write, Guid teamId, string name, CancellationToken ct)
    {
        var rows = write.Db.Workflows.Where(row => row.TeamId == teamId && row.Name == name && row.ArchivedAt == null);
        // An update that changes nothing locks the row on PostgreSQL until the transaction ends; SQLite has one writer anyway.
        return await rows.ExecuteUpdateAsync(set => set.SetProperty(row => row.Name, name), ct) == 0 ? null : await rows.SingleAsync(ct);
    }
}
