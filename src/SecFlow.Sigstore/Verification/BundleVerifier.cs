using SecFlow.Sigstore.Bundles;
using SecFlow.Sigstore.Certificates;
using SecFlow.Sigstore.Keys;
using SecFlow.Sigstore.Roots;
using SecFlow.Sigstore.Timestamps;
using SecFlow.Sigstore.Transparency;

namespace SecFlow.Sigstore.Verification;

/// <summary>
/// Verifies bundles offline, without state and without a clock: the same bytes, root and demands give the same answer at any time.
/// 1. A key comes from the caller, never from the bundle; the bundle's hint is not looked at. A bundle with a certificate does not fit a key, nor the reverse.
/// 2. The order is: form, signature over this artifact, path of the certificate, its logs, timestamps, transparency logs, enough of each, validity of everything at
///    every verified time, identity. All must hold; the first that does not is the answer.
/// 3. What the caller demands and cannot be checked here is a rejection, never a skipped step.
/// 4. An identity that fits nobody is a rejection; a caller who names nobody has made a mistake.
/// </summary>
public static class BundleVerifier
{
    /// <summary>Verifies a bundle made with a certificate, and that one of <paramref name="accepted"/> signed.</summary>
    /// <param name="bundle">The bundle.</param>
    /// <param name="artifact">What it should be over.</param>
    /// <param name="root">Whom the caller trusts.</param>
    /// <param name="accepted">Alternatives, at least one.</param>
    /// <param name="thresholds">What the caller demands.</param>
    public static VerificationResult Verify(
        SigstoreBundle bundle, Artifact artifact, TrustedRoot root, IReadOnlyList<IdentityRequirement> accepted, VerificationThresholds thresholds)
    {
        ArgumentNullException.ThrowIfNull(accepted);
        ArgumentOutOfRangeException.ThrowIfZero(accepted.Count);
        foreach (var requirement in accepted)
        {
            ArgumentException.ThrowIfNullOrEmpty(requirement.Identity);
            ArgumentException.ThrowIfNullOrEmpty(requirement.Issuer);
        }

        var result = Identify(bundle, artifact, root, thresholds);
        return result is VerifiedBundle { Signer: CertificateSigner signer } && Mismatch(signer, accepted) is { } rejected ? rejected : result;
    }

    /// <summary>Everything but the comparison of the identity, for callers that compare in their own way. Its result says who signed, not that the caller trusts them.</summary>
    public static VerificationResult Identify(SigstoreBundle bundle, Artifact artifact, TrustedRoot root, VerificationThresholds thresholds)
    {
        ArgumentNullException.ThrowIfNull(bundle);
        ArgumentNullException.ThrowIfNull(artifact);
        ArgumentNullException.ThrowIfNull(root);
        ArgumentNullException.ThrowIfNull(thresholds);
        thresholds.ThrowIfNegative();
        return Answer(() =>
        {
            CheckVersion(bundle, thresholds);
            return bundle.Material is CertificateMaterial material
                ? Identify(bundle, material, artifact, root, thresholds)
                : throw new Rejection(RejectionReason.MaterialNotAccepted, VerificationStage.Policy, "a bundle made with a certificate", "a bundle made with a key");
        });
    }

    /// <summary>Verifies a bundle made with a key of the caller.</summary>
    /// <param name="bundle">The bundle.</param>
    /// <param name="artifact">What it should be over.</param>
    /// <param name="key">The key that must have signed.</param>
    /// <param name="root">For logs and times; may be null only when <paramref name="thresholds"/> demands neither. When it demands one, both are looked at.</param>
    /// <param name="keyValidFor">Every verified time must be inside; null = any.</param>
    /// <param name="thresholds">What the caller demands.</param>
    public static VerificationResult Verify(
        SigstoreBundle bundle, Artifact artifact, VerificationKey key, TrustedRoot? root, Period? keyValidFor, VerificationThresholds thresholds)
    {
        ArgumentNullException.ThrowIfNull(bundle);
        ArgumentNullException.ThrowIfNull(artifact);
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(thresholds);
        thresholds.ThrowIfNegative();
        return Answer(() =>
        {
            CheckVersion(bundle, thresholds);
            if (bundle.Material is CertificateMaterial)
            {
                throw new Rejection(RejectionReason.MaterialNotAccepted, VerificationStage.Policy, "a bundle made with a key", "a bundle made with a certificate");
            }

            ContentVerifier.Verify(bundle.Content, artifact, key);
            var signer = new KeySigner(key.Fingerprint);
            if (thresholds is { LogEntries: 0, Timestamps: 0 })
            {
                return new VerifiedBundle(signer, artifact.Digest, [], []);
            }

            var content = SignedContent.ByKey(bundle.Content, artifact, key.SubjectPublicKeyInfo);
            var (times, entries) = Witnesses(bundle, content, root ?? throw NoRoot(thresholds), thresholds, thresholds.Timestamps);
            var outside = keyValidFor is null ? null : times.FirstOrDefault(t => !keyValidFor.Covers(t.Time));
            return outside is null
                ? new VerifiedBundle(signer, artifact.Digest, times, entries)
                : throw new Rejection(RejectionReason.KeyNotValidThen, VerificationStage.Policy, $"a time in {keyValidFor}, when the key is valid", $"{Period.Text(outside.Time)} by {outside.Source}");
        });
    }

