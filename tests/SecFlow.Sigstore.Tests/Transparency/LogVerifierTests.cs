using System.Security.Cryptography;
using System.Text.Json.Nodes;
using SecFlow.Sigstore.Bundles;
using SecFlow.Sigstore.Roots;
using SecFlow.Sigstore.Transparency;
using SecFlow.Sigstore.Verification;
using SecFlow.SigstoreKit;

namespace SecFlow.Sigstore.Tests.Transparency;

/// <summary>Entries, promises, times, and which log they are held against.</summary>
public sealed class LogVerifierTests : LogTests
{
    [Theory]
    [InlineData(1, false, 3, "dsse")]
    [InlineData(1, false, 2, "dsse")]
    [InlineData(1, false, 1, "dsse")]
    [InlineData(1, true, 3, "dsse")]
    [InlineData(1, true, 3, "intoto")]
    [InlineData(2, false, 3, "dsse")]
    [InlineData(2, true, 3, "dsse")]
    public void Verify_GoodEntry_IsProven(int rekor, bool envelope, int version, string kind)
    {
        var log = rekor == 1 ? Sigstore.RekorV1 : Sigstore.RekorV2;
        var verified = Verify(Sign(new SignOptions { Logs = [log], Envelope = envelope, Version = version, EntryKind = kind })).ShouldBeOfType<VerifiedLogEntries>();
        var entry = verified.Entries.ShouldHaveSingleItem();
        entry.Log.ShouldBe(log.Name);
        entry.Operator.ShouldBe(log.Operator);
        entry.LogIndex.ShouldBe(rekor == 1 ? 1_000_011 : 11);
        entry.IntegratedTime.ShouldBe(rekor == 1 ? Sigstore.Now.AddSeconds(2) : null);
        verified.Times.Count.ShouldBe(rekor == 1 ? 1 : 0);
        verified.Parties.ShouldBe(1);
    }

    [Theory]
    [InlineData(KeyKind.P384)]
    [InlineData(KeyKind.P521)]
    [InlineData(KeyKind.Rsa2048)]
    public void Verify_DigestThatFollowsTheKey_IsProven(KeyKind key)
    {
        foreach (var log in new[] { Sigstore.RekorV1, Sigstore.RekorV2 })
        {
            Verify(Sign(new SignOptions { Key = key, Logs = [log] })).ShouldBeOfType<VerifiedLogEntries>();
        }
    }

    [Fact]
    public void Verify_DigestOfAnotherKindAndOnlySha256Known_CannotBeChecked()
    {
        var bundle = BundleReader.Read(Sign(new SignOptions { Key = KeyKind.P384 }));
        var content = SignedContent.ByCertificate(bundle.Content, Artifact.FromDigest(SHA256.HashData(_artifact)), ((CertificateMaterial)bundle.Material).Certificates[0]);
        var rejection = LogVerifier.Verify(bundle, content, Root()).ShouldBeOfType<RejectedLogEntries>().Rejection;
        rejection.Reason.ShouldBe(RejectionReason.ArtifactBytesNeeded);
        rejection.Unverifiable.ShouldBeTrue();
    }

    [Fact]
    public void Verify_MadeWithAKey_IsHeldAgainstThatKey()
    {
        using var key = new SigningKey(KeyKind.P256);
        using var other = new SigningKey(KeyKind.P256);
        foreach (var log in new[] { Sigstore.RekorV1, Sigstore.RekorV2 })
        {
            var bundle = BundleReader.Read(Sigstore.SignWithKey(_artifact, key, new SignOptions { Logs = [log] }));
            var artifact = Artifact.FromBytes(_artifact);
            LogVerifier.Verify(bundle, SignedContent.ByKey(bundle.Content, artifact, key.PublicKey), Root()).ShouldBeOfType<VerifiedLogEntries>();
            Rejected(LogVerifier.Verify(bundle, SignedContent.ByKey(bundle.Content, artifact, other.PublicKey), Root()), RejectionReason.LogEntryMismatch, "the key");
            Rejected(LogVerifier.Verify(bundle, SignedContent.ByCertificate(bundle.Content, artifact, key.PublicKey), Root()), RejectionReason.LogEntryMismatch, "certificate");
        }
    }

    [Fact]
    public void Verify_NoEntries_AreNone()
    {
        var verified = Verify(Sign(new SignOptions { Logs = [] })).ShouldBeOfType<VerifiedLogEntries>();
        verified.Entries.ShouldBeEmpty();
        verified.Parties.ShouldBe(0);
    }

    [Fact]
    public void Verify_OneLogTwice_CountsOnce()
    {
        var verified = Verify(Sign(new SignOptions { Logs = [Sigstore.RekorV1, Sigstore.RekorV1] })).ShouldBeOfType<VerifiedLogEntries>();
        verified.Entries.Count.ShouldBe(2);
        verified.Parties.ShouldBe(1);
    }

