using System.Text.Json;

namespace SecFlow.Sigstore.Bundles;

/// <summary>
/// Reads the JSON form of a Sigstore bundle (sigstore_bundle.proto) strictly: unknown and duplicate names, wrong base64, unknown enum values, several or no
/// forms of key material or content, and anything above <see cref="BundleLimits"/> throw <see cref="BundleFormatException"/>.
/// </summary>
public static class BundleReader
{
    /// <summary>The bundle in <paramref name="utf8"/>.</summary>
    public static SigstoreBundle Read(ReadOnlyMemory<byte> utf8)
    {
        if (utf8.Length > BundleLimits.Bytes)
        {
            throw new BundleFormatException("", $"at most {BundleLimits.Bytes} bytes", $"{utf8.Length}");
        }

        return StrictJson.Parse(utf8, Bundle);
    }

    private static SigstoreBundle Bundle(JsonElement element)
    {
        var root = StrictJson.Root(element, "mediaType", "verificationMaterial", "messageSignature", "dsseEnvelope");
        var mediaType = root.RequiredText("mediaType");
        var version = mediaType switch
        {
            "application/vnd.dev.sigstore.bundle+json;version=0.1" => BundleVersion.V01,
            "application/vnd.dev.sigstore.bundle+json;version=0.2" => BundleVersion.V02,
            "application/vnd.dev.sigstore.bundle+json;version=0.3" => BundleVersion.V03,
            "application/vnd.dev.sigstore.bundle.v0.3+json" => BundleVersion.V03,
            _ => throw root.Unsupported("mediaType", "a Sigstore bundle of version 0.1, 0.2 or 0.3", "'" + mediaType + "'"),
        };
        var material = root.RequiredObject(
            "verificationMaterial", "certificate", "x509CertificateChain", "publicKey", "tlogEntries", "timestampVerificationData");
        var key = Material(material, version);
        var entries = new List<LogEntry>();
        foreach (var entry in material.Objects(
            "tlogEntries", BundleLimits.LogEntries, "logIndex", "logId", "kindVersion", "integratedTime", "inclusionPromise", "inclusionProof", "canonicalizedBody"))
        {
            entries.Add(Entry(entry, version));
        }

        var timestamps = new List<ReadOnlyMemory<byte>>();
        if (material.Object("timestampVerificationData", "rfc3161Timestamps") is { } data)
        {
            foreach (var timestamp in data.Objects("rfc3161Timestamps", BundleLimits.Timestamps, "signedTimestamp"))
            {
                timestamps.Add(timestamp.RequiredBase64("signedTimestamp"));
            }
        }

        return new SigstoreBundle(version, key, entries, timestamps, Content(root));
    }

    private static KeyMaterial Material(StrictJson material, BundleVersion version)
    {
        var forms = (material.Has("certificate") ? 1 : 0) + (material.Has("x509CertificateChain") ? 1 : 0) + (material.Has("publicKey") ? 1 : 0);
        if (forms != 1)
        {
            throw material.Wrong("", "exactly one of certificate, x509CertificateChain, publicKey", $"{forms} of them");
        }

        if (material.Object("publicKey", "hint") is { } publicKey)
        {
            return new PublicKeyHint(publicKey.Text("hint") ?? "");
        }

        if (material.Object("certificate", "rawBytes") is { } certificate)
        {
            return new CertificateMaterial([certificate.RequiredBase64("rawBytes")]);
        }

        if (version == BundleVersion.V03)
        {
            throw material.Wrong("x509CertificateChain", "a single certificate in a bundle of version 0.3", "a chain");
        }

        var chain = new List<ReadOnlyMemory<byte>>();
        foreach (var link in material.RequiredObject("x509CertificateChain", "certificates").Objects("certificates", BundleLimits.Certificates, "rawBytes"))
        {
            chain.Add(link.RequiredBase64("rawBytes"));
        }

        return chain.Count > 0 ? new CertificateMaterial(chain) : throw material.Wrong("x509CertificateChain.certificates", "at least one certificate", "none");
    }

    private static LogEntry Entry(StrictJson entry, BundleVersion version)
    {
        var kind = entry.RequiredObject("kindVersion", "kind", "version");
        var promise = entry.Object("inclusionPromise", "signedEntryTimestamp")?.RequiredBase64("signedEntryTimestamp");
        var proof = Proof(entry);
        if (version == BundleVersion.V01 ? promise is null && proof is null : proof?.Checkpoint is null)
        {
            throw entry.Wrong(
                "inclusionProof",
                version == BundleVersion.V01 ? "an inclusion promise or an inclusion proof" : "an inclusion proof with a checkpoint",
                proof is null ? "nothing" : "a proof without a checkpoint");
        }

        return new LogEntry(
            entry.RequiredInt64("logIndex"),
            entry.RequiredObject("logId", "keyId").RequiredBase64("keyId"),
            kind.RequiredText("kind"),
            kind.RequiredText("version"),
            entry.Int64("integratedTime"),
            promise,
            proof,
            entry.Base64("canonicalizedBody"));
    }

    private static LogInclusionProof? Proof(StrictJson entry)
    {
        if (entry.Object("inclusionProof", "logIndex", "rootHash", "treeSize", "hashes", "checkpoint") is not { } proof)
        {
            return null;
        }

        return new LogInclusionProof(
            proof.Int64("logIndex") ?? 0,
            proof.RequiredInt64("treeSize"),
            proof.RequiredBase64("rootHash"),
            proof.Base64List("hashes", BundleLimits.ProofHashes),
            proof.Object("checkpoint", "envelope")?.RequiredText("envelope", 16 * BundleLimits.TextLength));
    }

    private static BundleContent Content(StrictJson root)
    {
        if (root.Has("messageSignature") == root.Has("dsseEnvelope"))
        {
            throw root.Wrong("", "exactly one of messageSignature, dsseEnvelope", root.Has("dsseEnvelope") ? "both" : "neither");
        }

        if (root.Object("messageSignature", "messageDigest", "signature") is { } message)
        {
            var digest = message.Object("messageDigest", "algorithm", "digest") is { } stated ? Digest(stated) : null;
            return new MessageSignature(digest, message.RequiredBase64("signature"));
        }

        var envelope = root.RequiredObject("dsseEnvelope", "payload", "payloadType", "signatures");
        var signatures = envelope.Objects("signatures", 1, "sig", "keyid");
        return signatures is [var signature]
            ? new DsseEnvelope(envelope.RequiredText("payloadType"), envelope.RequiredBase64("payload"), signature.RequiredBase64("sig"), signature.Text("keyid") ?? "")
            : throw envelope.Wrong("signatures", "exactly one signature", "none");
    }

    private static MessageDigest Digest(StrictJson stated)
    {
        var name = stated.RequiredText("algorithm");
        var (algorithm, length) = name switch
        {
            "SHA2_256" => (BundleHash.Sha256, 32),
            "SHA2_384" => (BundleHash.Sha384, 48),
            "SHA2_512" => (BundleHash.Sha512, 64),
            _ => throw stated.Wrong("algorithm", "SHA2_256, SHA2_384 or SHA2_512", "'" + name + "'"),
        };
        var digest = stated.RequiredBase64("digest");
        return digest.Length == length
            ? new MessageDigest(algorithm, digest)
            : throw stated.Wrong("digest", $"{length} bytes for {name}", $"{digest.Length}");
    }
}
