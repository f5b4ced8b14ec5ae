using System.Formats.Asn1;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using SecFlow.Sigstore.Tests.Verification;
using SecFlow.Sigstore.Verification;
using SecFlow.SigstoreKit;

namespace SecFlow.Sigstore.Tests.Certificates;

/// <summary>Promises of certificate logs inside of the certificate (SCT).</summary>
public sealed class CertificateLogTests : Signed
{
    private static readonly VerificationThresholds _two = new() { CertificateLogs = 2 };

    [Fact]
    public void Verify_PromiseWithExtensions_IsSignedWithThem() => Accepts(new SignOptions { CertificateLogExtensions = new byte[] { 0, 0, 5, 1, 2, 3, 4, 5 } });

    [Fact]
    public void Verify_NoPromise_IsRejected() =>
        Rejects(VerificationStage.CertificateLog, RejectionReason.CertificateNotLogged, "found 0, of 0", new SignOptions { CertificateLogs = [] });

    [Fact]
    public void Verify_OnlyUnknownLogs_IsRejected()
    {
        using var foreign = new MockCertificateLog("https://ct.elsewhere.test", Sigstore.Now.AddYears(-1));
        Rejects(VerificationStage.CertificateLog, RejectionReason.CertificateNotLogged, "found 0, of 1", new SignOptions { CertificateLogs = [foreign] });
        Accepts(new SignOptions { CertificateLogs = [foreign, Sigstore.CertificateLog] });
    }

    [Fact]
    public void Verify_RootWithoutCertificateLogs_NeverSkips() => Rejects(
        VerificationStage.CertificateLog, RejectionReason.CertificateNotLogged, "found 0, of 1", root: Sigstore.TrustedRoot(r => r["ctlogs"] = new JsonArray()));

    [Fact]
    public void Verify_ForgedPromiseOfAKnownLog_IsRejected()
    {
        using var forger = new MockCertificateLog("https://ct2." + Sigstore.Name, Sigstore.Now.AddYears(-1)) { Forges = true };
        Sigstore.FurtherCertificateLogs.Add(forger);
        Rejects(VerificationStage.CertificateLog, RejectionReason.CertificateLogInvalid, "ct2.", new SignOptions { CertificateLogs = [forger] });
        Rejects(VerificationStage.CertificateLog, RejectionReason.CertificateLogInvalid, "ct2.", new SignOptions { CertificateLogs = [Sigstore.CertificateLog, forger] });
    }

    [Fact]
    public void Verify_IdOfAKnownLogWithAnotherKey_IsRejected()
    {
        using var foreign = new MockCertificateLog("https://ct.elsewhere.test", Sigstore.Now.AddYears(-1));
        var root = Sigstore.TrustedRoot(r => r["ctlogs"]![0]!["publicKey"]!["rawBytes"] = Convert.ToBase64String(foreign.PublicKey));
        Rejects(VerificationStage.CertificateLog, RejectionReason.CertificateLogInvalid, "ctlog.", root: root);
    }

    [Fact]
    public void Verify_PromiseOfAnotherCertificate_IsRejected()
    {
        X509Extension? promise = null;
        var other = new SignOptions { Certificate = r => promise = null, Bundle = b => promise = PromiseOf(b) };
        Sigstore.Sign(Content, Identity, options: other);
        promise.ShouldNotBeNull();
        Rejects(
            VerificationStage.CertificateLog, RejectionReason.CertificateLogInvalid, "this certificate",
            new SignOptions { CertificateLogs = [], Certificate = r => r.CertificateExtensions.Add(promise) });
    }

