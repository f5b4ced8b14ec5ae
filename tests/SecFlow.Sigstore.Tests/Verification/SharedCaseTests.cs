using System.Security.Cryptography;
using SecFlow.Sigstore.Bundles;
using SecFlow.Sigstore.Keys;
using SecFlow.Sigstore.Roots;
using SecFlow.Sigstore.Verification;

namespace SecFlow.Sigstore.Tests.Verification;

/// <summary>Every shared case by its bytes and by its digest, and the stage that must decide where it is to be rejected.</summary>
public sealed class SharedCaseTests
{
    private const string DefaultIdentity =
        "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main";

    private const string DefaultIssuer = "https://token.actions.githubusercontent.com";

    /// <summary>Null: the key itself cannot be read, which is the caller's mistake.</summary>
    private static readonly Dictionary<string, VerificationStage?> _stages = new(StringComparer.Ordinal)
    {
        ["bundle-empty-certificate-chain_fail"] = VerificationStage.Bundle,
        ["bundle-from-wrong-instance_fail"] = VerificationStage.Certificate,
        ["bundle-malformed-json_fail"] = VerificationStage.Bundle,
        ["bundle-negative-log-index_fail"] = VerificationStage.Bundle,
        ["bundle-unknown-version_fail"] = VerificationStage.Bundle,
        ["checkpoint-wrong-roothash_fail"] = VerificationStage.TransparencyLog,
        ["dsse-invalid-sig_fail"] = VerificationStage.Signature,
        ["dsse-mismatch-sig_fail"] = VerificationStage.TransparencyLog,
        ["incorrect-public-key_fail"] = VerificationStage.TransparencyLog,
        ["intoto-expired-certificate_fail"] = VerificationStage.Certificate,
        ["intoto-log-entry-mismatch_fail"] = VerificationStage.TransparencyLog,
        ["intoto-missing-inclusion-proof_fail"] = VerificationStage.Bundle,
        ["invalid-ct-key_fail"] = VerificationStage.CertificateLog,
        ["managed-key-wrong-key_fail"] = null,
        ["rekor2-checkpoint-missing-log-signature_fail"] = VerificationStage.TransparencyLog,
        ["rekor2-checkpoint-missing-origin_fail"] = VerificationStage.TransparencyLog,
        ["rekor2-checkpoint-missing-root-hash_fail"] = VerificationStage.TransparencyLog,
        ["rekor2-checkpoint-no-matching-signature_fail"] = VerificationStage.TransparencyLog,
        ["rekor2-dsse-mismatch-envelope_fail"] = VerificationStage.TransparencyLog,
        ["rekor2-timestamp-outside-tsa-cert-validity_fail"] = VerificationStage.Timestamp,
        ["rekor2-timestamp-untrusted-tsa-with-embedded-cert_fail"] = VerificationStage.Timestamp,
        ["rekor2-timestamp-untrusted-tsa-without-embedded-cert_fail"] = VerificationStage.Timestamp,
        ["signature-mismatch_fail"] = VerificationStage.Signature,
        ["wrong-hashedrekord-cert-and-sig_fail"] = VerificationStage.TransparencyLog,
        ["mock-dsse-other-subject_fail"] = VerificationStage.Signature,
        ["mock-dsse-payload-type_fail"] = VerificationStage.Signature,
        ["mock-dsse-two-signatures_fail"] = VerificationStage.Bundle,
        ["mock-dsse-zero-signatures_fail"] = VerificationStage.Bundle,
        ["mock-message-identity-branch_fail"] = VerificationStage.Identity,
        ["mock-message-identity-embedded_fail"] = VerificationStage.Identity,
        ["mock-message-identity-owner_fail"] = VerificationStage.Identity,
        ["mock-message-identity-prefix_fail"] = VerificationStage.Identity,
        ["mock-message-identity-regex-dot_fail"] = VerificationStage.Identity,
        ["mock-message-no-rekor_fail"] = VerificationStage.TransparencyLog,
        ["mock-message-no-sct_fail"] = VerificationStage.CertificateLog,
        ["mock-message-other-artifact_fail"] = VerificationStage.Signature,
        ["mock-message-other-identity_fail"] = VerificationStage.Identity,
        ["mock-message-other-issuer_fail"] = VerificationStage.Identity,
        ["mock-message-rekor2-body-kind_fail"] = VerificationStage.TransparencyLog,
        ["mock-message-rekor2-checkpoint-tree-size_fail"] = VerificationStage.TransparencyLog,
        ["mock-message-rekor2-integrated-time-without-set_fail"] = VerificationStage.Timestamp,
        ["mock-message-rekor2-no-tsa_fail"] = VerificationStage.Timestamp,
        ["mock-message-tsa-forged-signature_fail"] = VerificationStage.Timestamp,
        ["mock-message-two-contents_fail"] = VerificationStage.Bundle,
        ["mock-message-unknown-log-id_fail"] = VerificationStage.TransparencyLog,
        ["mock-message-v03-with-chain_fail"] = VerificationStage.Bundle,
        ["mock-message-v03-without-checkpoint_fail"] = VerificationStage.Bundle,
    };

