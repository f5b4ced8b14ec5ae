using System.Formats.Asn1;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using SecFlow.Sigstore.Bundles;
using SecFlow.Sigstore.Certificates;
using SecFlow.Sigstore.Roots;
using SecFlow.Sigstore.Tests.Verification;
using SecFlow.Sigstore.Verification;
using SecFlow.SigstoreKit;

namespace SecFlow.Sigstore.Tests.Certificates;

/// <summary>Whom the certificate names, and how that is compared.</summary>
public sealed class IdentityTests : Signed
{
    private const string FulcioArc = "1.3.6.1.4.1.57264.1.";

    [Theory]
    [InlineData("https://github.com/acme-evil/plugins/.github/workflows/release.yml@refs/tags/v1.0.0")]
    [InlineData("https://github.com/acme/plugins/.github/workflows/release.yml@refs/tags/v1.0.0 ")]
    [InlineData("https://github.com/acme/plugins/.github/workflows/release.yml@refs/tags/v1.0.00")]
    [InlineData("https://github.com/acme/plugins/.github/workflows/release.yml@refs/tags/v1x0.0")]
    [InlineData("https://githubXcom/acme/plugins/.github/workflows/release.yml@refs/tags/v1.0.0")]
    [InlineData("https://github.com/acme/plugins/.github/workflows/release.yml@refs/heads/main")]
    [InlineData("https://github.com/acme%2Fplugins/.github/workflows/release.yml@refs/tags/v1.0.0")]
    [InlineData("https://GitHub.com/acme/plugins/.github/workflows/release.yml@refs/tags/v1.0.0")]
    [InlineData("https://evil.test/?u=https://github.com/acme/plugins/.github/workflows/release.yml@refs/tags/v1.0.0")]
    public void Verify_Neighbour_IsSomebodyElse(string neighbour) => Rejected(
        Verify(Sigstore.Sign(Content, neighbour)), VerificationStage.Identity, RejectionReason.IdentityMismatch, $"expected {Identity}, found {neighbour}");

    [Theory]
    [InlineData("https://token.actions.githubusercontent.com/")]
    [InlineData("https://token.actions.githubusercontent.com.evil.test")]
    [InlineData("http://token.actions.githubusercontent.com")]
    public void Verify_OtherIssuer_IsRejected(string issuer) =>
        Rejected(Verify(Sigstore.Sign(Content, Identity, issuer)), VerificationStage.Identity, RejectionReason.IssuerMismatch, issuer);

    [Fact]
    public void Verify_SeveralRequirements_AreAlternativesAndNeverMixed()
    {
        var bundle = BundleReader.Read(Sign());
        var root = TrustedRootReader.Read(Sigstore.TrustedRoot());
        VerificationResult With(params IdentityRequirement[] accepted) => BundleVerifier.Verify(bundle, Artifact.FromBytes(Content), root, accepted, new VerificationThresholds());
        With(new("https://other.test", Issuer), new(Identity, Issuer)).ShouldBeOfType<VerifiedBundle>();
        With(new("https://other.test", Issuer), new(Identity, "https://other.issuer.test")).ShouldBeOfType<RejectedBundle>().Reason.ShouldBe(RejectionReason.IssuerMismatch);
    }

    [Fact]
    public void Verify_NobodyNamed_IsAMistakeOfTheCaller()
    {
        var bundle = BundleReader.Read(Sign());
        var root = TrustedRootReader.Read(Sigstore.TrustedRoot());
        Should.Throw<ArgumentException>(() => BundleVerifier.Verify(bundle, Artifact.FromBytes(Content), root, [], new VerificationThresholds()));
        Should.Throw<ArgumentException>(() => BundleVerifier.Verify(bundle, Artifact.FromBytes(Content), root, [new IdentityRequirement("", Issuer)], new VerificationThresholds()));
        Should.Throw<ArgumentException>(() => BundleVerifier.Verify(bundle, Artifact.FromBytes(Content), root, [new IdentityRequirement(Identity, "")], new VerificationThresholds()));
    }

    [Theory]
    [InlineData("dev@acme.test", IdentityForm.Email, IdentityKind.Email)]
    [InlineData("https://acme.test/builder", IdentityForm.Uri, IdentityKind.Uri)]
    [InlineData("bäcker!acme.test", IdentityForm.UserName, IdentityKind.Name)]
    public void Identify_EachForm_IsRead(string identity, IdentityForm form, IdentityKind kind)
    {
        var result = Identify(Sigstore.Sign(Content, identity, options: new SignOptions { IdentityForm = form }));
        result.ShouldBeOfType<VerifiedBundle>(result.ToString()).Signer.ShouldBeOfType<CertificateSigner>().Identity.ShouldBe(new SignerIdentity(kind, identity));
    }

    [Fact]
    public void Verify_TwoNames_IsRejected() => Rejects(
        VerificationStage.Identity, RejectionReason.IdentityInvalid, "several names", new SignOptions { FurtherIdentities = [(IdentityForm.Email, "dev@acme.test")] });

    [Fact]
    public void Verify_NoName_IsRejected() => Rejects(
        VerificationStage.Identity, RejectionReason.IdentityInvalid, "no subject alternative name", new SignOptions { Certificate = r => Remove(r, "2.5.29.17") });

    [Fact]
    public void Verify_DnsName_IsRejected() => Rejects(
        VerificationStage.Identity, RejectionReason.IdentityInvalid, "a name of type 2", new SignOptions { Certificate = r => Replace(r, "2.5.29.17", Names(2, "acme.test")) });

