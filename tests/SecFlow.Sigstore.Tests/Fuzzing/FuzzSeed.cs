using SecFlow.Sigstore.Bundles;
using SecFlow.Sigstore.Keys;
using SecFlow.Sigstore.Roots;
using SecFlow.Sigstore.Verification;
using SecFlow.SigstoreKit;
using KitKey = SecFlow.SigstoreKit.KeyKind;

namespace SecFlow.Sigstore.Tests.Fuzzing;

/// <summary>A valid bundle and how it is verified.</summary>
/// <param name="Name">For messages.</param>
/// <param name="World">Seeds of one world share artifact and trusted root: pieces of one may stand in another.</param>
/// <param name="Json">The bundle.</param>
/// <param name="Verify">What a caller does with it.</param>
internal sealed record FuzzSeed(string Name, string World, byte[] Json, Func<SigstoreBundle, VerificationResult> Verify)
{
    private const string Identity = "https://github.com/acme/plugins/.github/workflows/release.yml@refs/tags/v1.0.0";
    private const string ConformanceIdentity =
        "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main";

    /// <summary>One of every form that bundles have, made by the mock.</summary>
    public static IEnumerable<FuzzSeed> OfMock(MockSigstore sigstore, SigningKey key)
    {
        var bytes = "an artifact that many bundles are over"u8.ToArray();
        var artifact = Artifact.FromBytes(bytes);
        var root = TrustedRootReader.Read(sigstore.TrustedRoot());
        var verificationKey = VerificationKey.FromSubjectPublicKeyInfo(key.PublicKey);
        FuzzSeed Keyless(string name, SignOptions options) => new(
            name, "mock", sigstore.SignAsGitHub(bytes, "acme/plugins", options: options),
            bundle => BundleVerifier.Verify(bundle, artifact, root, [new IdentityRequirement(Identity, Claims.GitHubIssuer)], new VerificationThresholds()));
        FuzzSeed WithKey(string name, SignOptions options, VerificationThresholds thresholds) => new(
            name, "mock", sigstore.SignWithKey(bytes, key, options), bundle => BundleVerifier.Verify(bundle, artifact, verificationKey, root, null, thresholds));
        return
        [
            Keyless("message, Rekor 1", new SignOptions()),
            Keyless("message, Rekor 2", new SignOptions { Logs = [sigstore.RekorV2] }),
            Keyless("message, both logs", new SignOptions { Logs = [sigstore.RekorV1, sigstore.RekorV2] }),
            Keyless("message, version 0.1", new SignOptions { Version = 1, Proof = false }),
            Keyless("message, version 0.2, time of the log", new SignOptions { Version = 2, TimestampAuthorities = [] }),
            Keyless("message, P-384", new SignOptions { Key = KitKey.P384 }),
            Keyless("envelope, dsse", new SignOptions { Envelope = true }),
            Keyless("envelope, intoto", new SignOptions { Envelope = true, EntryKind = "intoto", Version = 2 }),
            Keyless("envelope, Rekor 2", new SignOptions { Envelope = true, Logs = [sigstore.RekorV2] }),
            WithKey("key, Rekor 1", new SignOptions(), new VerificationThresholds()),
            WithKey("key, Rekor 2", new SignOptions { Logs = [sigstore.RekorV2] }, new VerificationThresholds()),

            // a world of its own: the key's other signatures over the artifact would be as good
            WithKey("key alone", new SignOptions { Logs = [], TimestampAuthorities = [] }, VerificationThresholds.KeyOnly) with { World = "key alone" },
        ];
    }

    /// <summary>The public cases that must be accepted; none where they are absent.</summary>
    public static IEnumerable<FuzzSeed> OfConformance()
    {
        foreach (var folder in SharedCases.Cases("conformance").Where(f => !f.EndsWith("_fail", StringComparison.Ordinal)))
        {
            string Or(string name, string otherwise) => File.Exists(Path.Combine(folder, name)) ? Path.Combine(folder, name) : Path.Combine(SharedCases.Folder!, otherwise);
            var artifact = Artifact.FromBytes(File.ReadAllBytes(Or("artifact", "conformance/a.txt")));
            var root = TrustedRootReader.Read(File.ReadAllBytes(Or("trusted_root.json", "production_trusted_root.json")));
            var identity = new IdentityRequirement(ConformanceIdentity, Claims.GitHubIssuer);
            yield return new FuzzSeed(
                Path.GetFileName(folder), Path.GetFileName(folder), File.ReadAllBytes(Path.Combine(folder, "bundle.sigstore.json")),
                bundle => BundleVerifier.Verify(bundle, artifact, root, [identity], new VerificationThresholds()));
        }
    }
}
