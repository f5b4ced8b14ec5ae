using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace SecFlow.SigstoreKit;

/// <summary>What a log is told about one signature.</summary>
/// <param name="Hash">Hash of the key.</param>
/// <param name="ArtifactDigest">Digest of what was signed, by that hash; of an envelope, of its pre-authentication encoding.</param>
/// <param name="Signature">The signature.</param>
/// <param name="Certificate">DER of the certificate; null when a key signed.</param>
/// <param name="PublicKey">DER SubjectPublicKeyInfo.</param>
/// <param name="KeyDetails">Kind of the key.</param>
/// <param name="PayloadType">Of the envelope; null for a message.</param>
/// <param name="Payload">Of the envelope.</param>
internal sealed record LoggedSignature(HashAlgorithmName Hash, byte[] ArtifactDigest, byte[] Signature, byte[]? Certificate, byte[] PublicKey, string KeyDetails, string? PayloadType, byte[] Payload)
{
    public string Pem => (Certificate is null ? PemEncoding.WriteString("PUBLIC KEY", PublicKey) : PemEncoding.WriteString("CERTIFICATE", Certificate)) + "\n";
}

/// <summary>
/// A transparency log that speaks the formats of Rekor.
/// Version 1: a key on P-256, promises (SET) and checkpoints, an index that differs from the one in the tree. Version 2: Ed25519, checkpoints only, no time.
/// </summary>
public sealed class MockLog : IDisposable
{
    private const int FirstIndex = 1_000_000;
    private readonly SigningKey _key;
    private readonly MerkleTree _tree = new();

    /// <param name="version">1 or 2.</param>
    /// <param name="baseUrl">Such as <c>https://rekor.mock.test</c>.</param>
    /// <param name="start">From when the trusted root lets it count.</param>
    public MockLog(int version, string baseUrl, DateTimeOffset start)
    {
        (Version, BaseUrl, Start) = (version, baseUrl, start);
        Name = new Uri(baseUrl).Host;
        _key = new SigningKey(version == 2 ? KeyKind.Ed25519 : KeyKind.P256);
        LogId = version == 2 ? SHA256.HashData([.. Encoding.UTF8.GetBytes(Name), 0x0a, 0x01, .. PublicKey[^32..]]) : SHA256.HashData(PublicKey);

        // others were there before, so that proofs have hashes
        for (var i = 0; i < 11; i++)
        {
            _tree.Append(RandomNumberGenerator.GetBytes(40));
        }
    }

    public int Version { get; }

    public string BaseUrl { get; }

    /// <summary>The name in its checkpoints.</summary>
    public string Name { get; }

    public string? Operator { get; init; }

    public DateTimeOffset Start { get; }

    /// <summary>Until when the trusted root lets it count; null = open.</summary>
    public DateTimeOffset? End { get; init; }

    public byte[] PublicKey => _key.PublicKey;

    public byte[] LogId { get; }

    public string KeyDetails => _key.KeyDetails;

    public void Dispose() => _key.Dispose();

    /// <summary>Records a signature; the entry as a bundle carries it.</summary>
    internal JsonObject Add(LoggedSignature signature, SignOptions options, DateTimeOffset time)
    {
        var entry = Body(signature, options);
        options.Body?.Invoke(entry);
        var body = Encoding.UTF8.GetBytes(CanonicalJson.Write(entry));
        var index = _tree.Append(body);
        var (size, root) = (_tree.Size, _tree.Root());
        var logIndex = Version == 2 ? index : index + FirstIndex;
        var kind = (string)entry["kind"]!;
        var result = new JsonObject
        {
            ["logIndex"] = Text(logIndex),
            ["logId"] = new JsonObject { ["keyId"] = Convert.ToBase64String(LogId) },
            ["kindVersion"] = new JsonObject { ["kind"] = kind, ["version"] = (string)entry["apiVersion"]! },
        };
        if (Version == 1 && options.Promise)
        {
            var seconds = time.ToUnixTimeSeconds();
            result["integratedTime"] = Text(seconds);
            var promised = $$"""{"body":"{{Convert.ToBase64String(body)}}","integratedTime":{{Text(seconds)}},"logID":"{{Convert.ToHexStringLower(LogId)}}","logIndex":{{Text(logIndex)}}}""";
            result["inclusionPromise"] = new JsonObject { ["signedEntryTimestamp"] = Convert.ToBase64String(_key.Sign(Encoding.UTF8.GetBytes(promised))) };
        }

        if (options.Proof)
        {
            var proof = new JsonObject
            {
                ["logIndex"] = Text(index),
                ["rootHash"] = Convert.ToBase64String(root),
                ["treeSize"] = Text(size),
                ["hashes"] = new JsonArray([.. _tree.Path(index).Select(h => (JsonNode)Convert.ToBase64String(h))]),
            };
            if (options.Checkpoint)
            {
                proof["checkpoint"] = new JsonObject { ["envelope"] = Checkpoint(size, root, options) };
            }

            result["inclusionProof"] = proof;
        }

        result["canonicalizedBody"] = Convert.ToBase64String(body);
        return result;
    }