    [Fact]
    public void Verify_OtherNameOfAnotherKind_IsRejected()
    {
        var asn = new AsnWriter(AsnEncodingRules.DER);
        using (asn.PushSequence())
        using (asn.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 0)))
        {
            asn.WriteObjectIdentifier("1.3.6.1.4.1.311.20.2.3");
            using (asn.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 0)))
            {
                asn.WriteCharacterString(UniversalTagNumber.UTF8String, Identity);
            }
        }

        Rejects(VerificationStage.Identity, RejectionReason.IdentityInvalid, "1.3.6.1.4.1.311.20.2.3", new SignOptions { Certificate = r => Replace(r, "2.5.29.17", asn.Encode()) });
    }

    [Theory]
    [InlineData("")]
    [InlineData("https://acme.test/\u0001")]
    public void Verify_NameThatIsNone_IsRejected(string name) => Rejects(
        VerificationStage.Identity, RejectionReason.IdentityInvalid, "control characters", new SignOptions { Certificate = r => Replace(r, "2.5.29.17", Names(6, name)) });

    [Fact]
    public void Verify_OnlyTheOldIssuerExtension_IsRead() => Accepts(new SignOptions { WithIssuer = false });

    [Fact]
    public void Verify_OnlyTheNewIssuerExtension_IsRead() => Accepts(new SignOptions { LegacyIssuer = "" });

    [Fact]
    public void Verify_TwoDifferentIssuers_IsRejected() => Rejects(
        VerificationStage.Identity, RejectionReason.IdentityInvalid, "another in the older one", new SignOptions { LegacyIssuer = "https://evil.test" });

    [Fact]
    public void Verify_NoIssuer_IsRejected() => Rejects(
        VerificationStage.Identity, RejectionReason.IssuerMismatch, "no issuer", new SignOptions { WithIssuer = false, LegacyIssuer = "" });

    [Theory]
    [InlineData("8")]
    [InlineData("12")]
    public void Verify_ClaimThatIsNoUtf8String_IsRejected(string last) => Rejects(
        VerificationStage.Identity, RejectionReason.IdentityInvalid, FulcioArc + last,
        new SignOptions { LegacyIssuer = "", Certificate = r => Replace(r, FulcioArc + last, Encoding.UTF8.GetBytes(Issuer)) });

    [Fact]
    public void Verify_ExtensionTwice_IsRejected()
    {
        // The platform makes no such certificate, so the number of the second one is changed afterwards. Nothing looks at the signature before.
        var bundle = Sign(new SignOptions
        {
            Certificate = r => r.CertificateExtensions.Add(new X509Extension(FulcioArc + "99", Utf8("https://github.com/other/plugins"), critical: false)),
            Bundle = b =>
            {
                var der = Convert.FromBase64String((string)b["verificationMaterial"]!["certificate"]!["rawBytes"]!);
                byte[] oid = [0x2B, 6, 1, 4, 1, 0x83, 0xBF, 0x30, 1, 99];
                der[der.AsSpan().IndexOf(oid) + oid.Length - 1] = 12;
                b["verificationMaterial"]!["certificate"]!["rawBytes"] = Convert.ToBase64String(der);
            },
        });
        Rejected(Verify(bundle), VerificationStage.Certificate, RejectionReason.CertificateInvalid, FulcioArc + "12 2 times");
    }

    [Fact]
    public void Identify_Claims_AreReadByTheirNames()
    {
        var claims = Identify(Sign()).ShouldBeOfType<VerifiedBundle>().Signer.ShouldBeOfType<CertificateSigner>().Claims;
        claims.Keys.ShouldBe(CertificateClaims.Names);
        claims[CertificateClaims.SourceRepositoryUri].ShouldBe("https://github.com/acme/plugins");
        claims[CertificateClaims.SourceRepositoryOwnerIdentifier].ShouldBe("501");
        claims[CertificateClaims.RunnerEnvironment].ShouldBe("github-hosted");
        claims[CertificateClaims.SourceRepositoryVisibilityAtSigning].ShouldBe("public");
        Identify(Sigstore.Sign(Content, Identity)).ShouldBeOfType<VerifiedBundle>().Signer.ShouldBeOfType<CertificateSigner>().Claims.ShouldBeEmpty();
    }

    private VerificationResult Identify(byte[] bundle) =>
        BundleVerifier.Identify(BundleReader.Read(bundle), Artifact.FromBytes(Content), TrustedRootReader.Read(Sigstore.TrustedRoot()), new VerificationThresholds());

    private static void Remove(CertificateRequest request, string oid) =>
        request.CertificateExtensions.Remove(request.CertificateExtensions.First(e => e.Oid!.Value == oid));

    private static void Replace(CertificateRequest request, string oid, byte[] value)
    {
        Remove(request, oid);
        request.CertificateExtensions.Add(new X509Extension(oid, value, critical: false));
    }

    private static byte[] Names(int tag, string value)
    {
        var asn = new AsnWriter(AsnEncodingRules.DER);
        using (asn.PushSequence())
        {
            asn.WriteCharacterString(UniversalTagNumber.IA5String, value, new Asn1Tag(TagClass.ContextSpecific, tag));
        }

        return asn.Encode();
    }

    private static byte[] Utf8(string text)
    {
        var asn = new AsnWriter(AsnEncodingRules.DER);
        asn.WriteCharacterString(UniversalTagNumber.UTF8String, text);
        return asn.Encode();
    }
}