    [Fact]
    public void Verify_TwoLogs_CountTwiceUnlessOneOperatorRunsBoth()
    {
        var bundle = Sign(new SignOptions { Logs = [Sigstore.RekorV1, Sigstore.RekorV2] });
        Verify(bundle).ShouldBeOfType<VerifiedLogEntries>().Parties.ShouldBe(2);
        var same = Sigstore.TrustedRoot(root =>
        {
            foreach (var log in root["tlogs"]!.AsArray())
            {
                log!["operator"] = "one operator";
            }
        });
        Verify(bundle, same).ShouldBeOfType<VerifiedLogEntries>().Parties.ShouldBe(1);
    }

    [Fact]
    public void Verify_ForeignLog_IsUnknown()
    {
        using var foreign = new MockLog(1, "https://rekor.sigstore.test", Sigstore.Now.AddYears(-1));
        Rejected(Verify(Sign(new SignOptions { Logs = [foreign] })), RejectionReason.LogUnknown, "log id");
        Rejected(Verify(Sign(new SignOptions { Logs = [Sigstore.RekorV1, foreign] })), RejectionReason.LogUnknown, "log id");
    }

    [Fact]
    public void Verify_RootWithoutLogs_TrustsNone() =>
        Rejected(Verify(Sign(new SignOptions()), Sigstore.TrustedRoot(root => root["tlogs"] = new JsonArray())), RejectionReason.LogUnknown, "log id");

    [Fact]
    public void Verify_EntryOfOneTrustedLogUnderTheIdOfAnother_IsRejected()
    {
        using var second = new MockLog(1, "https://second.sigstore.test", Sigstore.Now.AddYears(-1));
        Sigstore.FurtherLogs.Add(second);
        var bundle = Sign(new SignOptions
        {
            Logs = [second],
            Bundle = b => Entry(b)["logId"]!["keyId"] = Convert.ToBase64String(Sigstore.RekorV1.LogId),
        });
        Rejected(Verify(bundle), RejectionReason.LogSignatureInvalid, "inclusion promise");
    }

    [Fact]
    public void Verify_KeyOfTheLogUnderAnotherName_IsRejected()
    {
        var root = Sigstore.TrustedRoot(r => r["tlogs"]![0]!["baseUrl"] = "https://another.sigstore.test");
        Rejected(Verify(Sign(new SignOptions()), root), RejectionReason.LogSignatureInvalid, "another.sigstore.test");
    }

    [Fact]
    public void Verify_LogListedOncePerPeriod_FindsTheOneThatFits()
    {
        var (before, since) = (Time(Sigstore.Now.AddDays(-1)), Time(Sigstore.Now.AddDays(-30)));
        var root = Sigstore.TrustedRoot(r =>
        {
            var old = r["tlogs"]![0]!.DeepClone();
            old["publicKey"]!["validFor"] = new JsonObject { ["start"] = since, ["end"] = before };
            r["tlogs"]!.AsArray().Insert(0, old);
        });
        Verify(Sign(new SignOptions()), root).ShouldBeOfType<VerifiedLogEntries>();
    }

    [Theory]
    [InlineData(-60, 0, true)]
    [InlineData(-60, 2, true)]
    [InlineData(2, 60, true)]
    [InlineData(3, 60, false)]
    [InlineData(-60, 1, false)]
    public void Verify_PromisedTime_IsInsideTheUseOfTheKeyWithBothEnds(int start, int end, bool inside)
    {
        var root = Sigstore.TrustedRoot(r => r["tlogs"]![0]!["publicKey"]!["validFor"] = new JsonObject { ["start"] = Time(Sigstore.Now.AddSeconds(start)), ["end"] = end == 0 ? null : Time(Sigstore.Now.AddSeconds(end)) });
        var outcome = Verify(Sign(new SignOptions()), root);
        if (inside)
        {
            outcome.ShouldBeOfType<VerifiedLogEntries>();
        }
        else
        {
            Rejected(outcome, RejectionReason.LogNotValidThen, "when the key of log");
        }
    }

    [Fact]
    public void OutsideOf_TimeOfOthers_HoldsForLogsThatDateNothing()
    {
        var root = Sigstore.TrustedRoot(r => r["tlogs"]![1]!["publicKey"]!["validFor"]!["end"] = Time(Sigstore.Now));
        var verified = Verify(Sign(new SignOptions { Logs = [Sigstore.RekorV2] }), root).ShouldBeOfType<VerifiedLogEntries>();
        verified.OutsideOf([new VerifiedTime(Sigstore.Now, "a timestamp authority")]).ShouldBeNull();
        verified.OutsideOf([new VerifiedTime(Sigstore.Now.AddSeconds(1), "a timestamp authority")]).ShouldNotBeNull().Reason.ShouldBe(RejectionReason.LogNotValidThen);
    }

