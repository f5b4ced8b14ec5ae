using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using SecFlow.Data.Audit;

namespace SecFlow.Data.Tools;

/// <summary>The accepted tools of the installation.</summary>
public sealed class ToolStore(Database database)
{
    public Task<Tool?> FindAsync(string name, CancellationToken ct = default) => database.ReadAsync(db => db.Tools.SingleOrDefaultAsync(tool => tool.Name == name, ct), ct);

    public async Task<IReadOnlyList<Tool>> ListAsync(CancellationToken ct = default) => await database.ReadAsync(db => db.Tools.OrderBy(tool => tool.Name).ToListAsync(ct), ct);

    /// <summary>From now on these bytes are the tool. Of two at once the second changes nothing when they are the same.</summary>
    /// <param name="actor">Who accepts; the system at the first use.</param>
    /// <param name="name">Its name.</param>
    /// <param name="path">Where the file is.</param>
    /// <param name="digest"><c>sha256:hex</c>.</param>
    /// <param name="version">As probed.</param>
    /// <param name="by">Why it is accepted: a person, <c>first use</c>, or the package that brought it.</param>
    /// <param name="ct">Cancels before the commit.</param>
    public Task<Tool> AcceptAsync(Actor actor, string name, string path, string digest, string version, string by, CancellationToken ct = default) => database.WriteAsync(
        async write =>
        {
            var tool = await write.Db.Tools.SingleOrDefaultAsync(row => row.Name == name, ct);
            if (tool?.Digest == digest && tool.FoundDigest is null && tool.Path == path)
            {
                return tool;
            }

            var before = tool is null ? null : Describe(tool);
            tool ??= Add(write, name);
            (tool.Path, tool.Digest, tool.Version, tool.AcceptedBy, tool.AcceptedAt, tool.FoundDigest, tool.FoundAt) = (path, digest, version, by, write.Now, null, null);
            write.Audit(new AuditEntry(actor, "accept.tool", "tool", name, name) { Before = before, After = Describe(tool), Details = new JsonObject { ["by"] = by } });
            return tool;
        },
        ct);

    /// <summary>Keeps that another file was found in the place of the accepted one; the first time it is seen is audited.</summary>
    public Task RefuseAsync(string name, string path, string digest, string code, CancellationToken ct = default) => database.WriteAsync(
        async write =>
        {
            var tool = await write.Db.Tools.SingleAsync(row => row.Name == name, ct);
            if (tool.FoundDigest != digest && tool.Digest != digest)
            {
                (tool.FoundDigest, tool.FoundAt) = (digest, write.Now);
                write.Audit(new AuditEntry(Actor.System(), "refuse.tool", "tool", name, name)
                {
                    Outcome = AuditOutcome.Denied,
                    ReasonCode = code,
                    Details = new JsonObject { ["path"] = path, ["accepted"] = tool.Digest, ["found"] = digest },
                });
            }

            return true;
        },
        ct);

    /// <summary>Sets where the tool is, or (null) lets it be looked for again. What is there must be accepted anew.</summary>
    public Task<Tool> SetPathAsync(Actor actor, string name, string? path, CancellationToken ct = default) => database.WriteAsync(
        async write =>
        {
            var tool = await write.Db.Tools.SingleOrDefaultAsync(row => row.Name == name, ct);
            var before = tool is null ? null : Describe(tool);
            tool ??= Add(write, name);
            tool.SetPath = path;
            write.Audit(new AuditEntry(actor, "set.tool", "tool", name, name) { Before = before, After = Describe(tool) });
            return tool;
        },
        ct);

    private static Tool Add(Write write, string name)
    {
        var tool = new Tool { Id = Guid.CreateVersion7(write.Now), Name = name };
        write.Db.Tools.Add(tool);
        return tool;
    }

    private static JsonObject Describe(Tool tool) => new()
    {
        ["setPath"] = tool.SetPath,
        ["path"] = tool.Path,
        ["digest"] = tool.Digest,
        ["version"] = tool.Version,
        ["acceptedBy"] = tool.AcceptedBy,
    };
}
