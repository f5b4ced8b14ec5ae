using SecFlow.Sigstore.Bundles;

namespace SecFlow.Sigstore.Verification;

/// <summary>What a caller demands beside the signature itself. The defaults are those of the client specification.</summary>
public sealed record VerificationThresholds
{
    /// <summary>No log and no time: the key alone decides.</summary>
    public static readonly VerificationThresholds KeyOnly = new() { LogEntries = 0, Timestamps = 0 };

    /// <summary>Distinct transparency logs, each operator once.</summary>
    public int LogEntries { get; init; } = 1;

    /// <summary>Distinct certificate logs that vouch for the certificate. Nothing to a bundle made with a key.</summary>
    public int CertificateLogs { get; init; } = 1;

    /// <summary>Verified times, each source once. A certificate needs at least one, whatever is set here.</summary>
    public int Timestamps { get; init; } = 1;

    /// <summary>Versions of the bundle format that are accepted.</summary>
    public IReadOnlyList<BundleVersion> Versions { get; init; } = [BundleVersion.V01, BundleVersion.V02, BundleVersion.V03];

    internal void ThrowIfNegative()
    {
        ArgumentOutOfRangeException.ThrowIfNegative(LogEntries);
        ArgumentOutOfRangeException.ThrowIfNegative(CertificateLogs);
        ArgumentOutOfRangeException.ThrowIfNegative(Timestamps);
    }
}