    [Fact]
    public void Verify_TimeWithoutPromise_IsNone()
    {
        var bundle = Sign(new SignOptions { Promise = false, Bundle = b => Entry(b)["integratedTime"] = "1795335457" });
        var verified = Verify(bundle).ShouldBeOfType<VerifiedLogEntries>();
        verified.Times.ShouldBeEmpty();
        verified.Entries[0].IntegratedTime.ShouldBeNull();
        verified.Entries[0].LogIndex.ShouldBe(11, "nothing vouches for another index than that of the proof");
    }

    [Fact]
    public void Verify_TimeOfRekor2_IsNone()
    {
        var bundle = Sign(new SignOptions { Logs = [Sigstore.RekorV2], Bundle = b => Entry(b)["integratedTime"] = "1795335457" });
        Verify(bundle).ShouldBeOfType<VerifiedLogEntries>().Times.ShouldBeEmpty();
    }

    [Fact]
    public void Verify_EntryOfRekor2InALogThatPromises_HasNoTime()
    {
        // a promise over an entry of Rekor 2 must hold, but dates nothing
        var logged = new SignOptions { Body = entry => Replace(entry, "hashedrekord", "0.0.2", Rekor2(entry)) };
        Verify(Sign(logged)).ShouldBeOfType<RejectedLogEntries>().Rejection.Expected.ShouldContain("index 11");
        var verified = Verify(Sign(logged with { Version = 1, Proof = false })).ShouldBeOfType<VerifiedLogEntries>();
        verified.Times.ShouldBeEmpty();
    }

    [Fact]
    public void Verify_Version01WithoutPromise_IsRejected() =>
        Rejected(Verify(Sign(new SignOptions { Version = 1, Promise = false })), RejectionReason.LogSignatureInvalid, "inclusion promise");

    [Fact]
    public void Verify_Version01WithPromiseOnly_IsProven() => Verify(Sign(new SignOptions { Version = 1, Proof = false })).ShouldBeOfType<VerifiedLogEntries>();

    [Fact]
    public void Verify_Version01WithProofWithoutCheckpoint_RestsOnThePromise()
    {
        Verify(Sign(new SignOptions { Version = 1, Checkpoint = false })).ShouldBeOfType<VerifiedLogEntries>();
        var broken = Sign(new SignOptions { Version = 1, Checkpoint = false, Bundle = b => Entry(b)["inclusionProof"]!["rootHash"] = Convert.ToBase64String(new byte[32]) });
        Rejected(Verify(broken), RejectionReason.InclusionInvalid, "root");
    }

    [Fact]
    public void Verify_NoBody_IsRejected() =>
        Rejected(Verify(Sign(new SignOptions { Bundle = b => Entry(b).AsObject().Remove("canonicalizedBody") })), RejectionReason.MalformedBundle, "body");

    [Theory]
    [InlineData("logIndex", "1000012")]
    [InlineData("integratedTime", "1795335457")]
    [InlineData("inclusionPromise", "MEUCIQDM0YxJn7VsUc7FvU7SBXelSzFUWewaeQlbhP5mbpVnawIhAPaZ5dns1a38KgelWWCs1SW1lyrXxVz2RtiiFKDOELlC")]
    [InlineData("inclusionPromise", "AAAA")]
    public void Verify_PromiseOverSomethingElse_IsRejected(string name, string value) => Rejected(
        Verify(Sign(new SignOptions { Bundle = b => Entry(b)[name] = name == "inclusionPromise" ? new JsonObject { ["signedEntryTimestamp"] = value } : value })),
        RejectionReason.LogSignatureInvalid, "inclusion promise");

    [Theory]
    [InlineData(null)]
    [InlineData("0")]
    [InlineData("9223372036854775807")]
    public void Verify_PromiseWithoutTime_IsRejected(string? time) =>
        Rejected(Verify(Sign(new SignOptions { Bundle = b => Entry(b)["integratedTime"] = time })), RejectionReason.LogSignatureInvalid, "the time that");

    private static void Replace(JsonObject entry, string kind, string version, JsonNode spec)
    {
        entry["kind"] = kind;
        entry["apiVersion"] = version;
        entry["spec"] = spec;
    }

    private static JsonObject Rekor2(JsonObject entry)
    {
        var (spec, signature) = (entry["spec"]!, entry["spec"]!["signature"]!);
        var pem = Convert.FromBase64String((string)signature["publicKey"]!["content"]!);
        using var certificate = System.Security.Cryptography.X509Certificates.X509Certificate2.CreateFromPem(System.Text.Encoding.ASCII.GetString(pem));
        return new JsonObject
        {
            ["hashedRekordV002"] = new JsonObject
            {
                ["data"] = new JsonObject { ["algorithm"] = "SHA2_256", ["digest"] = Convert.ToBase64String(Convert.FromHexString((string)spec["data"]!["hash"]!["value"]!)) },
                ["signature"] = new JsonObject
                {
                    ["content"] = (string)signature["content"]!,
                    ["verifier"] = new JsonObject { ["keyDetails"] = "PKIX_ECDSA_P256_SHA_256", ["x509Certificate"] = new JsonObject { ["rawBytes"] = Convert.ToBase64String(certificate.RawData) } },
                },
            },
        };
    }
}
