using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using SecFlow.Sigstore.Bundles;
using SecFlow.Sigstore.Signing;

namespace SecFlow.Sigstore.Tests.Bundles;

public sealed class BundleReaderTests
{
    private static readonly string _valid = MakeValid();

    [Fact]
    public void Read_SignedBundle_GivesHintAndSignature()
    {
        var bundle = Read(_valid);
        bundle.Version.ShouldBe(BundleVersion.V03);
        bundle.Material.ShouldBeOfType<PublicKeyHint>().Hint.ShouldNotBeEmpty();
        bundle.Content.ShouldBeOfType<MessageSignature>().Digest!.Algorithm.ShouldBe(BundleHash.Sha256);
        bundle.LogEntries.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("application/vnd.dev.sigstore.bundle+json;version=0.1", BundleVersion.V01)]
    [InlineData("application/vnd.dev.sigstore.bundle+json;version=0.2", BundleVersion.V02)]
    [InlineData("application/vnd.dev.sigstore.bundle+json;version=0.3", BundleVersion.V03)]
    [InlineData("application/vnd.dev.sigstore.bundle.v0.3+json", BundleVersion.V03)]
    public void Read_KnownMediaType_GivesVersion(string mediaType, BundleVersion version) =>
        Read(Change(root => root["mediaType"] = mediaType)).Version.ShouldBe(version);

    [Theory]
    [InlineData("application/vnd.dev.sigstore.bundle.v0.4+json")]
    [InlineData("application/vnd.dev.sigstore.bundle+json;version=0.3 ")]
    [InlineData("application/json")]
    [InlineData("")]
    public void Read_UnknownMediaType_IsRefused(string mediaType) =>
        Refused(Change(root => root["mediaType"] = mediaType)).Path.ShouldBe("mediaType");

