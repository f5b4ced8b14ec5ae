using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using SecFlow.Sigstore.Tests.Verification;
using SecFlow.Sigstore.Verification;
using SecFlow.SigstoreKit;

namespace SecFlow.Sigstore.Tests.Certificates;

/// <summary>Who issued the certificate, for what use, and when it was valid.</summary>
public sealed class CertificatePathTests : Signed
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Verify_GoodCertificate_NamesItsSigner(int version)
    {
        var verified = Accepts(new SignOptions { Version = version });
        var signer = verified.Signer.ShouldBeOfType<CertificateSigner>();
        signer.Identity.Value.ShouldBe(Identity);
        signer.Issuer.ShouldBe(Issuer);
        signer.CertificateFingerprint.ShouldStartWith("sha256:");
        verified.ArtifactDigest.ShouldBe(Artifact.FromBytes(Content).Digest);
    }

    [Fact]
    public void Verify_AuthorityThatTheRootDoesNotKnow_IsUntrusted()
    {
        using var other = new MockAuthority("fulcio.elsewhere.test", Sigstore.Now.AddYears(-1), Sigstore.Now.AddYears(1));
        Rejects(VerificationStage.Certificate, RejectionReason.CertificateUntrusted, "fulcio.elsewhere.test", new SignOptions { Authority = other });
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Verify_ForgerWithTheNamesOfATrustedAuthority_IsUntrusted(int version)
    {
        using var forger = new MockAuthority(Sigstore.Fulcio.Name, Sigstore.Fulcio.Start, Sigstore.Now.AddYears(10));
        Rejects(VerificationStage.Certificate, RejectionReason.CertificateUntrusted, Sigstore.Fulcio.Name, new SignOptions { Authority = forger, Version = version });
    }

    [Fact]
    public void Verify_AnchorThatIsAnIntermediate_IsAnAnchor()
    {
        var root = Sigstore.TrustedRoot(r => Certificates(r).RemoveAt(1));
        Accepts(root: root);
        using var forger = new MockAuthority(Sigstore.Fulcio.Name, Sigstore.Fulcio.Start, Sigstore.Now.AddYears(10));
        Rejects(VerificationStage.Certificate, RejectionReason.CertificateUntrusted, Sigstore.Fulcio.Name, new SignOptions { Authority = forger }, root);
        Rejects(VerificationStage.Certificate, RejectionReason.CertificateUntrusted, Sigstore.Fulcio.Name, new SignOptions { Authority = forger, Version = 2 }, root);
    }

    [Fact]
    public void Verify_RootWithoutTheIntermediate_TakesTheOneOfTheBundle()
    {
        var root = Sigstore.TrustedRoot(r => Certificates(r).RemoveAt(0));
        Accepts(new SignOptions { Version = 2 }, root);
        Rejects(VerificationStage.Certificate, RejectionReason.CertificateUntrusted, Sigstore.Fulcio.Name, new SignOptions { Version = 3 }, root);
    }

    [Fact]
    public void Verify_LeafAsItsOwnAnchor_IsNoPath()
    {
        byte[]? leaf = null;
        var bundle = Sign(new SignOptions { Bundle = b => leaf = Convert.FromBase64String((string)b["verificationMaterial"]!["certificate"]!["rawBytes"]!) });
        var root = Sigstore.TrustedRoot(r => r["certificateAuthorities"]![0]!["certChain"]!["certificates"] = new JsonArray(new JsonObject { ["rawBytes"] = Convert.ToBase64String(leaf!) }));
        Rejected(Verify(bundle, root), VerificationStage.Certificate, RejectionReason.CertificateUntrusted, "issued by");
    }

    [Fact]
    public void Verify_SelfSignedCertificateInTheBundle_IsRejected() =>
        Rejects(VerificationStage.Bundle, RejectionReason.MalformedBundle, "self-signed", new SignOptions { Version = 2, Chain = [Sigstore.Fulcio.Intermediate, Sigstore.Fulcio.Root] });

    [Fact]
    public void Verify_ForeignCertificatesBehindTheLeaf_AreOnlyCandidates()
    {
        using var other = new MockAuthority("fulcio.elsewhere.test", Sigstore.Now.AddYears(-1), Sigstore.Now.AddYears(1));
        Accepts(new SignOptions { Version = 2, Chain = [other.Intermediate] });
        Rejects(
            VerificationStage.Certificate, RejectionReason.CertificateInvalid, "place 1",
            new SignOptions { Version = 2, Bundle = b => b["verificationMaterial"]!["x509CertificateChain"]!["certificates"]![1]!["rawBytes"] = "AAAA" });
    }

    [Fact]
    public void Verify_CertificateOfAnAuthority_IsNoSigner() =>
        Rejects(VerificationStage.Certificate, RejectionReason.CertificateInvalid, "authority", new SignOptions { LeafIsAuthority = true });

    [Fact]
    public void Verify_NotForSignatures_IsRejected() =>
        Rejects(VerificationStage.Certificate, RejectionReason.CertificateInvalid, "digitalSignature", new SignOptions { KeyUsage = X509KeyUsageFlags.KeyAgreement });

    [Theory]
    [InlineData(null)]
    [InlineData("1.3.6.1.5.5.7.3.8")]
    [InlineData("1.3.6.1.5.5.7.3.1")]
    [InlineData("2.5.29.37.0")]
    public void Verify_NotForSigningCode_IsRejected(string? usage) =>
        Rejects(VerificationStage.Certificate, RejectionReason.CertificateInvalid, "codeSigning", new SignOptions { ExtendedKeyUsage = usage });

    [Fact]
    public void Verify_CriticalExtensionThatIsNotKnown_IsRejected() => Rejects(
        VerificationStage.Certificate, RejectionReason.CertificateUntrusted, "HasNotSupportedCriticalExtension",
        new SignOptions { Certificate = r => r.CertificateExtensions.Add(new X509Extension("1.2.3.4.5", [5, 0], critical: true)) });

    [Theory]
    [InlineData(-3600, 600)]
    [InlineData(3600, 600)]
    public void Verify_SignedOutsideOfTheCertificatesTime_IsRejected(int start, int lifetime) => Rejects(
        VerificationStage.Certificate, RejectionReason.CertificateNotValidThen, "valid at every verified time",
        new SignOptions { LeafStart = TimeSpan.FromSeconds(start), LeafLifetime = TimeSpan.FromSeconds(lifetime) });

    [Theory]
    [InlineData(0, 60, true)]
    [InlineData(60, 60, true)]
    [InlineData(-1, 60, false)]
    [InlineData(61, 60, false)]
    public void Verify_BoundsOfTheCertificatesTime_AreInclusive(int signed, int lifetime, bool accepted)
    {
        var options = new SignOptions { LeafLifetime = TimeSpan.FromSeconds(lifetime), IntegratedTime = TimeSpan.FromSeconds(signed), TimestampTime = TimeSpan.FromSeconds(signed) };
        if (accepted)
        {
            Accepts(options).Times.Count.ShouldBe(2);
        }
        else
        {
            Rejects(VerificationStage.Certificate, RejectionReason.CertificateNotValidThen, "valid at every verified time", options);
        }
    }

    [Fact]
    public void Verify_OneOfTwoTimesOutside_IsRejected()
    {
        Rejects(VerificationStage.Certificate, RejectionReason.CertificateNotValidThen, "valid at every verified time", new SignOptions { TimestampTime = TimeSpan.FromHours(1) });
        Rejects(VerificationStage.Certificate, RejectionReason.CertificateNotValidThen, "valid at every verified time", new SignOptions { IntegratedTime = TimeSpan.FromHours(1) });
    }

    [Fact]
    public void Verify_AuthorityOutOfUseThen_IsRejected()
    {
        var until = Sigstore.Now.AddSeconds(-1).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'");
        Rejects(
            VerificationStage.Certificate, RejectionReason.CertificateNotValidThen, "the authority",
            root: Sigstore.TrustedRoot(r => r["certificateAuthorities"]![0]!["validFor"]!["end"] = until));
        var from = Sigstore.Now.AddHours(1).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'");
        Rejects(
            VerificationStage.Certificate, RejectionReason.CertificateNotValidThen, "the authority",
            root: Sigstore.TrustedRoot(r => r["certificateAuthorities"]![0]!["validFor"]!["start"] = from));
    }

    [Fact]
    public void Verify_IssuersExpiredWhenItWasSigned_IsRejected()
    {
        using var old = new MockAuthority("old." + Sigstore.Name, Sigstore.Now.AddYears(-1), Sigstore.Now.AddSeconds(-1));
        Sigstore.FurtherAuthorities.Add(old);
        Rejects(VerificationStage.Certificate, RejectionReason.CertificateNotValidThen, "CN=old", new SignOptions { Authority = old });
    }

    [Fact]
    public void Verify_IssuersExpiredSince_IsVerified()
    {
        using var past = new MockSigstore(new DateTimeOffset(2015, 6, 1, 12, 0, 0, TimeSpan.Zero), "past.test");
        using var old = new MockAuthority("old.past.test", past.Now.AddDays(-1), past.Now.AddDays(1));
        past.FurtherAuthorities.Add(old);
        Verify(past.Sign(Content, Identity, options: new SignOptions { Authority = old }), past.TrustedRoot()).ShouldBeOfType<VerifiedBundle>();
    }

    [Fact]
    public void Verify_AuthorityListedTwice_HoldsByTheOneInUse()
    {
        var root = Sigstore.TrustedRoot(r =>
        {
            var retired = r["certificateAuthorities"]![0]!.DeepClone();
            retired["validFor"]!["end"] = Sigstore.Now.AddDays(-1).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'");
            r["certificateAuthorities"]!.AsArray().Insert(0, retired);
        });
        Accepts(root: root);
    }

    [Fact]
    public void Verify_RootWithoutAuthorities_TrustsNoCertificate() =>
        Rejects(VerificationStage.Certificate, RejectionReason.CertificateUntrusted, "no authority", root: Sigstore.TrustedRoot(r => r["certificateAuthorities"] = new JsonArray()));

    [Theory]
    [InlineData("AAAA")]
    [InlineData("MAA=")]
    public void Verify_CertificateThatIsNone_IsRejected(string base64) => Rejects(
        VerificationStage.Certificate, RejectionReason.CertificateInvalid, "DER", new SignOptions { Bundle = b => b["verificationMaterial"]!["certificate"]!["rawBytes"] = base64 });

    [Fact]
    public void Verify_BytesAfterTheCertificate_AreRejected() => Rejects(
        VerificationStage.Certificate, RejectionReason.CertificateInvalid, "DER",
        new SignOptions { Bundle = b => b["verificationMaterial"]!["certificate"]!["rawBytes"] = Convert.ToBase64String([.. Convert.FromBase64String((string)b["verificationMaterial"]!["certificate"]!["rawBytes"]!), 0]) });

    [Fact]
    public void Verify_PemInsteadOfDer_IsRejected() => Rejects(
        VerificationStage.Certificate, RejectionReason.CertificateInvalid, "DER",
        new SignOptions
        {
            Bundle = b => b["verificationMaterial"]!["certificate"]!["rawBytes"] = Convert.ToBase64String(
                System.Text.Encoding.ASCII.GetBytes(PemEncoding.WriteString("CERTIFICATE", Convert.FromBase64String((string)b["verificationMaterial"]!["certificate"]!["rawBytes"]!)))),
        });

    private static JsonArray Certificates(JsonObject root) => root["certificateAuthorities"]![0]!["certChain"]!["certificates"]!.AsArray();
}
