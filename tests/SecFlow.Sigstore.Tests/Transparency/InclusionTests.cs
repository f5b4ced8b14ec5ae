using System.Security.Cryptography;
using System.Text.Json.Nodes;
using SecFlow.Sigstore.Transparency;
using SecFlow.Sigstore.Verification;
using SecFlow.SigstoreKit;

namespace SecFlow.Sigstore.Tests.Transparency;

/// <summary>Proofs and checkpoints.</summary>
public sealed class InclusionTests : LogTests
{
    [Theory]
    [InlineData("treeSize", "13")]
    [InlineData("treeSize", "11")]
    [InlineData("rootHash", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")]
    [InlineData("rootHash", "AAAA")]
    public void Verify_ProofForAnotherTreeThanTheCheckpoint_IsRejected(string name, string value)
    {
        foreach (var log in new[] { Sigstore.RekorV1, Sigstore.RekorV2 })
        {
            Rejected(Verify(Sign(new SignOptions { Logs = [log], Bundle = b => Entry(b)["inclusionProof"]![name] = value })), RejectionReason.InclusionInvalid, "of the checkpoint");
        }
    }

    [Theory]
    [InlineData("10")]
    [InlineData("0")]
    [InlineData("12")]
    [InlineData("1000011")]
    public void Verify_ProofForAnotherIndex_IsRejected(string index) =>
        Rejected(Verify(Sign(new SignOptions { Bundle = b => Entry(b)["inclusionProof"]!["logIndex"] = index })), RejectionReason.InclusionInvalid, "proof");

    [Fact]
    public void Verify_IndexOfRekor2OtherThanInTheProof_IsRejected() =>
        Rejected(Verify(Sign(new SignOptions { Logs = [Sigstore.RekorV2], Bundle = b => Entry(b)["logIndex"] = "10" })), RejectionReason.InclusionInvalid, "index 11");

    [Fact]
    public void Verify_HashMissingAddedOrChanged_IsRejected()
    {
        var zero = Convert.ToBase64String(new byte[32]);
        foreach (var change in (Action<JsonArray>[])[h => h.RemoveAt(0), h => h.RemoveAt(h.Count - 1), h => h.Clear(), h => h.Add(zero), h => h[0] = zero, h => h[0] = "AAAA"])
        {
            Rejected(Verify(Sign(new SignOptions { Bundle = b => change(Entry(b)["inclusionProof"]!["hashes"]!.AsArray()) })), RejectionReason.InclusionInvalid, "");
        }
    }

    [Fact]
    public void Verify_BodyOfAnotherEntryOfTheTree_IsRejected()
    {
        // the proof of an entry that is really in the tree does not carry another body
        var other = JsonNode.Parse(Sigstore.Sign("another"u8, Identity))!.AsObject();
        Rejected(
            Verify(Sign(new SignOptions { Logs = [Sigstore.RekorV2], Bundle = b => Entry(b)["canonicalizedBody"] = Entry(other)["canonicalizedBody"]!.DeepClone() })),
            RejectionReason.InclusionInvalid, "root");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Verify_CheckpointSignedByNobodyKnown_IsRejected(int rekor)
    {
        using var other = new MockLog(rekor, rekor == 1 ? Sigstore.RekorV1.BaseUrl : Sigstore.RekorV2.BaseUrl, Sigstore.Now);
        var log = rekor == 1 ? Sigstore.RekorV1 : Sigstore.RekorV2;
        var foreign = "";
        Sign(new SignOptions { Logs = [other], NoteSignatures = line => foreign = line });
        Rejected(Verify(Sign(new SignOptions { Logs = [log], NoteSignatures = _ => foreign })), RejectionReason.LogSignatureInvalid, "checkpoint signed by");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Verify_LineOfTheLogAmongOthers_IsEnoughWhereverItStands(int rekor)
    {
        var log = rekor == 1 ? Sigstore.RekorV1 : Sigstore.RekorV2;
        var witness = $"\u2014 witness.example {Convert.ToBase64String(new byte[68])}\n";
        foreach (var lines in (Func<string, string>[])[l => witness + l, l => l + witness, l => Broken(l) + l, l => l + Broken(l)])
        {
            Verify(Sign(new SignOptions { Logs = [log], NoteSignatures = lines })).ShouldBeOfType<VerifiedLogEntries>();
        }
    }

    [Fact]
    public void Verify_LineWithOtherNameOrKeyId_IsNotTheLogs()
    {
        foreach (var change in (Func<string, string>[])[l => l.Replace(Sigstore.RekorV2.Name, "other.test", StringComparison.Ordinal), l => l.Replace(Sigstore.RekorV2.Name, Sigstore.RekorV2.Name.ToUpperInvariant(), StringComparison.Ordinal), OtherKeyId, Broken])
        {
            Rejected(Verify(Sign(new SignOptions { Logs = [Sigstore.RekorV2], NoteSignatures = change })), RejectionReason.LogSignatureInvalid, "checkpoint signed by");
        }
    }

    [Fact]
    public void Verify_ManyWrongLinesOfTheLog_AreNotAllTried() =>
        Rejected(Verify(Sign(new SignOptions { Logs = [Sigstore.RekorV2], NoteSignatures = l => string.Concat(Enumerable.Repeat(Broken(l), 8)) + l })), RejectionReason.LogSignatureInvalid, "checkpoint signed by");

    [Fact]
    public void Verify_FurtherLinesInTheCheckpoint_AreAllowed() =>
        Verify(Sign(new SignOptions { Note = note => note + "Timestamp: 1675209600000000000\n" })).ShouldBeOfType<VerifiedLogEntries>();

    [Fact]
    public void Verify_CheckpointSignedInAnotherForm_IsRejected()
    {
        foreach (var change in (Func<string, string>[])[n => "\n" + n, n => n[(n.IndexOf('\n') + 1)..], n => n.Insert(n.IndexOf('\n') + 1, "-"), n => n.Insert(n.IndexOf('\n') + 1, "0"), n => "other.test" + n[n.IndexOf('\n')..], n => "log2026.sigstore.test.evil" + n[n.IndexOf('\n')..]])
        {
            Rejected(Verify(Sign(new SignOptions { Logs = [Sigstore.RekorV2], Note = change })), RejectionReason.LogSignatureInvalid, "checkpoint");
        }
    }

    [Fact]
    public void Verify_CheckpointWithoutSignature_IsRejected() =>
        Rejected(Verify(Sign(new SignOptions { NoteSignatures = _ => "" })), RejectionReason.LogSignatureInvalid, "a signed checkpoint");

    [Fact]
    public void Verify_Ed25519KeyNamedByItsOwnHash_IsTheLogs()
    {
        // as logs of Rekor 1 name their keys, of whatever kind
        var id = SHA256.HashData(Sigstore.RekorV2.PublicKey)[..4];
        Verify(Sign(new SignOptions { Logs = [Sigstore.RekorV2], NoteSignatures = line => WithKeyId(line, id) })).ShouldBeOfType<VerifiedLogEntries>();
        Rejected(
            Verify(Sign(new SignOptions { Logs = [Sigstore.RekorV2], NoteSignatures = line => WithKeyId(line, [1, 2, 3, 4]) })),
            RejectionReason.LogSignatureInvalid, "checkpoint signed by");
    }

    private static string Broken(string line)
    {
        var at = line.Length - 8;
        return line[..at] + (line[at] == 'A' ? 'B' : 'A') + line[(at + 1)..];
    }

    private static string OtherKeyId(string line)
    {
        var at = line.LastIndexOf(' ') + 1;
        return line[..at] + (line[at] == 'A' ? 'B' : 'A') + line[(at + 1)..];
    }

    private static string WithKeyId(string line, byte[] id)
    {
        var at = line.LastIndexOf(' ') + 1;
        return line[..at] + Convert.ToBase64String([.. id, .. Convert.FromBase64String(line[at..].TrimEnd())[4..]]) + "\n";
    }
}