    [SharedCasesTheory]
    [InlineData("conformance", 10, 24)]
    [InlineData("mock/cases", 7, 23)]
    public void Verify_SharedCases_AsTheirNamesSay(string folder, int accepts, int rejects)
    {
        var (accepted, rejected) = (0, 0);
        foreach (var path in SharedCases.Cases(folder))
        {
            var name = Path.GetFileName(path);
            var isFail = name.EndsWith("_fail", StringComparison.Ordinal);
            var artifact = File.ReadAllBytes(File.Exists(Path.Combine(path, "artifact")) ? Path.Combine(path, "artifact") : Path.Combine(SharedCases.Folder!, "conformance", "a.txt"));
            foreach (var subject in new[] { Artifact.FromBytes(artifact), Artifact.FromDigest(SHA256.HashData(artifact)) })
            {
                if (!isFail)
                {
                    Verify(path, subject).ShouldBeOfType<VerifiedBundle>(name);
                }
                else if (_stages.TryGetValue(name, out var stage) && stage is null)
                {
                    Should.Throw<CryptographicException>(() => Verify(path, subject), name);
                }
                else
                {
                    // a case that is not in the table yet must be rejected all the same
                    var rejection = Verify(path, subject).ShouldBeOfType<RejectedBundle>(name);
                    rejection.Stage.ShouldBe(stage ?? rejection.Stage, $"{name}: {rejection}");
                }
            }

            (accepted, rejected) = isFail ? (accepted, rejected + 1) : (accepted + 1, rejected);
        }

        accepted.ShouldBeGreaterThanOrEqualTo(accepts);
        rejected.ShouldBeGreaterThanOrEqualTo(rejects);
    }

    private static VerificationResult Verify(string path, Artifact artifact)
    {
        var root = File.Exists(Path.Combine(path, "trusted_root.json")) ? Path.Combine(path, "trusted_root.json") : Path.Combine(SharedCases.Folder!, "production_trusted_root.json");
        try
        {
            var bundle = BundleReader.Read(File.ReadAllBytes(Path.Combine(path, "bundle.sigstore.json")));
            var trusted = TrustedRootReader.Read(File.ReadAllBytes(root));
            if (File.Exists(Path.Combine(path, "key.pub")))
            {
                using var key = VerificationKey.FromPem(File.ReadAllBytes(Path.Combine(path, "key.pub")));
                return BundleVerifier.Verify(bundle, artifact, key, trusted, keyValidFor: null, new VerificationThresholds { Timestamps = 0 });
            }

            return BundleVerifier.Verify(
                bundle, artifact, trusted, [new IdentityRequirement(Text(path, "identity", DefaultIdentity), Text(path, "issuer", DefaultIssuer))], new VerificationThresholds());
        }
        catch (BundleFormatException e)
        {
            return RejectedBundle.Malformed(e);
        }
    }

    private static string Text(string path, string name, string otherwise) => File.Exists(Path.Combine(path, name)) ? File.ReadAllText(Path.Combine(path, name)).Trim() : otherwise;
}
