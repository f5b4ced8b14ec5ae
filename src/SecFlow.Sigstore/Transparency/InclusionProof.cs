using System.Security.Cryptography;
using System.Text;
using SecFlow.Sigstore.Bundles;
using SecFlow.Sigstore.Keys;
using SecFlow.Sigstore.Roots;
using SecFlow.Sigstore.Verification;

namespace SecFlow.Sigstore.Transparency;

/// <summary>
/// Holds an inclusion proof against the checkpoint of its log. Size and root come from the checkpoint, the index from the proof: the entry's own index
/// counts over all trees of a log. A proof without checkpoint proves nothing, but must lead to the root that it names.
/// </summary>
internal static class InclusionProof
{
    /// <summary>Signature lines of this log that are tried; each costs milliseconds.</summary>
    private const int MaxOwnLines = 8;

    public static RejectedBundle? Check(LogEntry entry, LogInclusionProof proof, LogInstance log)
    {
        if (proof.Checkpoint is { } envelope && CheckCheckpoint(envelope, proof, log) is { } rejection)
        {
            return rejection;
        }

        if (LogEntryBody.IsOfRekor2(entry) && entry.LogIndex != proof.LogIndex)
        {
            return Reject(RejectionReason.InclusionInvalid, $"index {proof.LogIndex}, as in the proof", $"index {entry.LogIndex}");
        }

        var root = MerkleTree.Root(MerkleTree.LeafHash(entry.CanonicalizedBody!.Value.Span), proof.LogIndex, proof.TreeSize, proof.Hashes);
        if (root is null)
        {
            return Reject(RejectionReason.InclusionInvalid, "a proof that fits its index and tree size", $"{proof.Hashes.Count} hashes for index {proof.LogIndex} of {proof.TreeSize}");
        }

        return root.AsSpan().SequenceEqual(proof.RootHash.Span)
            ? null
            : Reject(RejectionReason.InclusionInvalid, $"root {Convert.ToHexStringLower(proof.RootHash.Span)}", $"a proof that leads to {Convert.ToHexStringLower(root)}");
    }

    private static RejectedBundle? CheckCheckpoint(string envelope, LogInclusionProof proof, LogInstance log)
    {
        try
        {
            var note = SignedNote.Parse(envelope);
            var checkpoint = Checkpoint.Parse(note.Text);
            if (checkpoint.Origin != log.Name && !checkpoint.Origin.StartsWith(log.Name + " - ", StringComparison.Ordinal))
            {
                return Reject(RejectionReason.LogSignatureInvalid, $"a checkpoint of log {log.Name}", $"one of '{checkpoint.Origin}'");
            }

            if (!IsSigned(note, log))
            {
                return Reject(
                    RejectionReason.LogSignatureInvalid, $"a checkpoint signed by log {log.Name}",
                    "lines of " + string.Join(", ", note.Signatures.Select(s => $"'{s.Name}'").Distinct(StringComparer.Ordinal)) + ", none of which is its signature");
            }

            return checkpoint.Size == proof.TreeSize && checkpoint.Root.Span.SequenceEqual(proof.RootHash.Span)
                ? null
                : Reject(
                    RejectionReason.InclusionInvalid, $"tree size {checkpoint.Size} and root {Convert.ToHexStringLower(checkpoint.Root.Span)} of the checkpoint",
                    $"{proof.TreeSize} and {Convert.ToHexStringLower(proof.RootHash.Span)}");
        }
        catch (FormatException e)
        {
            return Reject(RejectionReason.LogSignatureInvalid, "a signed checkpoint", e.Message);
        }
    }

    /// <summary>One line of this log is enough, wherever it stands; lines of others, such as witnesses, say nothing.</summary>
    private static bool IsSigned(SignedNote note, LogInstance log)
    {
        var (text, ids) = (note.SignedBytes, KeyIds(log));
        return note.Signatures
            .Where(s => string.Equals(s.Name, log.Name, StringComparison.Ordinal) && ids.Any(id => id.AsSpan().SequenceEqual(s.KeyId.Span)))
            .Take(MaxOwnLines)
            .Any(s => log.Key.Verify(text, s.Signature.Span));
    }

    /// <summary>Rekor takes the start of SHA-256 over the key, which is the log id, for all kinds; a signed note of an Ed25519 key has its own rule (C2SP signed-note).</summary>
    private static byte[][] KeyIds(LogInstance log)
    {
        var spki = log.Key.SubjectPublicKeyInfo.Span;
        var first = SHA256.HashData(spki)[..4];
        return log.Key.Kind == KeyKind.Ed25519
            ? [SHA256.HashData([.. Encoding.UTF8.GetBytes(log.Name), (byte)'\n', 1, .. spki[^Ed25519.PublicKeyLength..]])[..4], first]
            : [first];
    }

    private static RejectedBundle Reject(RejectionReason reason, string expected, string found) => new(reason, VerificationStage.TransparencyLog, expected, found);
}