    public static TheoryData<string, Action<JsonObject>, string> Breakages => new()
    {
        { "no media type", root => root.Remove("mediaType"), "mediaType" },
        { "media type is a number", root => root["mediaType"] = 3, "mediaType" },
        { "unknown name", root => root["extra"] = 1, "extra" },
        { "unknown name in material", root => root["verificationMaterial"]!["extra"] = 1, "verificationMaterial.extra" },
        { "snake case", root => root["verificationMaterial"]!["tlog_entries"] = new JsonArray(), "verificationMaterial.tlog_entries" },
        { "no material", root => root.Remove("verificationMaterial"), "verificationMaterial" },
        { "material is a list", root => root["verificationMaterial"] = new JsonArray(), "verificationMaterial" },
        { "no key", root => root["verificationMaterial"]!.AsObject().Remove("publicKey"), "verificationMaterial" },
        { "two kinds of key", root => root["verificationMaterial"]!["certificate"] = Json("""{"rawBytes":"AAAA"}"""), "verificationMaterial" },
        { "chain in version 0.3", root => root["verificationMaterial"] = Json("""{"x509CertificateChain":{"certificates":[{"rawBytes":"AAAA"}]}}"""), "verificationMaterial.x509CertificateChain" },
        { "no content", root => root.Remove("messageSignature"), "" },
        { "two contents", root => root["dsseEnvelope"] = Json("""{"payload":"AAAA","payloadType":"t","signatures":[{"sig":"AAAA"}]}"""), "" },
        { "envelope without signature", root => Envelope(root, """{"payload":"AAAA","payloadType":"t","signatures":[]}"""), "dsseEnvelope.signatures" },
        { "envelope with two signatures", root => Envelope(root, """{"payload":"AAAA","payloadType":"t","signatures":[{"sig":"AAAA"},{"sig":"AAAA"}]}"""), "dsseEnvelope.signatures" },
        { "no signature", root => root["messageSignature"]!.AsObject().Remove("signature"), "messageSignature.signature" },
        { "empty signature", root => root["messageSignature"]!["signature"] = "", "messageSignature.signature" },
        { "signature not base64", root => root["messageSignature"]!["signature"] = "***", "messageSignature.signature" },
        { "url-safe base64", root => root["messageSignature"]!["signature"] = "_-8=", "messageSignature.signature" },
        { "base64 without padding", root => root["messageSignature"]!["signature"] = "AAA", "messageSignature.signature" },
        { "base64 with white space", root => root["messageSignature"]!["signature"] = "AA AA", "messageSignature.signature" },
        { "base64 that is not canonical", root => root["messageSignature"]!["signature"] = "AB==", "messageSignature.signature" },
        { "signature is a number", root => root["messageSignature"]!["signature"] = 1, "messageSignature.signature" },
        { "unknown hash", root => root["messageSignature"]!["messageDigest"]!["algorithm"] = "SHA1", "messageSignature.messageDigest.algorithm" },
        { "unspecified hash", root => root["messageSignature"]!["messageDigest"]!["algorithm"] = "HASH_ALGORITHM_UNSPECIFIED", "messageSignature.messageDigest.algorithm" },
        { "enum as number", root => root["messageSignature"]!["messageDigest"]!["algorithm"] = 1, "messageSignature.messageDigest.algorithm" },
        { "digest of other length", root => root["messageSignature"]!["messageDigest"]!["digest"] = "AAAA", "messageSignature.messageDigest.digest" },
        { "hint too long", root => root["verificationMaterial"]!["publicKey"]!["hint"] = new string('h', 2000), "verificationMaterial.publicKey.hint" },
        { "log index as number", root => Entry(root, entry => entry["logIndex"] = 5), "verificationMaterial.tlogEntries[0].logIndex" },
        { "negative log index", root => Entry(root, entry => entry["logIndex"] = "-1"), "verificationMaterial.tlogEntries[0].logIndex" },
        { "log index with zero in front", root => Entry(root, entry => entry["logIndex"] = "01"), "verificationMaterial.tlogEntries[0].logIndex" },
        { "log index too large", root => Entry(root, entry => entry["logIndex"] = "9223372036854775808"), "verificationMaterial.tlogEntries[0].logIndex" },
        { "no inclusion proof", root => Entry(root, entry => entry.Remove("inclusionProof")), "verificationMaterial.tlogEntries[0].inclusionProof" },
        { "no checkpoint", root => Entry(root, entry => entry["inclusionProof"]!.AsObject().Remove("checkpoint")), "verificationMaterial.tlogEntries[0].inclusionProof" },
        { "proof hash not base64", root => Entry(root, entry => entry["inclusionProof"]!["hashes"] = Json("""["?"]""")), "verificationMaterial.tlogEntries[0].inclusionProof.hashes[0]" },
        { "hashes not a list", root => Entry(root, entry => entry["inclusionProof"]!["hashes"] = "x"), "verificationMaterial.tlogEntries[0].inclusionProof.hashes" },
        { "no log id", root => Entry(root, entry => entry.Remove("logId")), "verificationMaterial.tlogEntries[0].logId" },
        { "too many entries", root => root["verificationMaterial"]!["tlogEntries"] = new JsonArray([.. Enumerable.Range(0, 17).Select(_ => (JsonNode)new JsonObject())]), "verificationMaterial.tlogEntries" },
        { "too many timestamps", root => root["verificationMaterial"]!["timestampVerificationData"] = new JsonObject { ["rfc3161Timestamps"] = new JsonArray([.. Enumerable.Range(0, 17).Select(_ => (JsonNode)new JsonObject())]) }, "verificationMaterial.timestampVerificationData.rfc3161Timestamps" },
        { "timestamp without bytes", root => root["verificationMaterial"]!["timestampVerificationData"] = Json("""{"rfc3161Timestamps":[{}]}"""), "verificationMaterial.timestampVerificationData.rfc3161Timestamps[0].signedTimestamp" },
    };

