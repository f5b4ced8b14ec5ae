using System.Security.Cryptography;
using System.Text.Json.Nodes;
using SecFlow.Sigstore.Bundles;
using SecFlow.Sigstore.Keys;
using SecFlow.Sigstore.Roots;
using SecFlow.Sigstore.Verification;
using SecFlow.SigstoreKit;
using MockKeyKind = SecFlow.SigstoreKit.KeyKind;

namespace SecFlow.Sigstore.Tests.Verification;

/// <summary>The signature over the artifact, what is demanded of logs, and bundles made with a key.</summary>
public sealed class BundleVerifierTests : Signed
{
    private static readonly Artifact _digestOnly = Artifact.FromDigest(SHA256.HashData(Content));

    public static TheoryData<MockKeyKind> Kinds => [.. Enum.GetValues<MockKeyKind>()];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Verify_EveryKindOfKey_WithTheBytes(MockKeyKind kind)
    {
        Accepts(new SignOptions { Key = kind });
        Accepts(new SignOptions { Key = kind, Envelope = true });
    }

    [Theory]
    [InlineData(MockKeyKind.P256, true)]
    [InlineData(MockKeyKind.Rsa2048, true)]
    [InlineData(MockKeyKind.P384, false)]
    [InlineData(MockKeyKind.P521, false)]
    [InlineData(MockKeyKind.Ed25519, false)]
    public void Verify_OnlyTheSha256_IsEnoughWhereItWasSigned(MockKeyKind kind, bool enough)
    {
        Accepts(new SignOptions { Key = kind, Envelope = true }, artifact: _digestOnly);
        if (enough)
        {
            Accepts(new SignOptions { Key = kind }, artifact: _digestOnly);
        }
        else
        {
            Rejects(VerificationStage.Signature, RejectionReason.ArtifactBytesNeeded, "only its SHA-256", new SignOptions { Key = kind }, artifact: _digestOnly).Unverifiable.ShouldBeTrue();
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Verify_OtherArtifact_IsRejected(bool bytes)
    {
        var other = bytes ? Artifact.FromBytes("other"u8.ToArray()) : Artifact.FromDigest(SHA256.HashData("other"u8));
        Rejects(VerificationStage.Signature, RejectionReason.DigestMismatch, other.Digest[7..], artifact: other);
        Rejects(VerificationStage.Signature, RejectionReason.SignatureInvalid, "this artifact", new SignOptions { MessageDigest = false }, artifact: other);
        Rejects(VerificationStage.Signature, RejectionReason.SubjectMismatch, other.Digest[7..], new SignOptions { Envelope = true }, artifact: other);
    }

    [Fact]
    public void Verify_DigestThatContradicts_IsRejected() => Rejects(
        VerificationStage.Signature, RejectionReason.DigestMismatch, "as the bundle says",
        new SignOptions { Bundle = b => b["messageSignature"]!["messageDigest"]!["digest"] = Convert.ToBase64String(new byte[32]) });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Verify_OtherSignature_IsRejected(bool envelope) => Rejects(
        VerificationStage.Signature, RejectionReason.SignatureInvalid, "did not make",
        new SignOptions
        {
            Envelope = envelope,
            Bundle = b =>
            {
                var (owner, name) = envelope ? (b["dsseEnvelope"]!["signatures"]![0]!, "sig") : (b["messageSignature"]!, "signature");
                var signature = Convert.FromBase64String((string)owner[name]!);
                signature[^1] ^= 1;
                owner[name] = Convert.ToBase64String(signature);
            },
        });

    [Fact]
    public void Verify_EnvelopeOfAnotherType_IsRejected() =>
        Rejects(VerificationStage.Signature, RejectionReason.StatementInvalid, "text/plain", new SignOptions { Envelope = true, PayloadType = "text/plain" });

    [Fact]
    public void Verify_EnvelopeRelabelled_IsRejected() => Rejects(
        VerificationStage.Signature, RejectionReason.SignatureInvalid, "this envelope",
        new SignOptions { Envelope = true, PayloadType = "application/vnd.other+json", Bundle = b => b["dsseEnvelope"]!["payloadType"] = "application/vnd.in-toto+json" });

    [Theory]
    [InlineData("""{"_type":"https://in-toto.io/Statement/v9","subject":[],"predicateType":"x"}""", "Statement/v1")]
    [InlineData("not json", "strict JSON")]
    public void Verify_PayloadThatIsNoStatement_IsRejected(string payload, string words) =>
        Rejects(VerificationStage.Signature, RejectionReason.StatementInvalid, words, new SignOptions { Envelope = true, Payload = payload });

    [Theory]
    [InlineData("https://in-toto.io/Statement/v0.1")]
    [InlineData("https://in-toto.io/Statement/v1")]
    public void Verify_StatementWithLettersOfManyBytes_IsVerified(string type)
    {
        var digest = Convert.ToHexStringLower(_digestOnly.Sha256.Span);
        var payload = $$$"""{"_type":"{{{type}}}","subject":[{"name":"größe-日本","digest":{"sha256":"{{{new string('0', 64)}}}"}},{"name":"b","digest":{"sha256":"{{{digest}}}"}}],"predicateType":"x","predicate":{}}""";
        Accepts(new SignOptions { Envelope = true, Payload = payload });
    }

    [Fact]
    public void Verify_TwoLogsDemanded_CountsEachOperatorOnce()
    {
        var two = new VerificationThresholds { LogEntries = 2 };
        Accepts(new SignOptions { Logs = [Sigstore.RekorV1, Sigstore.RekorV2] }, thresholds: two).LogEntries.Count.ShouldBe(2);
        Rejects(VerificationStage.TransparencyLog, RejectionReason.LogEntryMissing, "1, in 2 entries", new SignOptions { Logs = [Sigstore.RekorV1, Sigstore.RekorV1] }, thresholds: two);
        using var sister = new MockLog(1, "https://rekor3." + Sigstore.Name, Sigstore.Now.AddYears(-1)) { Operator = Sigstore.RekorV1.Operator };
        Sigstore.FurtherLogs.Add(sister);
        Rejects(VerificationStage.TransparencyLog, RejectionReason.LogEntryMissing, "1, in 2 entries", new SignOptions { Logs = [Sigstore.RekorV1, sister] }, thresholds: two);
    }

    [Fact]
    public void Verify_NoEntry_IsRejected()
    {
        Rejects(VerificationStage.TransparencyLog, RejectionReason.LogEntryMissing, "0, in 0 entries", new SignOptions { Logs = [] });
        Accepts(new SignOptions { Logs = [] }, thresholds: new VerificationThresholds { LogEntries = 0 }).LogEntries.ShouldBeEmpty();
    }

    [Fact]
    public void Verify_LogOutOfUseAtTheTimeOfTheTimestamp_IsRejected()
    {
        using var retired = new MockLog(2, "https://log2020." + Sigstore.Name, Sigstore.Now.AddYears(-1)) { End = Sigstore.Now.AddDays(-1) };
        Sigstore.FurtherLogs.Add(retired);
        Rejects(VerificationStage.TransparencyLog, RejectionReason.LogNotValidThen, "log2020", new SignOptions { Logs = [retired] });
    }

    [Fact]
    public void Verify_RootWithoutLogs_NeverSkips() =>
        Rejects(VerificationStage.TransparencyLog, RejectionReason.LogUnknown, "log of the trusted root", root: Sigstore.TrustedRoot(r => r["tlogs"] = new JsonArray()));

    [Fact]
    public void Verify_VersionThatIsNotAccepted_IsRejected() => Rejects(
        VerificationStage.Policy, RejectionReason.VersionNotAccepted, "V02 or V03", new SignOptions { Version = 1 },
        thresholds: new VerificationThresholds { Versions = [BundleVersion.V02, BundleVersion.V03] });

    [Fact]
    public void Verify_SameInputs_GiveTheSameAnswer()
    {
        var bundle = Sign();
        var (first, second) = (Verify(bundle).ShouldBeOfType<VerifiedBundle>(), Verify(bundle).ShouldBeOfType<VerifiedBundle>());
        second.Times.ShouldBe(first.Times);
        second.LogEntries.ShouldBe(first.LogEntries);
        second.Signer.ShouldBeOfType<CertificateSigner>().CertificateFingerprint.ShouldBe(first.Signer.ShouldBeOfType<CertificateSigner>().CertificateFingerprint);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void VerifyKey_EveryKindOfKey_WithItsLog(MockKeyKind kind)
    {
        using var signer = new SigningKey(kind);
        using var key = VerificationKey.FromSubjectPublicKeyInfo(signer.PublicKey);
        foreach (var log in new[] { Sigstore.RekorV1, Sigstore.RekorV2 })
        {
            var verified = VerifyKey(Sigstore.SignWithKey(Content, signer, new SignOptions { Logs = [log] }), key).ShouldBeOfType<VerifiedBundle>();
            verified.Signer.ShouldBe(new KeySigner(key.Fingerprint));
            verified.LogEntries.ShouldHaveSingleItem().Log.ShouldBe(log.Name);
            verified.Times.ShouldNotBeEmpty();
        }
    }

    [Fact]
    public void VerifyKey_AnotherKey_IsRejected()
    {
        using var signer = new SigningKey(MockKeyKind.P256);
        using var other = new SigningKey(MockKeyKind.P256);
        using var key = VerificationKey.FromSubjectPublicKeyInfo(other.PublicKey);
        Rejected(VerifyKey(Sigstore.SignWithKey(Content, signer), key), VerificationStage.Signature, RejectionReason.SignatureInvalid, key.Fingerprint);
    }

    [Fact]
    public void VerifyKey_EntryAboutAnotherKey_IsRejected()
    {
        using var signer = new SigningKey(MockKeyKind.P256);
        using var other = new SigningKey(MockKeyKind.P256);
        using var key = VerificationKey.FromSubjectPublicKeyInfo(signer.PublicKey);
        var pem = Convert.ToBase64String(System.Text.Encoding.ASCII.GetBytes(other.PublicKeyPem));
        var bundle = Sigstore.SignWithKey(Content, signer, new SignOptions { Body = e => e["spec"]!["signature"]!["publicKey"]!["content"] = pem });
        Rejected(VerifyKey(bundle, key), VerificationStage.TransparencyLog, RejectionReason.LogEntryMismatch, "the key");
    }

    [Fact]
    public void VerifyKey_OneKindOfMaterialNeverFitsTheOther()
    {
        using var signer = new SigningKey(MockKeyKind.P256);
        using var key = VerificationKey.FromSubjectPublicKeyInfo(signer.PublicKey);
        Rejected(VerifyKey(Sign(), key), VerificationStage.Policy, RejectionReason.MaterialNotAccepted, "made with a certificate");
        Rejected(Verify(Sigstore.SignWithKey(Content, signer)), VerificationStage.Policy, RejectionReason.MaterialNotAccepted, "made with a key");
    }

    [Fact]
    public void VerifyKey_TimesOutsideOfTheKeysValidity_AreRejected()
    {
        using var signer = new SigningKey(MockKeyKind.P256);
        using var key = VerificationKey.FromSubjectPublicKeyInfo(signer.PublicKey);
        var bundle = Sigstore.SignWithKey(Content, signer);
        VerifyKey(bundle, key, new Period(Sigstore.Now.AddSeconds(1), Sigstore.Now.AddSeconds(2))).ShouldBeOfType<VerifiedBundle>();
        Rejected(VerifyKey(bundle, key, new Period(Sigstore.Now.AddSeconds(2), null)), VerificationStage.Policy, RejectionReason.KeyNotValidThen, "timestamp authority");
        Rejected(VerifyKey(bundle, key, new Period(Sigstore.Now, Sigstore.Now.AddSeconds(1))), VerificationStage.Policy, RejectionReason.KeyNotValidThen, Sigstore.RekorV1.Name);
    }

    [Fact]
    public void VerifyKey_Thresholds_AreWhatTheCallerSays()
    {
        using var signer = new SigningKey(MockKeyKind.P256);
        using var key = VerificationKey.FromSubjectPublicKeyInfo(signer.PublicKey);
        var bare = Sigstore.SignWithKey(Content, signer, new SignOptions { Logs = [], TimestampAuthorities = [] });
        Rejected(VerifyKey(bare, key), VerificationStage.TransparencyLog, RejectionReason.LogEntryMissing, "0, in 0");
        Rejected(VerifyKey(bare, key, thresholds: new VerificationThresholds { LogEntries = 0 }), VerificationStage.Timestamp, RejectionReason.TimeMissing, "0, of 0");
        VerifyKey(bare, key, thresholds: VerificationThresholds.KeyOnly).ShouldBeOfType<VerifiedBundle>();

        // a log is enough where no time is demanded
        var logged = Sigstore.SignWithKey(Content, signer, new SignOptions { Logs = [Sigstore.RekorV2], TimestampAuthorities = [] });
        Rejected(VerifyKey(logged, key), VerificationStage.Timestamp, RejectionReason.TimeMissing, "found 0");
        VerifyKey(logged, key, thresholds: new VerificationThresholds { Timestamps = 0 }).ShouldBeOfType<VerifiedBundle>().Times.ShouldBeEmpty();
    }

    private VerificationResult VerifyKey(byte[] bundle, VerificationKey key, Period? validFor = null, VerificationThresholds? thresholds = null) =>
        BundleVerifier.Verify(BundleReader.Read(bundle), Artifact.FromBytes(Content), key, TrustedRootReader.Read(Sigstore.TrustedRoot()), validFor, thresholds ?? new VerificationThresholds());
}