    private static VerifiedBundle Identify(SigstoreBundle bundle, CertificateMaterial material, Artifact artifact, TrustedRoot root, VerificationThresholds thresholds)
    {
        using var certificate = SigningCertificate.Read(material.Certificates[0].Span);
        using var issuers = new CandidateIssuers(material.Certificates);
        ContentVerifier.Verify(bundle.Content, artifact, certificate.Key);
        var paths = FindPaths(certificate, issuers, root);
        SignedCertificateTimestamps.Verify(certificate.Certificate, paths[0], root, thresholds.CertificateLogs);
        var content = SignedContent.ByCertificate(bundle.Content, artifact, material.Certificates[0]);

        // without a time nobody can tell whether the certificate was valid
        var (times, entries) = Witnesses(bundle, content, root, thresholds, Math.Max(1, thresholds.Timestamps));
        var outside = paths.ConvertAll(p => p.Outside(times.Select(t => t.Time)));
        return outside.Exists(o => o is null)
            ? new VerifiedBundle(certificate.Signer, artifact.Digest, times, entries)
            : throw new Rejection(RejectionReason.CertificateNotValidThen, VerificationStage.Certificate, "a certificate that was valid at every verified time", outside[0]!);
    }

    private static List<CertificatePath> FindPaths(SigningCertificate certificate, CandidateIssuers issuers, TrustedRoot root)
    {
        var paths = new List<CertificatePath>();
        var problems = new List<string>();
        foreach (var authority in root.CertificateAuthorities)
        {
            if (CertificatePath.Find(certificate.Certificate, issuers.Certificates, authority, SigningCertificate.CodeSigning, out var why) is { Links.Count: > 1 } path)
            {
                paths.Add(path);
            }
            else
            {
                problems.Add($"{authority.Uri}: {why}");
            }
        }

        return paths.Count > 0
            ? paths
            : throw new Rejection(
                RejectionReason.CertificateUntrusted, VerificationStage.Certificate, "a certificate of an authority of the trusted root",
                $"one issued by '{certificate.Certificate.Issuer}' ({(problems.Count == 0 ? "the root has no authority" : string.Join("; ", problems))})");
    }

    /// <summary>Times and entries, enough of both, and every log's key in use at every time.</summary>
    private static (IReadOnlyList<VerifiedTime> Times, IReadOnlyList<VerifiedLogEntry> Entries) Witnesses(
        SigstoreBundle bundle, SignedContent content, TrustedRoot root, VerificationThresholds thresholds, int timesWanted)
    {
        var stamped = TimestampVerifier.Verify(bundle.Timestamps, content.Signature.Span, root);
        var logged = LogVerifier.Verify(bundle, content, root) switch
        {
            VerifiedLogEntries verified => verified,
            RejectedLogEntries rejected => throw new Rejection(rejected.Rejection),
            _ => throw new InvalidOperationException("The log entries ended in neither of their two shapes."),
        };
        if (logged.Parties < thresholds.LogEntries)
        {
            throw new Rejection(
                RejectionReason.LogEntryMissing, VerificationStage.TransparencyLog, $"entries in transparency logs of {thresholds.LogEntries} operators",
                $"{logged.Parties}, in {bundle.LogEntries.Count} entries");
        }

        List<VerifiedTime> times = [.. stamped.Concat(logged.Times).OrderBy(t => t.Time)];
        var sources = times.Select(t => t.Source).Distinct(StringComparer.Ordinal).Count();
        if (sources < timesWanted)
        {
            throw new Rejection(
                RejectionReason.TimeMissing, VerificationStage.Timestamp, $"times of {timesWanted} known authorities or logs",
                $"{sources}, of {bundle.Timestamps.Count} timestamps and {bundle.LogEntries.Count} log entries");
        }

        return logged.OutsideOf(times) is { } outside ? throw new Rejection(outside) : (times, logged.Entries);
    }

    private static RejectedBundle? Mismatch(CertificateSigner signer, IReadOnlyList<IdentityRequirement> accepted)
    {
        var sameIdentity = accepted.Where(a => string.Equals(a.Identity, signer.Identity.Value, StringComparison.Ordinal)).ToList();
        if (sameIdentity.Count == 0)
        {
            return new RejectedBundle(
                RejectionReason.IdentityMismatch, VerificationStage.Identity, string.Join(" or ", accepted.Select(a => a.Identity).Distinct(StringComparer.Ordinal)), signer.Identity.Value);
        }

        return sameIdentity.Exists(a => string.Equals(a.Issuer, signer.Issuer, StringComparison.Ordinal))
            ? null
            : new RejectedBundle(
                RejectionReason.IssuerMismatch, VerificationStage.Identity, "issuer " + string.Join(" or ", sameIdentity.Select(a => a.Issuer)),
                signer.Issuer.Length > 0 ? "issuer " + signer.Issuer : "no issuer");
    }

    private static void CheckVersion(SigstoreBundle bundle, VerificationThresholds thresholds)
    {
        if (!thresholds.Versions.Contains(bundle.Version))
        {
            throw new Rejection(
                RejectionReason.VersionNotAccepted, VerificationStage.Policy, "a bundle of version " + string.Join(" or ", thresholds.Versions), bundle.Version.ToString());
        }
    }

    private static Rejection NoRoot(VerificationThresholds thresholds) => new(
        RejectionReason.RootMissing, thresholds.LogEntries > 0 ? VerificationStage.TransparencyLog : VerificationStage.Timestamp,
        $"a trusted root, to verify {thresholds.LogEntries} log entries and {thresholds.Timestamps} times", "none");

    private static VerificationResult Answer(Func<VerificationResult> verify)
    {
        try
        {
            return verify();
        }
        catch (Rejection rejection)
        {
            return rejection.Result;
        }
    }
}