    /// <summary>A signed note (C2SP): its lines, a blank line, the log's signature.</summary>
    private string Checkpoint(int size, byte[] root, SignOptions options)
    {
        var note = $"{Name}{(Version == 2 ? "" : " - 4242")}\n{Text(size)}\n{Convert.ToBase64String(root)}\n";
        note = options.Note?.Invoke(note) ?? note;
        var line = $"\u2014 {Name} {Convert.ToBase64String([.. LogId[..4], .. _key.Sign(Encoding.UTF8.GetBytes(note))])}\n";
        return note + "\n" + (options.NoteSignatures?.Invoke(line) ?? line);
    }

    private JsonObject Body(LoggedSignature signature, SignOptions options) => (Version, signature.PayloadType, options.EntryKind) switch
    {
        (2, _, _) => HashedRekord2(signature),
        (_, null, _) or (_, _, "hashedrekord") => HashedRekord1(signature),
        (_, _, "intoto") => Intoto(signature),
        _ => Dsse(signature),
    };

    private static JsonObject HashedRekord1(LoggedSignature signature) => Entry("hashedrekord", "0.0.1", new JsonObject
    {
        ["data"] = new JsonObject { ["hash"] = Hash(signature.Hash.Name!.ToLowerInvariant(), signature.ArtifactDigest) },
        ["signature"] = new JsonObject
        {
            ["content"] = Convert.ToBase64String(signature.Signature),
            ["publicKey"] = new JsonObject { ["content"] = Base64(signature.Pem) },
        },
    });

    private static JsonObject HashedRekord2(LoggedSignature signature)
    {
        var verifier = new JsonObject { ["keyDetails"] = signature.KeyDetails };
        verifier[signature.Certificate is null ? "publicKey" : "x509Certificate"] = new JsonObject { ["rawBytes"] = Convert.ToBase64String(signature.Certificate ?? signature.PublicKey) };
        return Entry("hashedrekord", "0.0.2", new JsonObject
        {
            ["hashedRekordV002"] = new JsonObject
            {
                ["data"] = new JsonObject { ["algorithm"] = "SHA2_" + signature.Hash.Name![3..], ["digest"] = Convert.ToBase64String(signature.ArtifactDigest) },
                ["signature"] = new JsonObject { ["content"] = Convert.ToBase64String(signature.Signature), ["verifier"] = verifier },
            },
        });
    }

    private static JsonObject Dsse(LoggedSignature signature) => Entry("dsse", "0.0.1", new JsonObject
    {
        // the envelope's JSON is not in the bundle, so that nobody can compare this one
        ["envelopeHash"] = Hash("sha256", SHA256.HashData(signature.Signature)),
        ["payloadHash"] = Hash("sha256", SHA256.HashData(signature.Payload)),
        ["signatures"] = new JsonArray(new JsonObject { ["signature"] = Convert.ToBase64String(signature.Signature), ["verifier"] = Base64(signature.Pem) }),
    });

    private static JsonObject Intoto(LoggedSignature signature) => Entry("intoto", "0.0.2", new JsonObject
    {
        ["content"] = new JsonObject
        {
            ["envelope"] = new JsonObject
            {
                ["payloadType"] = signature.PayloadType,
                ["signatures"] = new JsonArray(new JsonObject { ["publicKey"] = Base64(signature.Pem), ["sig"] = Base64(Convert.ToBase64String(signature.Signature)) }),
            },
            ["hash"] = Hash("sha256", SHA256.HashData(signature.Signature)),
            ["payloadHash"] = Hash("sha256", SHA256.HashData(signature.Payload)),
        },
    });

    private static JsonObject Entry(string kind, string version, JsonObject spec) => new() { ["apiVersion"] = version, ["kind"] = kind, ["spec"] = spec };

    private static JsonObject Hash(string algorithm, byte[] digest) => new() { ["algorithm"] = algorithm, ["value"] = Convert.ToHexStringLower(digest) };

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
