using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using SecFlow.Data.Audit;

namespace SecFlow.Data.Resources;

/// <summary>Imported resources of the installation. A version is added once and stays.</summary>
public sealed class ResourceStore(Database database)
{
    /// <summary>By type and name, newest import first.</summary>
    public async Task<IReadOnlyList<Resource>> ListAsync(CancellationToken ct = default) => await database.ReadAsync(
        db => db.Resources.OrderBy(row => row.Type).ThenBy(row => row.Name).ThenByDescending(row => row.ImportedAt).ToListAsync(ct), ct);

    /// <summary>That version, or the newest import when <paramref name="version"/> is null; null when there is none.</summary>
    public Task<Resource?> FindAsync(string type, string name, string? version, CancellationToken ct = default) => database.ReadAsync(
        db => db.Resources.Where(row => row.Type == type && row.Name == name && (version == null || row.Version == version)).OrderByDescending(row => row.ImportedAt).FirstOrDefaultAsync(ct), ct);

    /// <summary>Stores a version; sets id, time and importer. The same bytes under the same label are answered as they are; other bytes under it are a <see cref="ConflictException"/>.</summary>
    public Task<Resource> AddAsync(Actor actor, Resource resource, CancellationToken ct = default) => database.WriteAsync(
        async write =>
        {
            if (await write.Db.Resources.FirstOrDefaultAsync(row => row.Type == resource.Type && row.Name == resource.Name && row.Version == resource.Version, ct) is { } known)
            {
                return known.Digest == resource.Digest ? known : throw new ConflictException($"There is a version '{known.Version}' with other content already.");
            }

            resource.Id = Guid.CreateVersion7(write.Now);
            resource.ImportedAt = write.Now;
            resource.ImportedBy = actor.Name;
            write.Db.Resources.Add(resource);
            write.Audit(new AuditEntry(actor, "import.resource", "resource", resource.Digest, $"res://{resource.Type}/{resource.Name}:{resource.Version}")
            {
                After = new JsonObject { ["digest"] = resource.Digest, ["size"] = resource.Size, ["entries"] = resource.Entries, ["dataDate"] = resource.DataDate, ["origin"] = resource.Origin },
            });
            return resource;
        },
        ct);
}
