using System.Text;
using System.Text.Json.Nodes;
using SecFlow.Sigstore.Bundles;
using SecFlow.Sigstore.Roots;
using SecFlow.Sigstore.Transparency;
using SecFlow.Sigstore.Verification;
using SecFlow.SigstoreKit;

namespace SecFlow.Sigstore.Tests.Transparency;

/// <summary>Entries that their log really took and signed, but that are about something else.</summary>
public sealed class LogEntryBodyTests(LogEntryBodyTests.Sigstore sigstore) : IClassFixture<LogEntryBodyTests.Sigstore>
{
    private const string Identity = "https://github.com/acme/plugins/.github/workflows/release.yml@refs/tags/v1.0.0";
    private const string ZeroHex = "0000000000000000000000000000000000000000000000000000000000000000";
    private static readonly byte[] _artifact = "the artifact"u8.ToArray();
    private static readonly string _zeroBase64 = Convert.ToBase64String(new byte[32]);
    private readonly MockSigstore _sigstore = sigstore.Mock;

    /// <summary>Path in the spec and another value for it, per kind of entry.</summary>
    public static TheoryData<string, string, string, string> OtherValues => new()
    {
        { "hashedrekord1", "data/hash/value", ZeroHex, "digest of the artifact" },
        { "hashedrekord1", "data/hash/value", "UPPER", "digest of the artifact" },
        { "hashedrekord1", "data/hash/algorithm", "sha384", "digest of the artifact" },
        { "hashedrekord1", "signature/content", "AAAA", "the signature" },
        { "hashedrekord1", "signature/publicKey/content", "AAAA", "one PEM block" },
        { "hashedrekord1", "signature/publicKey/content", "OTHER", "the certificate" },
        { "hashedrekord1", "signature/publicKey/content", "TWICE", "one PEM block" },
        { "hashedrekord1", "signature/publicKey/content", "LABEL", "one PEM block" },
        { "hashedrekord1", "signature/publicKey/content", "AFTER", "one PEM block" },
        { "hashedrekord2", "hashedRekordV002/data/digest", _zeroBase64, "digest of the artifact" },
        { "hashedrekord2", "hashedRekordV002/data/algorithm", "SHA2_512", "digest of the artifact" },
        { "hashedrekord2", "hashedRekordV002/signature/content", "AAAA", "the signature" },
        { "hashedrekord2", "hashedRekordV002/signature/verifier/x509Certificate/rawBytes", "AAAA", "the certificate" },
        { "hashedrekord2dsse", "hashedRekordV002/data/digest", _zeroBase64, "digest of the envelope" },
        { "hashedrekord2dsse", "hashedRekordV002/data/digest", "ARTIFACT", "digest of the envelope" },
        { "hashedrekord2dsse", "hashedRekordV002/signature/content", "AAAA", "the signature" },
        { "dsse1", "payloadHash/value", ZeroHex, "digest of the payload" },
        { "dsse1", "signatures/0/signature", "AAAA", "the signature" },
        { "dsse1", "signatures/0/verifier", "OTHER", "the certificate" },
        { "intoto2", "content/payloadHash/value", ZeroHex, "digest of the payload" },
        { "intoto2", "content/envelope/payloadType", "text/plain", "the payload type" },
        { "intoto2", "content/envelope/signatures/0/sig", "AAAA", "base64 of base64" },
        { "intoto2", "content/envelope/signatures/0/sig", "QUFBQQ==", "the signature" },
        { "intoto2", "content/envelope/signatures/0/publicKey", "OTHER", "the certificate" },
        { "dsse2", "dsseV002/payloadHash/digest", _zeroBase64, "digest of the payload" },
        { "dsse2", "dsseV002/signatures/0/content", "AAAA", "the signature" },
        { "dsse2", "dsseV002/signatures/0/verifier/x509Certificate/rawBytes", "AAAA", "the certificate" },
    };

