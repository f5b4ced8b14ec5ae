using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using SecFlow.Sigstore.Bundles;
using SecFlow.Sigstore.Roots;
using SecFlow.SigstoreKit;

namespace SecFlow.Sigstore.Tests.Roots;

public sealed class TrustedRootReaderTests : IDisposable
{
    private readonly MockSigstore _sigstore = new();

    public static TheoryData<string, Action<JsonObject>, string> Broken => new()
    {
        { "no media type", r => r.Remove("mediaType"), "mediaType" },
        { "unknown name", r => r["extra"] = "x", "extra" },
        { "snake case", r => r["certificate_authorities"] = new JsonArray(), "certificate_authorities" },
        { "unknown name of a log", r => Log(r)["note"] = "x", "tlogs[0].note" },
        { "log without key", r => Log(r).Remove("publicKey"), "tlogs[0].publicKey" },
        { "log without id", r => Log(r).Remove("logId"), "tlogs[0].logId" },
        { "log without address", r => Log(r).Remove("baseUrl"), "tlogs[0].baseUrl" },
        { "address that is none", r => Log(r)["baseUrl"] = "rekor", "tlogs[0].baseUrl" },
        { "address of another kind", r => Log(r)["baseUrl"] = "ftp://rekor.test", "tlogs[0].baseUrl" },
        { "no validity of a log", r => Log(r)["publicKey"]!.AsObject().Remove("validFor"), "tlogs[0].publicKey.validFor" },
        { "no start of a log", r => Log(r)["publicKey"]!["validFor"]!.AsObject().Remove("start"), "tlogs[0].publicKey.validFor.start" },
        { "no start of a certificate log", r => r["ctlogs"]![0]!["publicKey"]!["validFor"] = new JsonObject { ["end"] = "2030-01-01T00:00:00Z" }, "ctlogs[0].publicKey.validFor.start" },
        { "no start of an authority", r => r["certificateAuthorities"]![0]!["validFor"]!.AsObject().Remove("start"), "certificateAuthorities[0].validFor.start" },
        { "no validity of a timestamp authority", r => r["timestampAuthorities"]![0]!.AsObject().Remove("validFor"), "timestampAuthorities[0].validFor" },
        { "end before start", r => Log(r)["publicKey"]!["validFor"]!["end"] = "2001-01-01T00:00:00Z", "tlogs[0].publicKey.validFor.end" },
        { "time in words", r => Log(r)["publicKey"]!["validFor"]!["start"] = "yesterday", "tlogs[0].publicKey.validFor.start" },
        { "time without zone", r => Log(r)["publicKey"]!["validFor"]!["start"] = "2026-01-01T00:00:00", "tlogs[0].publicKey.validFor.start" },
        { "time with ten digits", r => Log(r)["publicKey"]!["validFor"]!["start"] = "2026-01-01T00:00:00.1234567890Z", "tlogs[0].publicKey.validFor.start" },
        { "key that is none", r => Log(r)["publicKey"]!["rawBytes"] = "AAAA", "tlogs[0].publicKey.rawBytes" },
        { "key of another kind than it says", r => Log(r)["publicKey"]!["keyDetails"] = "PKIX_ED25519", "tlogs[0].publicKey.rawBytes" },
        { "key of another curve than it says", r => Log(r)["publicKey"]!["keyDetails"] = "PKIX_ECDSA_P384_SHA_384", "tlogs[0].publicKey.rawBytes" },
        { "authority without certificates", r => r["certificateAuthorities"]![0]!["certChain"]!["certificates"] = new JsonArray(), "certificateAuthorities[0].certChain.certificates" },
        { "authority without chain", r => r["certificateAuthorities"]![0]!.AsObject().Remove("certChain"), "certificateAuthorities[0].certChain" },
        { "certificate that is none", r => r["certificateAuthorities"]![0]!["certChain"]!["certificates"]![0]!["rawBytes"] = "AAAA", "certificateAuthorities[0].certChain.certificates[0].rawBytes" },
        { "base64 with white space", r => Log(r)["logId"]!["keyId"] = "AA AA", "tlogs[0].logId.keyId" },
        { "list that is none", r => r["tlogs"] = "x", "tlogs" },
        { "number as an enum", r => Log(r)["publicKey"]!["keyDetails"] = 5, "tlogs[0].publicKey.keyDetails" },
    };