    [Theory]
    [MemberData(nameof(Breakages))]
    public void Read_OneThingBroken_SaysWhere(string what, Action<JsonObject> change, string path)
    {
        what.ShouldNotBeEmpty();
        Refused(Change(change)).Path.ShouldBe(path);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{} {}")]
    [InlineData("{\"mediaType\":\"a\",}")]
    [InlineData("/* c */ {}")]
    public void Read_NotOneJsonObject_IsRefused(string json) => Refused(json);

    [Fact]
    public void Read_DuplicateName_IsRefused() =>
        Refused(_valid.Replace("\"messageSignature\"", "\"messageSignature\": {\"signature\":\"AAAA\"}, \"messageSignature\"", StringComparison.Ordinal)).Found.ShouldContain("Duplicate");

    [Fact]
    public void Read_DuplicateNameByEscape_IsRefused() =>
        Refused(_valid.Replace("\"messageSignature\"", "\"\\u006dessageSignature\": {\"signature\":\"AAAA\"}, \"messageSignature\"", StringComparison.Ordinal));

    [Fact]
    public void Read_LoneSurrogate_IsRefused() =>
        Refused(Change(root => root["verificationMaterial"]!["publicKey"]!["hint"] = "@@").Replace("@@", "\\ud800", StringComparison.Ordinal));

    [Fact]
    public void Read_TooLarge_IsRefused() => Refused(_valid + new string(' ', BundleLimits.Bytes)).Expected.ShouldContain("bytes");

    [Fact]
    public void Read_TooDeep_IsRefused() => Refused(new string('[', 100) + new string(']', 100));

    [Fact]
    public void Read_NullMember_IsAbsent() =>
        Read(Change(root => root["dsseEnvelope"] = null)).Content.ShouldBeOfType<MessageSignature>();

    [Fact]
    public void Read_Version01WithPromiseOnly_IsRead()
    {
        var json = Change(root =>
        {
            root["mediaType"] = "application/vnd.dev.sigstore.bundle+json;version=0.1";
            Entry(root, entry =>
            {
                entry.Remove("inclusionProof");
                entry["inclusionPromise"] = Json("""{"signedEntryTimestamp":"AAAA"}""");
            });
        });
        Read(json).LogEntries.ShouldHaveSingleItem().SignedEntryTimestamp.ShouldNotBeNull();
    }

    [Fact]
    public void Read_Version02WithChain_IsRead()
    {
        var json = Change(root =>
        {
            root["mediaType"] = "application/vnd.dev.sigstore.bundle+json;version=0.2";
            root["verificationMaterial"] = Json("""{"x509CertificateChain":{"certificates":[{"rawBytes":"AAAA"},{"rawBytes":"AAAB"}]}}""");
        });
        Read(json).Material.ShouldBeOfType<CertificateMaterial>().Certificates.Count.ShouldBe(2);
    }

    [Fact]
    public void Read_EveryByteFlipped_NeverThrowsAnythingElse()
    {
        var bytes = Encoding.UTF8.GetBytes(_valid);
        for (var i = 0; i < bytes.Length; i++)
        {
            foreach (var bit in new[] { 0x01, 0x20, 0x80 })
            {
                var changed = (byte[])bytes.Clone();
                changed[i] ^= (byte)bit;
                try
                {
                    BundleReader.Read(changed);
                }
                catch (BundleFormatException)
                {
                    // the one exception that a reader may throw
                }
            }
        }
    }

    [SharedCasesFact]
    public void Read_ConformanceCases_ReadsEveryValidOne()
    {
        foreach (var folder in SharedCases.Cases("conformance").Where(f => !f.EndsWith("_fail", StringComparison.Ordinal)))
        {
            BundleReader.Read(File.ReadAllBytes(Path.Combine(folder, "bundle.sigstore.json"))).ShouldNotBeNull(Path.GetFileName(folder));
        }
    }

    [SharedCasesFact]
    public void Read_ConformanceCases_RefusesMalformedOnes()
    {
        foreach (var name in new[] { "bundle-malformed-json_fail", "bundle-negative-log-index_fail", "bundle-unknown-version_fail", "bundle-empty-certificate-chain_fail", "intoto-missing-inclusion-proof_fail" })
        {
            var path = Path.Combine(SharedCases.Folder!, "conformance", name, "bundle.sigstore.json");
            Should.Throw<BundleFormatException>(() => BundleReader.Read(File.ReadAllBytes(path)), name);
        }
    }

    private static string MakeValid()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return Encoding.UTF8.GetString(BundleSigner.Sign("artifact"u8, key));
    }

    private static JsonNode Json(string json) => JsonNode.Parse(json)!;

    private static string Change(Action<JsonObject> change)
    {
        var root = JsonNode.Parse(_valid)!.AsObject();
        change(root);
        return root.ToJsonString();
    }

    private static void Envelope(JsonObject root, string envelope)
    {
        root.Remove("messageSignature");
        root["dsseEnvelope"] = Json(envelope);
    }

    private static void Entry(JsonObject root, Action<JsonObject> change)
    {
        var entry = Json("""
            {"logIndex":"7","logId":{"keyId":"AAAA"},"kindVersion":{"kind":"hashedrekord","version":"0.0.1"},"integratedTime":"1",
             "inclusionProof":{"logIndex":"1","rootHash":"AAAA","treeSize":"2","hashes":["AAAA"],"checkpoint":{"envelope":"x"}},"canonicalizedBody":"AAAA"}
            """).AsObject();
        change(entry);
        root["verificationMaterial"]!["tlogEntries"] = new JsonArray(entry);
    }

    private static SigstoreBundle Read(string json) => BundleReader.Read(Encoding.UTF8.GetBytes(json));

    private static BundleFormatException Refused(string json) => Should.Throw<BundleFormatException>(() => Read(json));
}
