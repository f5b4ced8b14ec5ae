using SecFlow.Sigstore.Bundles;

namespace SecFlow.Sigstore.Verification;

/// <summary>Outcome of a verification: <see cref="VerifiedBundle"/> or <see cref="RejectedBundle"/>, nothing between.</summary>
public abstract record VerificationResult;

/// <summary>The artifact was signed by this signer, under the caller's thresholds.</summary>
/// <param name="Signer">Who.</param>
/// <param name="ArtifactDigest"><c>sha256:hex</c> of the artifact.</param>
/// <param name="Times">Verified times, earliest first; empty when the caller demands none.</param>
/// <param name="LogEntries">Verified log entries in the order of the bundle; empty when the caller demands none.</param>
public sealed record VerifiedBundle(
    Signer Signer,
    string ArtifactDigest,
    IReadOnlyList<VerifiedTime> Times,
    IReadOnlyList<VerifiedLogEntry> LogEntries) : VerificationResult;

/// <summary>A time of the signature that is not the signer's own word.</summary>
/// <param name="Time">The time.</param>
/// <param name="Source">Timestamp authority or log that vouches for it.</param>
public sealed record VerifiedTime(DateTimeOffset Time, string Source);

/// <summary>A log entry whose inclusion was proven and which is about this signature.</summary>
/// <param name="Log">Name of the log.</param>
/// <param name="Operator">Who runs it; empty when the trusted root does not say.</param>
/// <param name="LogIndex">Index of the entry, as the bundle gives it.</param>
/// <param name="IntegratedTime">When the log took it, if the log signed that.</param>
public sealed record VerifiedLogEntry(string Log, string Operator, long LogIndex, DateTimeOffset? IntegratedTime)
{
    /// <summary>Whom a threshold counts once: the operator, or the log itself where the root names none.</summary>
    public string Party => Operator.Length > 0 ? "operator " + Operator : "log " + Log;
}

/// <summary>The bundle was not accepted.</summary>
/// <param name="Reason">Why, stable for programs.</param>
/// <param name="Stage">Which part decided.</param>
/// <param name="Expected">What would have been accepted.</param>
/// <param name="Found">What was found.</param>
public sealed record RejectedBundle(RejectionReason Reason, VerificationStage Stage, string Expected, string Found) : VerificationResult
{
    /// <summary>True when the answer is "could not be checked" and not "is wrong".</summary>
    public bool Unverifiable => Reason is RejectionReason.VersionNotSupported
        or RejectionReason.AlgorithmNotSupported
        or RejectionReason.ArtifactBytesNeeded
        or RejectionReason.RootMissing;

    /// <summary>A bundle that could not be read, as a rejection.</summary>
    public static RejectedBundle Malformed(BundleFormatException error) => Of(error, RejectionReason.MalformedBundle, VerificationStage.Bundle);

    /// <summary>A trusted root that could not be read, as a rejection.</summary>
    public static RejectedBundle MalformedRoot(BundleFormatException error) => Of(error, RejectionReason.RootInvalid, VerificationStage.Root);

    public override string ToString() => $"{(Unverifiable ? "unverifiable: " : "")}{Reason} ({Stage}): expected {Expected}, found {Found}";

    private static RejectedBundle Of(BundleFormatException error, RejectionReason reason, VerificationStage stage)
    {
        ArgumentNullException.ThrowIfNull(error);
        return new RejectedBundle(
            error.IsUnsupported ? RejectionReason.VersionNotSupported : reason, stage, error.Expected, $"{error.Found} at '{(error.Path.Length == 0 ? "$" : error.Path)}'");
    }
}