    public static TheoryData<string, Action<JsonObject>> Unknown => new()
    {
        { "version", r => r["mediaType"] = "application/vnd.dev.sigstore.trustedroot+json;version=0.9" },
        { "document", r => r["mediaType"] = "application/vnd.dev.sigstore.bundle.v0.3+json" },
        { "kind of key", r => Log(r)["publicKey"]!["keyDetails"] = "ML_DSA_65" },
        { "hash", r => Log(r)["hashAlgorithm"] = "SHA3_256" },
    };

    public void Dispose() => _sigstore.Dispose();

    [Fact]
    public void Read_GoodRoot_HasEverything()
    {
        var bytes = _sigstore.TrustedRoot();
        var root = TrustedRootReader.Read(bytes);
        root.Digest.ShouldBe("sha256:" + Convert.ToHexStringLower(SHA256.HashData(bytes)));
        root.TransparencyLogs.Select(l => l.Name).ShouldBe([_sigstore.RekorV1.Name, _sigstore.RekorV2.Name]);
        root.TransparencyLogs[0].LogId.ToArray().ShouldBe(_sigstore.RekorV1.LogId);
        root.TransparencyLogs[0].Operator.ShouldBe(_sigstore.RekorV1.Operator);
        root.TransparencyLogs[1].Key.Kind.ShouldBe(SecFlow.Sigstore.Keys.KeyKind.Ed25519);
        root.TransparencyLogs[0].ValidFor.ShouldBe(new Period(_sigstore.RekorV1.Start, null));
        root.CertificateLogs.ShouldHaveSingleItem().Key.SubjectPublicKeyInfo.ToArray().ShouldBe(_sigstore.CertificateLog.PublicKey);
        root.CertificateAuthorities.ShouldHaveSingleItem().Certificates.Select(c => c.Thumbprint).ShouldBe([_sigstore.Fulcio.Intermediate.Thumbprint, _sigstore.Fulcio.Root.Thumbprint]);
        root.TimestampAuthorities.ShouldHaveSingleItem().Certificates[^1].Thumbprint.ShouldBe(_sigstore.TimestampAuthority.Root.Thumbprint);
    }

    [Theory]
    [InlineData("application/vnd.dev.sigstore.trustedroot+json;version=0.1")]
    [InlineData("application/vnd.dev.sigstore.trustedroot.v0.1+json")]
    [InlineData("application/vnd.dev.sigstore.trustedroot.v0.2+json")]
    public void Read_KnownMediaType_IsRead(string mediaType) => Should.NotThrow(() => Read(r => r["mediaType"] = mediaType));

    [Theory]
    [MemberData(nameof(Unknown))]
    public void Read_WhatIsNotKnown_IsUnsupported(string what, Action<JsonObject> change) =>
        Should.Throw<BundleFormatException>(() => Read(change), what).IsUnsupported.ShouldBeTrue();

    [Theory]
    [MemberData(nameof(Broken))]
    public void Read_BrokenRoot_IsRefusedWithItsPlace(string what, Action<JsonObject> change, string path)
    {
        var error = Should.Throw<BundleFormatException>(() => Read(change), what);
        error.Path.ShouldBe(path);
        error.IsUnsupported.ShouldBeFalse();
    }

    [Fact]
    public void Read_EmptyLists_TrustNobody()
    {
        var root = TrustedRootReader.Read("""{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}"""u8.ToArray());
        root.TransparencyLogs.ShouldBeEmpty();
        root.CertificateLogs.ShouldBeEmpty();
        root.CertificateAuthorities.ShouldBeEmpty();
        root.TimestampAuthorities.ShouldBeEmpty();
    }