    /// <summary>Changes of form that a log would not write.</summary>
    public static TheoryData<string, string, string> OtherForms => new()
    {
        { "hashedrekord1", "data/hash/value", "number" },
        { "hashedrekord1", "data/hash", "absent" },
        { "hashedrekord1", "data/hash", "unknown name" },
        { "hashedrekord1", "signature/content", "base64 with a blank" },
        { "hashedrekord1", "signature", "list" },
        { "hashedrekord2", "hashedRekordV002/signature/verifier", "second form" },
        { "hashedrekord2", "hashedRekordV002/signature/verifier/x509Certificate", "absent" },
        { "hashedrekord2", "hashedRekordV002", "absent" },
        { "dsse1", "signatures", "no elements" },
        { "dsse1", "signatures", "doubled" },
        { "dsse2", "dsseV002/signatures", "no elements" },
        { "dsse2", "dsseV002/signatures", "doubled" },
        { "intoto2", "content/envelope/signatures", "no elements" },
        { "intoto2", "content/envelope/signatures", "doubled" },
    };

    [Theory]
    [InlineData("hashedrekord1")]
    [InlineData("hashedrekord2")]
    [InlineData("hashedrekord2dsse")]
    [InlineData("dsse1")]
    [InlineData("dsse2")]
    [InlineData("intoto2")]
    public void Verify_EntryAboutThis_IsProven(string kind) => Verify(kind, _ => { }).ShouldBeOfType<VerifiedLogEntries>();

    [Theory]
    [MemberData(nameof(OtherValues))]
    public void Verify_EntryAboutSomethingElse_IsRejected(string kind, string path, string value, string expected)
    {
        var rejection = Rejected(Verify(kind, entry => Set(entry, path, old => Value(value, old))), RejectionReason.LogEntryMismatch);
        rejection.Expected.ShouldContain(expected);
    }

    [Theory]
    [MemberData(nameof(OtherForms))]
    public void Verify_EntryOfOtherForm_IsRejected(string kind, string path, string form) =>
        Rejected(Verify(kind, entry => Deform(entry, path, form)), RejectionReason.LogEntryMismatch).Found.ShouldContain("log entry's body");

    [Fact]
    public void Verify_InTotoWithAnotherPayload_IsRejected()
    {
        var twice = Convert.ToBase64String(Encoding.ASCII.GetBytes(Convert.ToBase64String("other"u8)));
        var outcome = Verify("intoto2", entry => entry["spec"]!["content"]!["envelope"]!["payload"] = twice);
        Rejected(outcome, RejectionReason.LogEntryMismatch).Expected.ShouldContain("the payload");
    }

    [Theory]
    [InlineData("hashedrekord1", "md5")]
    [InlineData("dsse1", "md5")]
    [InlineData("dsse2", "HASH_ALGORITHM_UNSPECIFIED")]
    public void Verify_UnknownHash_CannotBeChecked(string kind, string algorithm)
    {
        var path = kind switch { "hashedrekord1" => "data/hash/algorithm", "dsse1" => "payloadHash/algorithm", _ => "dsseV002/payloadHash/algorithm" };
        Rejected(Verify(kind, entry => Set(entry, path, _ => algorithm)), RejectionReason.AlgorithmNotSupported).Unverifiable.ShouldBeTrue();
    }

    [Theory]
    [InlineData("rekord", "0.0.1")]
    [InlineData("intoto", "0.0.1")]
    [InlineData("hashedrekord", "0.0.3")]
    [InlineData("HashedRekord", "0.0.1")]
    public void Verify_UnknownKind_CannotBeChecked(string kind, string version)
    {
        var rejection = Rejected(Verify("hashedrekord1", entry => (entry["kind"], entry["apiVersion"]) = (kind, version)), RejectionReason.VersionNotSupported);
        rejection.Unverifiable.ShouldBeTrue();
        rejection.Found.ShouldContain(kind);
    }