    [Fact]
    public void Verify_PromiseOutsideOfTheKeysTime_DoesNotCount()
    {
        Rejects(VerificationStage.CertificateLog, RejectionReason.CertificateNotLogged, "found 0, of 1", new SignOptions { CertificateLogTime = TimeSpan.FromDays(-800) });
        using var retired = new MockCertificateLog("https://ct2." + Sigstore.Name, Sigstore.Now.AddYears(-1)) { End = Sigstore.Now.AddSeconds(-1) };
        Sigstore.FurtherCertificateLogs.Add(retired);
        Rejects(VerificationStage.CertificateLog, RejectionReason.CertificateNotLogged, "found 0, of 1", new SignOptions { CertificateLogs = [retired] });
        Accepts(new SignOptions { CertificateLogs = [retired], CertificateLogTime = TimeSpan.FromSeconds(-1) });
    }

    [Fact]
    public void Verify_OneLogTwice_CountsOnce()
    {
        Rejects(
            VerificationStage.CertificateLog, RejectionReason.CertificateNotLogged, "found 1, of 2",
            new SignOptions { CertificateLogs = [Sigstore.CertificateLog, Sigstore.CertificateLog] }, thresholds: _two);
        using var second = new MockCertificateLog("https://ct2." + Sigstore.Name, Sigstore.Now.AddYears(-1));
        Sigstore.FurtherCertificateLogs.Add(second);
        Accepts(new SignOptions { CertificateLogs = [Sigstore.CertificateLog, second] }, thresholds: _two);
    }

    [Fact]
    public void Verify_NoneDemanded_IsNotLookedAt() => Accepts(new SignOptions { CertificateLogs = [] }, thresholds: new VerificationThresholds { CertificateLogs = 0 });

    [Theory]
    [InlineData(new byte[0], "ends too early")]
    [InlineData(new byte[] { 0, 9, 0 }, "ends too early")]
    [InlineData(new byte[] { 0, 5, 0, 3, 0, 1, 2 }, "ends too early")]
    public void Verify_ListThatIsNone_IsRejected(byte[] list, string words) =>
        Rejects(VerificationStage.CertificateLog, RejectionReason.CertificateLogInvalid, words, Listed(list));

    [Fact]
    public void Verify_EmptyList_IsRejected() => Rejects(VerificationStage.CertificateLog, RejectionReason.CertificateNotLogged, "found 0, of 0", Listed([0, 0]));

    [Fact]
    public void Verify_PromiseOfAnotherVersion_IsPassedOver() => Rejects(VerificationStage.CertificateLog, RejectionReason.CertificateNotLogged, "found 0, of 0", Listed([0, 4, 0, 2, 9, 9]));

    [Fact]
    public void Verify_BytesAfterAPromise_AreRejected()
    {
        // version, 32 bytes of id, 8 of time, no extensions, SHA-256 with ECDSA, no signature, and one byte too many
        byte[] promise = [.. new byte[1 + 32 + 8], 0, 0, 4, 3, 0, 0, 7];
        Rejects(VerificationStage.CertificateLog, RejectionReason.CertificateLogInvalid, "bytes after a promise", Listed([0, (byte)(promise.Length + 2), 0, (byte)promise.Length, .. promise]));
    }

    [Fact]
    public void Verify_TimeBeyondTheCalendar_IsRejected()
    {
        byte[] promise = [.. new byte[1 + 32], 255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 4, 3, 0, 0];
        Rejects(VerificationStage.CertificateLog, RejectionReason.CertificateLogInvalid, "9999", Listed([0, (byte)(promise.Length + 2), 0, (byte)promise.Length, .. promise]));
    }

    private static SignOptions Listed(byte[] list)
    {
        var asn = new AsnWriter(AsnEncodingRules.DER);
        asn.WriteOctetString(list);
        return new SignOptions { CertificateLogs = [], Certificate = r => r.CertificateExtensions.Add(new X509Extension("1.3.6.1.4.1.11129.2.4.2", asn.Encode(), critical: false)) };
    }

    private static X509Extension PromiseOf(JsonObject bundle)
    {
        using var certificate = X509CertificateLoader.LoadCertificate(Convert.FromBase64String((string)bundle["verificationMaterial"]!["certificate"]!["rawBytes"]!));
        return certificate.Extensions.First(e => e.Oid!.Value == "1.3.6.1.4.1.11129.2.4.2");
    }
}
