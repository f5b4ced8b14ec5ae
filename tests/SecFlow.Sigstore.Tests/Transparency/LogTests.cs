using System.Text.Json.Nodes;
using SecFlow.Sigstore.Bundles;
using SecFlow.Sigstore.Roots;
using SecFlow.Sigstore.Transparency;
using SecFlow.Sigstore.Verification;
using SecFlow.SigstoreKit;

namespace SecFlow.Sigstore.Tests.Transparency;

/// <summary>Start from a good bundle, change one thing; what follows from it is signed again by the mock.</summary>
public abstract class LogTests : IDisposable
{
    private protected const string Identity = "https://github.com/acme/plugins/.github/workflows/release.yml@refs/tags/v1.0.0";

    private protected static readonly byte[] _artifact = "the artifact"u8.ToArray();

    private protected MockSigstore Sigstore { get; } = new();

    public void Dispose()
    {
        Sigstore.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected static JsonNode Entry(JsonObject bundle) => bundle["verificationMaterial"]!["tlogEntries"]![0]!;

    private protected static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'");

    private protected static void Rejected(LogOutcome outcome, RejectionReason reason, string text)
    {
        var rejection = outcome.ShouldBeOfType<RejectedLogEntries>().Rejection;
        rejection.Reason.ShouldBe(reason, rejection.ToString());
        rejection.Stage.ShouldBe(VerificationStage.TransparencyLog);
        (rejection.Expected + " | " + rejection.Found).ShouldContain(text);
    }

    private protected byte[] Sign(SignOptions options) => Sigstore.Sign(_artifact, Identity, options: options);

    private protected TrustedRoot Root() => TrustedRootReader.Read(Sigstore.TrustedRoot());

    private protected LogOutcome Verify(byte[] json, byte[]? root = null)
    {
        var bundle = BundleReader.Read(json);
        var content = SignedContent.ByCertificate(bundle.Content, Artifact.FromBytes(_artifact), ((CertificateMaterial)bundle.Material).Certificates[0]);
        return LogVerifier.Verify(bundle, content, root is null ? Root() : TrustedRootReader.Read(root));
    }
}