    [Fact]
    public void Read_DuplicateName_IsRefused()
    {
        var text = Encoding.UTF8.GetString(_sigstore.TrustedRoot()).Replace("\"ctlogs\"", "\"tlogs\"", StringComparison.Ordinal);
        Should.Throw<BundleFormatException>(() => TrustedRootReader.Read(Encoding.UTF8.GetBytes(text)));
    }

    [Fact]
    public void Read_TooLarge_IsRefused() =>
        Should.Throw<BundleFormatException>(() => TrustedRootReader.Read(new byte[TrustedRootReader.MaxBytes + 1])).Expected.ShouldContain("at most");

    [Theory]
    [InlineData("2026-01-31T12:00:00Z", "2026-01-31T12:00:00")]
    [InlineData("2026-01-31T12:00:00.5Z", "2026-01-31T12:00:00.5")]
    [InlineData("2026-01-31T12:00:00.123456789Z", "2026-01-31T12:00:00.1234567")]
    [InlineData("2026-01-31T14:00:00+02:00", "2026-01-31T12:00:00")]
    public void Read_TimesOfRfc3339_AreRead(string text, string utc) =>
        Read(r => Log(r)["publicKey"]!["validFor"]!["start"] = text).TransparencyLogs[0].ValidFor.Start.UtcDateTime
            .ShouldBe(DateTime.Parse(utc, System.Globalization.CultureInfo.InvariantCulture));

    [Fact]
    public void Read_BaseUrlWithPortAndPath_NamesTheLogWithoutScheme() =>
        Read(r => Log(r)["baseUrl"] = "http://127.0.0.1:3000/log/").TransparencyLogs[0].Name.ShouldBe("127.0.0.1:3000/log");

    [Theory]
    [InlineData(false, "PKCS1_RSA_PKCS1V5")]
    [InlineData(true, "PKIX_RSA_PKCS1V15_2048_SHA256")]
    [InlineData(true, "PKIX_RSA_PKCS1V5")]
    public void Read_RsaKeys_InBothForms(bool pkix, string details)
    {
        using var rsa = RSA.Create(2048);
        var root = Read(r =>
        {
            r["ctlogs"]![0]!["publicKey"]!["keyDetails"] = details;
            r["ctlogs"]![0]!["publicKey"]!["rawBytes"] = Convert.ToBase64String(pkix ? rsa.ExportSubjectPublicKeyInfo() : rsa.ExportRSAPublicKey());
        });
        root.CertificateLogs[0].Key.SubjectPublicKeyInfo.ToArray().ShouldBe(rsa.ExportSubjectPublicKeyInfo());
    }

    [Fact]
    public void Period_BothEnds_AreInclusive()
    {
        var start = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var period = new Period(start, start.AddDays(1));
        period.Covers(start).ShouldBeTrue();
        period.Covers(start.AddDays(1)).ShouldBeTrue();
        period.Covers(start.AddTicks(-1)).ShouldBeFalse();
        period.Covers(start.AddDays(1).AddTicks(1)).ShouldBeFalse();
        new Period(start, null).Covers(start.AddYears(100)).ShouldBeTrue();
    }

    [SharedCasesFact]
    public void Read_RootsOfTheSharedCases_AreRead()
    {
        var files = SharedCases.Cases("conformance").Concat(SharedCases.Cases("mock/cases")).Select(f => Path.Combine(f, "trusted_root.json")).Where(File.Exists)
            .Append(Path.Combine(SharedCases.Folder!, "production_trusted_root.json")).ToList();
        files.Count.ShouldBeGreaterThan(40);
        foreach (var file in files)
        {
            Should.NotThrow(() => TrustedRootReader.Read(File.ReadAllBytes(file)), file);
        }
    }

    private static JsonObject Log(JsonObject root) => root["tlogs"]![0]!.AsObject();

    private TrustedRoot Read(Action<JsonObject> change) => TrustedRootReader.Read(_sigstore.TrustedRoot(change));
}