    [Theory]
    [InlineData("hashedrekord1", "dsse", "0.0.1")]
    [InlineData("hashedrekord1", "intoto", "0.0.2")]
    [InlineData("dsse1", "hashedrekord", "0.0.1")]
    public void Verify_KindForAnotherContent_IsRejected(string kind, string named, string version) =>
        Rejected(Verify(kind, entry => (entry["kind"], entry["apiVersion"]) = (named, version)), RejectionReason.LogEntryMismatch);

    [Theory]
    [InlineData("kind", "dsse")]
    [InlineData("version", "0.0.2")]
    public void Verify_BundleNamesAnotherKindThanTheBody_IsRejected(string name, string value)
    {
        var json = Sign("hashedrekord1", _ => { }, bundle => bundle["verificationMaterial"]!["tlogEntries"]![0]!["kindVersion"]![name] = value, version: 1, proof: false);
        Rejected(Verify(json), RejectionReason.LogEntryMismatch).Expected.ShouldContain("kind of the entry");
    }

    [Fact]
    public void Verify_EnvelopeEntryForTheArtifactItself_IsRejected()
    {
        // the entry is about an envelope over this artifact, the bundle has a message signature
        var entry = JsonNode.Parse(Sign("dsse1", _ => { }))!["verificationMaterial"]!["tlogEntries"]![0]!.DeepClone();
        var json = Sign("hashedrekord1", _ => { }, bundle => bundle["verificationMaterial"]!["tlogEntries"]![0] = entry);
        Rejected(Verify(json), RejectionReason.LogEntryMismatch).Expected.ShouldContain("message signature");
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("[]")]
    [InlineData("{\"apiVersion\":\"0.0.1\",\"kind\":\"hashedrekord\",\"kind\":\"hashedrekord\",\"spec\":{}}")]
    [InlineData("{\"apiVersion\":\"0.0.1\",\"kind\":\"hashedrekord\"}")]
    public void Check_BodyThatIsNoEntry_IsRejected(string body)
    {
        var bundle = BundleReader.Read(Sign("hashedrekord1", _ => { }));
        var entry = bundle.LogEntries[0] with { CanonicalizedBody = Encoding.UTF8.GetBytes(body) };
        var rejection = LogEntryBody.Check(entry, Content(bundle)).ShouldNotBeNull();
        rejection.Reason.ShouldBe(RejectionReason.LogEntryMismatch);
    }

    private static RejectedBundle Rejected(LogOutcome outcome, RejectionReason reason)
    {
        var rejection = outcome.ShouldBeOfType<RejectedLogEntries>().Rejection;
        rejection.Reason.ShouldBe(reason, rejection.ToString());
        rejection.Stage.ShouldBe(VerificationStage.TransparencyLog);
        return rejection;
    }

    private static (JsonNode Parent, string Name) Find(JsonObject entry, string path)
    {
        var (node, names) = (entry["spec"]!, path.Split('/'));
        foreach (var name in names[..^1])
        {
            node = node is JsonArray list ? list[int.Parse(name)]! : node[name]!;
        }

        return (node, names[^1]);
    }

    private static void Set(JsonObject entry, string path, Func<string, string> change)
    {
        var (parent, name) = Find(entry, path);
        parent[name] = change((string)parent[name]!);
    }

    private static void Deform(JsonObject entry, string path, string form)
    {
        var (parent, name) = Find(entry, path);
        switch (form)
        {
            case "number":
                parent[name] = 7;
                break;
            case "absent":
                parent.AsObject().Remove(name);
                break;
            case "unknown name":
                parent[name]!["further"] = "x";
                break;
            case "base64 with a blank":
                parent[name] = ((string)parent[name]!).Insert(4, " ");
                break;
            case "list":
                parent[name] = new JsonArray();
                break;
            case "second form":
                parent[name]!["publicKey"] = new JsonObject { ["rawBytes"] = "AAAA" };
                break;
            case "no elements":
                parent[name]!.AsArray().Clear();
                break;
            default:
                parent[name]!.AsArray().Add(parent[name]![0]!.DeepClone());
                break;
        }
    }

