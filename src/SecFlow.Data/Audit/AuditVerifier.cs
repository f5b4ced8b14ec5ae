using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;

namespace SecFlow.Data.Audit;

/// <summary>
/// Checks the whole log.
/// 1. Sequence: 1, 2, 3, ... without a gap.
/// 2. Link: each event's <c>prevHash</c> is the hash of the one before.
/// 3. Hash: SHA-256(prevHash || canonical).
/// 4. Columns: what the pages show is what was hashed.
/// 5. Checkpoints: each note of the file and of the table opens under the public key, and the log has that hash at that length. Checkpoints are read before the events,
///    so that none speaks of an event that is not read.
/// </summary>
internal static class AuditVerifier
{
    private const int PageRows = 1000;

    public static async Task<AuditVerification> RunAsync(SecFlowContext db, AuditFiles files, CancellationToken ct)
    {
        var (checkpoints, trouble) = await ReadCheckpointsAsync(db, files, ct);
        var chain = new ChainCheck(checkpoints);
        while (chain.Broken is null)
        {
            var after = chain.Seq;
            var page = await db.AuditEvents.Where(row => row.Seq > after).OrderBy(row => row.Seq).Take(PageRows).ToListAsync(ct);
            if (page.Count == 0)
            {
                break;
            }

            foreach (var row in page.TakeWhile(_ => chain.Broken is null))
            {
                chain.Next(row);
            }
        }

        chain.End();
        var reason = chain.Broken?.Reason ?? trouble;
        return new AuditVerification(reason is null, chain.Seq, checkpoints.Count, chain.Broken?.Seq, reason);
    }

    private static async Task<(IReadOnlyList<CheckpointNote> Notes, string? Trouble)> ReadCheckpointsAsync(SecFlowContext db, AuditFiles files, CancellationToken ct)
    {
        // Table before file: a checkpoint reaches the file first.
        var table = await db.AuditCheckpoints.OrderBy(row => row.Size).ToListAsync(ct);
        var file = File.Exists(files.Checkpoints) ? CheckpointNote.Split(await File.ReadAllTextAsync(files.Checkpoints, ct)) : [];
        if (table.Count == 0 && file.Count == 0)
        {
            return ([], null);
        }

        ECDsa? key;
        try
        {
            key = AuditCheckpointKey.OpenPublic(files);
        }
        catch (Exception error) when (error is ArgumentException or CryptographicException)
        {
            return ([], $"The public key {Path.GetFileName(files.PublicKey)} cannot be read: {error.Message}");
        }

        if (key is null)
        {
            return ([], $"There are checkpoints but no public key to check them: {Path.GetFileName(files.PublicKey)} is missing. Restore it from a backup.");
        }

        using (key)
        {
            return OpenNotes(table, file, key);
        }
    }

    private static (IReadOnlyList<CheckpointNote> Notes, string? Trouble) OpenNotes(List<AuditCheckpoint> table, IReadOnlyList<string> file, ECDsa key)
    {
        var notes = new List<CheckpointNote>();
        string? trouble = null;
        foreach (var text in file)
        {
            if (CheckpointNote.Open(text, key) is { } note)
            {
                notes.Add(note);
            }
            else
            {
                trouble ??= "The checkpoint file holds a note that was not signed by this installation's key: it was edited or damaged.";
            }
        }

        var inFile = file.ToHashSet(StringComparer.Ordinal);
        foreach (var row in table)
        {
            var note = CheckpointNote.Open(row.Note, key);
            if (note is null || note.Size != row.Size || !note.Root.AsSpan().SequenceEqual(row.Root) || note.Time.UtcTicks != row.Time.UtcTicks)
            {
                trouble ??= $"The stored checkpoint of {row.Size} events was not signed by this installation's key: it was edited.";
            }
            else if (!inFile.Contains(row.Note))
            {
                // Still used below: it is signed.
                notes.Add(note);
                trouble ??= $"The checkpoint of {row.Size} events is missing in the checkpoint file: the file was shortened or lost. Restore it from a backup.";
            }
        }

        return ([.. notes.OrderBy(note => note.Size)], trouble);
    }

    /// <summary>Goes along the chain and remembers the first thing that is wrong.</summary>
    private sealed class ChainCheck(IReadOnlyList<CheckpointNote> checkpoints)
    {
        private byte[] _hash = AuditChain.Genesis;
        private int _checkpoint;
        private long _proven;

        /// <summary>Newest event that was read.</summary>
        public long Seq { get; private set; }

        public (long? Seq, string Reason)? Broken { get; private set; }

        public void Next(AuditEvent row)
        {
            var expected = Seq + 1;
            Seq = row.Seq;
            var reason =
                row.Seq != expected ? $"Event {expected} is missing: the log goes on with {row.Seq}." :
                !row.PrevHash.AsSpan().SequenceEqual(_hash) ? $"Event {row.Seq} does not follow the event before it (prevHash differs): one of the two was replaced." :
                !row.Hash.AsSpan().SequenceEqual(AuditChain.Hash(row.PrevHash, row.Canonical)) ? $"Event {row.Seq} was edited: its hash does not fit its bytes." :
                !ColumnsAgree(row) ? $"Event {row.Seq} was edited: its columns do not say what was hashed." :
                null;
            if (reason is not null)
            {
                Broken = (expected, reason);
                return;
            }

            _hash = row.Hash;
            CompareCheckpoints();
        }

        public void End()
        {
            CompareCheckpoints();
            if (Broken is null && _checkpoint < checkpoints.Count)
            {
                var missing = checkpoints[_checkpoint];
                Broken = (Seq + 1, $"Event {Seq + 1} and later ones are missing: a checkpoint of {missing.Time:u} says that there were {missing.Size} events, there are {Seq}.");
            }
        }

        private void CompareCheckpoints()
        {
            while (Broken is null && _checkpoint < checkpoints.Count && checkpoints[_checkpoint].Size == Seq)
            {
                var note = checkpoints[_checkpoint++];
                if (!note.Root.AsSpan().SequenceEqual(_hash))
                {
                    Broken = (_proven + 1, $"The log was rewritten: the checkpoint of {note.Time:u} over {note.Size} events has another hash. An event between {_proven + 1} and {note.Size} is not what it was.");
                }

                _proven = note.Size;
            }
        }

        private static bool ColumnsAgree(AuditEvent row)
        {
            JsonObject? stored;
            try
            {
                stored = JsonNode.Parse(row.Canonical) as JsonObject;
            }
            catch (JsonException)
            {
                return false;
            }

            return stored is not null && Contains(stored, AuditCanonical.Columns(row));
        }

        /// <summary>Every field of <paramref name="part"/> is in <paramref name="whole"/> with the same value.</summary>
        private static bool Contains(JsonObject whole, JsonObject part) => part.All(field =>
            whole.TryGetPropertyValue(field.Key, out var value)
            && (field.Value is JsonObject inner ? value is JsonObject outer && Contains(outer, inner) : JsonNode.DeepEquals(value, field.Value)));
    }
}
