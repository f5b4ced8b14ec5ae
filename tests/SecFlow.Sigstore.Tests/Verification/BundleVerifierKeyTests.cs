using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using SecFlow.Sigstore.Bundles;
using SecFlow.Sigstore.Keys;
using SecFlow.Sigstore.Signing;
using SecFlow.Sigstore.Verification;

namespace SecFlow.Sigstore.Tests.Verification;

public sealed class BundleVerifierKeyTests : IDisposable
{
    private static readonly byte[] _artifact = "the artifact"u8.ToArray();
    private readonly ECDsa _signer = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly VerificationKey _key;

    public BundleVerifierKeyTests() => _key = KeyOf(_signer);

    public void Dispose()
    {
        _key.Dispose();
        _signer.Dispose();
    }

    [Fact]
    public void Verify_OwnKey_IsVerified()
    {
        var verified = Verify(BundleSigner.Sign(_artifact, _signer)).ShouldBeOfType<VerifiedBundle>();
        verified.Signer.ShouldBe(new KeySigner(_key.Fingerprint));
        verified.ArtifactDigest.ShouldBe("sha256:" + Convert.ToHexStringLower(SHA256.HashData(_artifact)));
    }

    [Fact]
    public void Verify_P384_IsVerifiedWithSha384()
    {
        using var signer = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        using var key = KeyOf(signer);
        key.Hash.ShouldBe(HashAlgorithmName.SHA384);
        Verify(BundleSigner.Sign(_artifact, signer), _artifact, key, VerificationThresholds.KeyOnly).ShouldBeOfType<VerifiedBundle>();
    }

    [Fact]
    public void Verify_OtherKeyOfSamePerson_IsInvalid()
    {
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var rejected = Rejected(Verify(BundleSigner.Sign(_artifact, other)), RejectionReason.SignatureInvalid);
        rejected.Expected.ShouldContain(_key.Fingerprint);
        rejected.Unverifiable.ShouldBeFalse();
    }

    [Fact]
    public void Verify_HintOfTrustedKeyOverForeignSignature_IsInvalid()
    {
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var forged = Change(BundleSigner.Sign(_artifact, other), root => root["verificationMaterial"]!["publicKey"]!["hint"] = _key.Hint);
        Rejected(Verify(forged), RejectionReason.SignatureInvalid);
    }

    [Fact]
    public void Verify_ForeignHint_DoesNotMatter() =>
        Verify(Change(BundleSigner.Sign(_artifact, _signer), root => root["verificationMaterial"]!["publicKey"]!["hint"] = "another")).ShouldBeOfType<VerifiedBundle>();

    [Fact]
    public void Verify_NoDigest_IsVerified() =>
        Verify(Change(BundleSigner.Sign(_artifact, _signer), root => root["messageSignature"]!.AsObject().Remove("messageDigest"))).ShouldBeOfType<VerifiedBundle>();

    [Fact]
    public void Verify_OtherArtifact_SaysWhichDigestWasExpected()
    {
        var rejected = Rejected(Verify(BundleSigner.Sign(_artifact, _signer), "other"u8.ToArray(), _key, VerificationThresholds.KeyOnly), RejectionReason.DigestMismatch);
        rejected.Expected.ShouldContain(Convert.ToHexStringLower(SHA256.HashData(_artifact)));
        rejected.Found.ShouldBe(Convert.ToHexStringLower(SHA256.HashData("other"u8)));
    }

    [Fact]
    public void Verify_DigestOfOtherArtifactOverGoodSignature_IsRejected()
    {
        var changed = Change(
            BundleSigner.Sign(_artifact, _signer),
            root => root["messageSignature"]!["messageDigest"]!["digest"] = Convert.ToBase64String(SHA256.HashData("other"u8)));
        Rejected(Verify(changed), RejectionReason.DigestMismatch);
    }