    private static SignedContent Content(SigstoreBundle bundle) =>
        SignedContent.ByCertificate(bundle.Content, Artifact.FromBytes(_artifact), ((CertificateMaterial)bundle.Material).Certificates[0]);

    private static JsonObject Dsse2(JsonObject entry)
    {
        var signature = entry["spec"]!["signatures"]![0]!;
        var pem = Encoding.ASCII.GetString(Convert.FromBase64String((string)signature["verifier"]!));
        using var certificate = System.Security.Cryptography.X509Certificates.X509Certificate2.CreateFromPem(pem);
        return new JsonObject
        {
            ["dsseV002"] = new JsonObject
            {
                ["payloadHash"] = new JsonObject { ["algorithm"] = "SHA2_256", ["digest"] = Convert.ToBase64String(Convert.FromHexString((string)entry["spec"]!["payloadHash"]!["value"]!)) },
                ["signatures"] = new JsonArray(new JsonObject
                {
                    ["content"] = (string)signature["signature"]!,
                    ["verifier"] = new JsonObject { ["keyDetails"] = "PKIX_ECDSA_P256_SHA_256", ["x509Certificate"] = new JsonObject { ["rawBytes"] = Convert.ToBase64String(certificate.RawData) } },
                }),
            },
        };
    }

    private string Value(string value, string old)
    {
        var pem = value is "TWICE" or "LABEL" or "AFTER" ? Encoding.ASCII.GetString(Convert.FromBase64String(old)) : "";
        return value switch
        {
            "UPPER" => old.ToUpperInvariant(),
            "ARTIFACT" => Convert.ToBase64String(System.Security.Cryptography.SHA256.HashData(_artifact)),
            "OTHER" => Base64(_sigstore.Fulcio.Intermediate.ExportCertificatePem()),
            "TWICE" => Base64(pem + pem),
            "LABEL" => Base64(pem.Replace("CERTIFICATE", "TRUSTED CERTIFICATE", StringComparison.Ordinal)),
            "AFTER" => Base64(pem + "further text"),
            _ => value,
        };
    }

    private static string Base64(string text) => Convert.ToBase64String(Encoding.ASCII.GetBytes(text));

    private byte[] Sign(string kind, Action<JsonObject> body, Action<JsonObject>? bundle = null, int version = 2, bool proof = true)
    {
        var options = new SignOptions
        {
            Version = version,
            Proof = proof,
            Promise = kind is not "dsse2",
            Envelope = kind is "dsse1" or "dsse2" or "intoto2" or "hashedrekord2dsse",
            EntryKind = kind is "intoto2" ? "intoto" : "dsse",
            Logs = [kind.StartsWith("hashedrekord2", StringComparison.Ordinal) ? _sigstore.RekorV2 : _sigstore.RekorV1],
            Body = entry =>
            {
                if (kind == "dsse2")
                {
                    (entry["spec"], entry["apiVersion"]) = (Dsse2(entry), "0.0.2");
                }

                body(entry);
            },
            Bundle = json =>
            {
                if (kind == "dsse2")
                {
                    // a log of the older kind counts its entries beside the tree
                    var entry = json["verificationMaterial"]!["tlogEntries"]![0]!;
                    entry["logIndex"] = (string)entry["inclusionProof"]!["logIndex"]!;
                }

                bundle?.Invoke(json);
            },
        };
        return _sigstore.Sign(_artifact, Identity, options: options);
    }

    private LogOutcome Verify(string kind, Action<JsonObject> body) => Verify(Sign(kind, body));

    private LogOutcome Verify(byte[] json)
    {
        var bundle = BundleReader.Read(json);
        return LogVerifier.Verify(bundle, Content(bundle), sigstore.Root);
    }

    /// <summary>One for all tests: its keys cost more than what is tested.</summary>
    public sealed class Sigstore : IDisposable
    {
        public Sigstore() => Root = TrustedRootReader.Read(Mock.TrustedRoot());

        public MockSigstore Mock { get; } = new();

        public TrustedRoot Root { get; }

        public void Dispose() => Mock.Dispose();
    }
}
