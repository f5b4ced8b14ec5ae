using SecFlow.Sigstore.Bundles;
using SecFlow.Sigstore.Roots;
using SecFlow.Sigstore.Verification;
using SecFlow.SigstoreKit;

namespace SecFlow.Sigstore.Tests.Verification;

/// <summary>One artifact, one identity, one mock: start from a good bundle, change one thing.</summary>
public abstract class Signed : IDisposable
{
    protected const string Identity = "https://github.com/acme/plugins/.github/workflows/release.yml@refs/tags/v1.0.0";
    protected const string Issuer = "https://token.actions.githubusercontent.com";

    protected static byte[] Content { get; } = "the artifact"u8.ToArray();

    protected MockSigstore Sigstore { get; } = new();

    public void Dispose()
    {
        Sigstore.Dispose();
        GC.SuppressFinalize(this);
    }

    protected byte[] Sign(SignOptions? options = null) => Sigstore.Sign(Content, Identity, Issuer, Claims.GitHub("acme/plugins"), options);

    protected VerificationResult Verify(byte[] bundle, byte[]? root = null, VerificationThresholds? thresholds = null, Artifact? artifact = null) =>
        BundleVerifier.Verify(
            BundleReader.Read(bundle), artifact ?? Artifact.FromBytes(Content), TrustedRootReader.Read(root ?? Sigstore.TrustedRoot()),
            [new IdentityRequirement(Identity, Issuer)], thresholds ?? new VerificationThresholds());

    protected VerifiedBundle Accepts(SignOptions? options = null, byte[]? root = null, VerificationThresholds? thresholds = null, Artifact? artifact = null)
    {
        var result = Verify(Sign(options), root, thresholds, artifact);
        return result.ShouldBeOfType<VerifiedBundle>(result.ToString());
    }

    /// <summary>Rejected at this stage, with words that tell what was expected or found.</summary>
    protected RejectedBundle Rejects(
        VerificationStage stage, RejectionReason reason, string words, SignOptions? options = null, byte[]? root = null, VerificationThresholds? thresholds = null, Artifact? artifact = null) =>
        Rejected(Verify(Sign(options), root, thresholds, artifact), stage, reason, words);

    protected static RejectedBundle Rejected(VerificationResult result, VerificationStage stage, RejectionReason reason, string words)
    {
        var rejected = result.ShouldBeOfType<RejectedBundle>(result.ToString());
        rejected.Stage.ShouldBe(stage, rejected.ToString());
        rejected.Reason.ShouldBe(reason, rejected.ToString());
        rejected.ToString().ShouldContain(words);
        return rejected;
    }
}
