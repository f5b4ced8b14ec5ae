using System.Text.Json.Nodes;
using SecFlow.Data.Audit;
using SecFlow.Data.Targets;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Teams;

namespace SecFlow.Execution.Targets;

/// <summary>An accepted archive. <paramref name="Value"/> is the value of a folder target.</summary>
public sealed record UploadedArchive(string Value, int Files, long Bytes);

/// <summary>
/// Uploaded archives of the teams, extracted in the data folder under the digest of their content.
/// An archive that no target in use names is removed a day after its upload, with the next upload of the team.
/// </summary>
public sealed class TargetArchives(TargetFolders folders, TargetStore targets, Access access, AuditLog audit, TimeProvider time)
{
    /// <summary>Most bytes of an upload.</summary>
    public const long MostUploadBytes = 64L * 1024 * 1024;

    private const string Incoming = ".incoming-";
    private static readonly TimeSpan _unused = TimeSpan.FromDays(1);

    /// <summary>Extracts and keeps an archive. Role Admin. Throws SF1406 with what is wrong, SF1504 when it is too large.</summary>
    public async Task<UploadedArchive> UploadAsync(Actor actor, Stream content, CancellationToken ct)
    {
        await access.RequireAsync(actor, Permission.EditTargets, null, "archive", ct);
        var home = Directory.CreateDirectory(folders.ArchivesOf(actor.TeamId)).FullName;
        await SweepAsync(actor.TeamId, home, ct);
        var incoming = Path.Combine(home, Incoming + Guid.NewGuid().ToString("N"));
        try
        {
            await using var file = new FileStream(incoming + ".upload", new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Options = FileOptions.DeleteOnClose | FileOptions.Asynchronous });
            await CopyAsync(content, file, ct);
            Directory.CreateDirectory(incoming);
            var extracted = await Task.Run(() => ArchiveReader.Extract(file, incoming, ct), ct);
            var place = Path.Combine(home, extracted.Digest);
            if (Directory.Exists(place))
            {
                // The same content is there already; its time begins anew.
                Directory.SetLastWriteTimeUtc(place, time.GetUtcNow().UtcDateTime);
            }
            else
            {
                Directory.Move(incoming, place);
            }

            var value = TargetFolders.ArchivePrefix + extracted.Digest;
            await audit.AppendAsync(
                new AuditEntry(actor, "upload.archive", "archive", extracted.Digest, value) { Details = new JsonObject { ["files"] = extracted.Files, ["bytes"] = extracted.Bytes } }, ct);
            return new UploadedArchive(value, extracted.Files, extracted.Bytes);
        }
        catch (IOException e) when (e is not EndOfStreamException)
        {
            throw new SecFlowException(Codes.StorageFailed, $"The archive could not be stored: {e.Message}", e);
        }
        finally
        {
            Remove(incoming);
        }
    }

    private static async Task CopyAsync(Stream content, FileStream file, CancellationToken ct)
    {
        var piece = new byte[80 * 1024];
        int got;
        while ((got = await content.ReadAsync(piece, ct)) > 0)
        {
            if (file.Length + got > MostUploadBytes)
            {
                throw new SecFlowException(Codes.RequestTooLarge, $"The archive is larger than {MostUploadBytes >> 20} MiB. Leave out what need not be looked at, or have a folder of the machine allowed.");
            }

            await file.WriteAsync(piece.AsMemory(0, got), ct);
        }

        await file.FlushAsync(ct);
    }

    private async Task SweepAsync(Guid teamId, string home, CancellationToken ct)
    {
        var used = (await targets.ListAsync(teamId, ct: ct)).Where(target => target.Kind == TargetKind.Folder).Select(target => target.Value).ToHashSet(StringComparer.Ordinal);
        var before = (time.GetUtcNow() - _unused).UtcDateTime;
        foreach (var folder in new DirectoryInfo(home).EnumerateDirectories().Where(folder => folder.LastWriteTimeUtc < before && !used.Contains(TargetFolders.ArchivePrefix + folder.Name)).ToList())
        {
            Remove(folder.FullName);
        }
    }

    private static void Remove(string folder)
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
