using System.Security.Cryptography;
using System.Text;
using SecFlow.Sigstore.Bundles;
using SecFlow.Sigstore.Keys;
using SecFlow.Sigstore.Roots;
using SecFlow.Sigstore.Verification;

namespace SecFlow.Sigstore.Transparency;

/// <summary>
/// Verifies the log entries of a bundle.
/// 1. Every entry must hold; one that does not, or is in no log of the trusted root, rejects the bundle.
/// 2. An entry is held against the log that its log id names, and no other: name and key of the checkpoint's line must be that log's.
/// 3. An entry holds when the log has signed it: by a promise (SET), or by a checkpoint of a tree that it is proven to be in. What is there of the two must hold.
///    Bundles of version 0.1 need the promise, later ones proof and checkpoint.
/// 4. A time counts only from a promise, and only for entries of Rekor 1.
/// 5. The entry's body must be about this signature, this artifact and this certificate or key.
/// </summary>
public static class LogVerifier
{
    private const long LastSecond = 253_402_300_799;

    /// <summary>Verifies the entries of <paramref name="bundle"/>, all or none.</summary>
    public static LogOutcome Verify(SigstoreBundle bundle, SignedContent content, TrustedRoot root)
    {
        ArgumentNullException.ThrowIfNull(bundle);
        ArgumentNullException.ThrowIfNull(content);
        ArgumentNullException.ThrowIfNull(root);
        var proven = new List<ProvenLogEntry>();
        foreach (var entry in bundle.LogEntries)
        {
            if (CheckForm(entry, bundle.Version) is { } malformed)
            {
                return new RejectedLogEntries(malformed);
            }

            RejectedBundle? rejection = Reject(
                RejectionReason.LogUnknown, "an entry in a log of the trusted root", $"log id {Convert.ToHexStringLower(entry.LogId.Span)}");
            foreach (var log in root.TransparencyLogs.Where(l => l.LogId.Span.SequenceEqual(entry.LogId.Span)))
            {
                // a log may stand in the root once per period of its key
                rejection = Check(entry, log, content);
                if (rejection is null)
                {
                    proven.Add(Proven(entry, log));
                    break;
                }
            }

            if (rejection is not null)
            {
                return new RejectedLogEntries(rejection);
            }
        }

        return new VerifiedLogEntries(proven);
    }

    private static RejectedBundle? CheckForm(LogEntry entry, BundleVersion version)
    {
        if (entry.CanonicalizedBody is null)
        {
            return Reject(RejectionReason.MalformedBundle, "the body of a log entry", "none");
        }

        if (version == BundleVersion.V01 && entry.SignedEntryTimestamp is null)
        {
            return Reject(RejectionReason.LogSignatureInvalid, "an inclusion promise in a bundle of version 0.1", "none");
        }

        return version != BundleVersion.V01 && entry.InclusionProof?.Checkpoint is null
            ? Reject(RejectionReason.InclusionInvalid, "an inclusion proof with a checkpoint", "none")
            : null;
    }

    private static RejectedBundle? Check(LogEntry entry, LogInstance log, SignedContent content) =>
        CheckPromise(entry, log)
        ?? (entry.InclusionProof is { } proof ? InclusionProof.Check(entry, proof, log) : null)
        ?? LogEntryBody.Check(entry, content);

    /// <summary>The promise is over canonical JSON (RFC 8785) of body, time, log and index.</summary>
    private static RejectedBundle? CheckPromise(LogEntry entry, LogInstance log)
    {
        if (entry.SignedEntryTimestamp is not { } promise)
        {
            return null;
        }

        if (entry.IntegratedTime is not (> 0 and <= LastSecond and var seconds))
        {
            return Reject(RejectionReason.LogSignatureInvalid, "the time that the inclusion promise is over", entry.IntegratedTime?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "none");
        }

        var signed = string.Create(
            System.Globalization.CultureInfo.InvariantCulture,
            $"{{\"body\":\"{Convert.ToBase64String(entry.CanonicalizedBody!.Value.Span)}\",\"integratedTime\":{seconds},\"logID\":\"{Convert.ToHexStringLower(entry.LogId.Span)}\",\"logIndex\":{entry.LogIndex}}}");
        if (!log.Key.Verify(Encoding.UTF8.GetBytes(signed), promise.Span))
        {
            return Reject(RejectionReason.LogSignatureInvalid, $"an inclusion promise signed by log {log.Name}", "a signature that this log did not make over this entry");
        }

        var time = new VerifiedTime(DateTimeOffset.FromUnixTimeSeconds(seconds), "log " + log.Name);
        return log.ValidFor.Covers(time.Time) ? null : VerifiedLogEntries.NotValidThen(log.Name, log.ValidFor, time);
    }

    /// <summary>What of the entry is proven: without a promise nothing vouches for its time, nor for an index beside that of the proof.</summary>
    private static ProvenLogEntry Proven(LogEntry entry, LogInstance log)
    {
        var promised = entry.SignedEntryTimestamp is not null;
        var time = promised && !LogEntryBody.IsOfRekor2(entry) ? DateTimeOffset.FromUnixTimeSeconds(entry.IntegratedTime!.Value) : (DateTimeOffset?)null;
        return new ProvenLogEntry(new VerifiedLogEntry(log.Name, log.Operator, promised ? entry.LogIndex : entry.InclusionProof!.LogIndex, time), log.ValidFor);
    }

    private static RejectedBundle Reject(RejectionReason reason, string expected, string found) => new(reason, VerificationStage.TransparencyLog, expected, found);
}