    [Theory]
    [InlineData("SHA2_384")]
    [InlineData("SHA2_512")]
    public void Verify_LongerDigestOfSameArtifact_IsVerified(string algorithm)
    {
        var digest = algorithm == "SHA2_384" ? SHA384.HashData(_artifact) : SHA512.HashData(_artifact);
        var changed = Change(BundleSigner.Sign(_artifact, _signer), root =>
        {
            root["messageSignature"]!["messageDigest"]!["algorithm"] = algorithm;
            root["messageSignature"]!["messageDigest"]!["digest"] = Convert.ToBase64String(digest);
        });
        Verify(changed).ShouldBeOfType<VerifiedBundle>();
    }

    [Fact]
    public void Verify_SignatureInP1363Form_IsInvalid()
    {
        var raw = _signer.SignData(_artifact, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        var changed = Change(BundleSigner.Sign(_artifact, _signer), root => root["messageSignature"]!["signature"] = Convert.ToBase64String(raw));
        Rejected(Verify(changed), RejectionReason.SignatureInvalid);
    }

    [Fact]
    public void Verify_EveryByteOfSignatureFlipped_IsInvalid()
    {
        var bundle = BundleSigner.Sign(_artifact, _signer);
        var signature = ((MessageSignature)BundleReader.Read(bundle).Content).Signature.ToArray();
        for (var i = 0; i < signature.Length; i++)
        {
            var changed = (byte[])signature.Clone();
            changed[i] ^= 1;
            Verify(Change(bundle, root => root["messageSignature"]!["signature"] = Convert.ToBase64String(changed))).ShouldBeOfType<RejectedBundle>();
        }
    }

    [Fact]
    public void Verify_DefaultThresholds_AreUnverifiableAndNeverAccepted()
    {
        var bundle = BundleSigner.Sign(_artifact, _signer);
        var log = Rejected(Verify(bundle, _artifact, _key, new VerificationThresholds()), RejectionReason.RootMissing);
        log.Unverifiable.ShouldBeTrue();
        log.ToString().ShouldStartWith("unverifiable: RootMissing (TransparencyLog)");
        Rejected(
            Verify(bundle, _artifact, _key, new VerificationThresholds { LogEntries = 0 }), RejectionReason.RootMissing).Unverifiable.ShouldBeTrue();
    }

    [Fact]
    public void Verify_NegativeThreshold_IsAnError() =>
        Should.Throw<ArgumentOutOfRangeException>(() => Verify(
            BundleSigner.Sign(_artifact, _signer), _artifact, _key, new VerificationThresholds { LogEntries = -1, Timestamps = 0 }));

    [Fact]
    public void Verify_CertificateBundle_DoesNotFitAKey()
    {
        var changed = Change(
            BundleSigner.Sign(_artifact, _signer), root => root["verificationMaterial"] = JsonNode.Parse("""{"certificate":{"rawBytes":"AAAA"}}"""));
        Rejected(Verify(changed), RejectionReason.MaterialNotAccepted).Stage.ShouldBe(VerificationStage.Policy);
    }

    [Fact]
    public void Verify_EnvelopeWithForeignSignature_IsRejected()
    {
        var changed = Change(BundleSigner.Sign(_artifact, _signer), root =>
        {
            root.Remove("messageSignature");
            root["dsseEnvelope"] = JsonNode.Parse("""{"payload":"AAAA","payloadType":"application/vnd.in-toto+json","signatures":[{"sig":"AAAA","keyid":""}]}""");
        });
        Verify(changed).ShouldBeOfType<RejectedBundle>();
    }

    [Fact]
    public void Verify_VersionNotAccepted_IsRejected() =>
        Rejected(
            Verify(
                BundleSigner.Sign(_artifact, _signer), _artifact, _key, VerificationThresholds.KeyOnly with { Versions = [BundleVersion.V02] }),
            RejectionReason.VersionNotAccepted);

    [Fact]
    public void Verify_NotABundle_IsMalformed() => Rejected(Verify("{}"u8.ToArray()), RejectionReason.MalformedBundle).Found.ShouldContain("mediaType");

    [Fact]
    public void FromPem_PrivateKey_IsRefused() =>
        Should.Throw<CryptographicException>(() => VerificationKey.FromPem(Encoding.ASCII.GetBytes(_signer.ExportPkcs8PrivateKeyPem())));

    [Fact]
    public void FromPem_TwoBlocks_IsRefused()
    {
        var pem = _signer.ExportSubjectPublicKeyInfoPem();
        Should.Throw<CryptographicException>(() => VerificationKey.FromPem(Encoding.ASCII.GetBytes(pem + "\n" + pem)));
    }

    [Fact]
    public void FromPem_OtherCurveOrKind_IsRefused()
    {
        using var koblitz = ECDsa.Create(ECCurve.CreateFromFriendlyName("secp256k1"));
        using var rsa = RSA.Create(1024);
        Should.Throw<CryptographicException>(() => KeyOf(koblitz));
        Should.Throw<CryptographicException>(() => VerificationKey.FromPem(Encoding.ASCII.GetBytes(rsa.ExportSubjectPublicKeyInfoPem())));
        Should.Throw<CryptographicException>(() => VerificationKey.FromPem(new byte[10_000]));
        Should.Throw<CryptographicException>(() => VerificationKey.FromSubjectPublicKeyInfo([.. _signer.ExportSubjectPublicKeyInfo(), 0]));
    }

    [SharedCasesFact]
    public void Verify_MockKeyCases_NeedALogAndAreNeverAccepted()
    {
        var folders = SharedCases.Cases("mock/cases").Where(f => Path.GetFileName(f).StartsWith("mock-key-", StringComparison.Ordinal)).ToList();
        folders.ShouldNotBeEmpty();
        foreach (var folder in folders)
        {
            using var key = VerificationKey.FromPem(File.ReadAllBytes(Path.Combine(folder, "key.pub")));
            var bundle = File.ReadAllBytes(Path.Combine(folder, "bundle.sigstore.json"));
            var artifact = File.ReadAllBytes(Path.Combine(folder, "artifact"));
            Rejected(Verify(bundle, artifact, key, new VerificationThresholds()), RejectionReason.RootMissing).Unverifiable.ShouldBeTrue();

            // the signature itself is another implementation's, and good
            Verify(bundle, artifact, key, VerificationThresholds.KeyOnly).ShouldBeOfType<VerifiedBundle>().LogEntries.ShouldBeEmpty();
            Rejected(Verify(bundle, artifact, _key, VerificationThresholds.KeyOnly), RejectionReason.SignatureInvalid);
        }
    }

    [SharedCasesFact]
    public void Verify_ConformanceCases_AreNeverAccepted()
    {
        foreach (var folder in SharedCases.Cases("conformance"))
        {
            var bundle = File.ReadAllBytes(Path.Combine(folder, "bundle.sigstore.json"));
            Verify(bundle, _artifact, _key, new VerificationThresholds()).ShouldBeOfType<RejectedBundle>(Path.GetFileName(folder));
        }
    }

    private static VerificationKey KeyOf(ECDsa key) => VerificationKey.FromPem(Encoding.ASCII.GetBytes(key.ExportSubjectPublicKeyInfoPem()));

    private static byte[] Change(byte[] bundle, Action<JsonObject> change)
    {
        var root = JsonNode.Parse(bundle)!.AsObject();
        change(root);
        return Encoding.UTF8.GetBytes(root.ToJsonString());
    }

    private static RejectedBundle Rejected(VerificationResult result, RejectionReason reason)
    {
        var rejected = result.ShouldBeOfType<RejectedBundle>();
        rejected.Reason.ShouldBe(reason);
        return rejected;
    }

    private VerificationResult Verify(byte[] bundle) => Verify(bundle, _artifact, _key, VerificationThresholds.KeyOnly);

    private static VerificationResult Verify(byte[] bundle, byte[] artifact, VerificationKey key, VerificationThresholds thresholds)
    {
        try
        {
            return BundleVerifier.Verify(BundleReader.Read(bundle), Artifact.FromBytes(artifact), key, root: null, keyValidFor: null, thresholds);
        }
        catch (BundleFormatException e)
        {
            return RejectedBundle.Malformed(e);
        }
    }
}
