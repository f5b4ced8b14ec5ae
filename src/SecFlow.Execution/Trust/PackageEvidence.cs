using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using SecFlow.Execution.Plugins;
using SecFlow.Sigstore.Bundles;
using SecFlow.Sigstore.Keys;
using SecFlow.Sigstore.Verification;

namespace SecFlow.Execution.Trust;

/// <summary>Answers about one set of bytes, kept as long as the verdict cache likes. Each is a function of the bytes, the asked root or key, and the thresholds: no path and no time is in it.</summary>
internal sealed class EvidenceMemo
{
    private readonly ConcurrentDictionary<object, object> _answers = new();

    public T Answer<T>(object question, Func<T> compute)
        where T : class => (T)_answers.GetOrAdd(question, _ => compute());
}

/// <summary>The form of a signature: what it was made with, or why it could not be read.</summary>
/// <param name="Problem">Null when it could be read.</param>
/// <param name="Hint">Of a signature that was made with a key; null for certificates.</param>
internal sealed record SignatureForm(RejectedBundle? Problem, string? Hint);

/// <summary>
/// What the bytes of a package prove, whatever the rules make of it.
/// The bundle is number 0, countersignatures follow in ordinal order of their paths.
/// </summary>
internal sealed class PackageEvidence
{
    private readonly PluginPackage _package;
    private readonly EvidenceMemo _memo;
    private readonly List<byte[]> _bundles;
    private readonly SigstoreBundle?[] _read;
    private Artifact? _artifact;

    public PackageEvidence(PluginPackage package, EvidenceMemo memo)
    {
        (_package, _memo) = (package, memo);
        _bundles = package.Bundle is { } bundle ? [bundle, .. package.Countersignatures] : [];
        _read = new SigstoreBundle?[_bundles.Count];
        Digest = package.Digest;
    }

    /// <summary>Package digest; null without SHA256SUMS.</summary>
    public string? Digest { get; }

    /// <summary>How many signatures the package has.</summary>
    public int Signatures => _bundles.Count;

    /// <summary>Files that are not as SHA256SUMS says.</summary>
    public IReadOnlyList<ChecksumDifference> Differences => _memo.Answer("files", () => Checksums.Compare(_package));

    /// <summary>Digest of all bytes with their paths: the same exactly when the package is the same, signatures included.</summary>
    public static string ContentDigest(PluginPackage package)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> length = stackalloc byte[8];
        foreach (var (path, bytes) in package.Files)
        {
            var name = Encoding.UTF8.GetBytes(path);
            BinaryPrimitives.WriteInt64BigEndian(length, name.Length);
            hash.AppendData(length);
            hash.AppendData(name);
            BinaryPrimitives.WriteInt64BigEndian(length, bytes.Length);
            hash.AppendData(length);
            hash.AppendData(bytes);
        }

        return "sha256:" + Convert.ToHexStringLower(hash.GetCurrentHash());
    }

    /// <summary>What a signature was made with, or why it could not be read.</summary>
    public SignatureForm Form(int number) => _memo.Answer(("form", number), () =>
    {
        try
        {
            return new SignatureForm(null, (Read(number).Material as PublicKeyHint)?.Hint);
        }
        catch (BundleFormatException e)
        {
            return new SignatureForm(RejectedBundle.Malformed(e), null);
        }
    });

    /// <summary>Whose certificate made this signature, everything checked but whether that is somebody whom a rule names.</summary>
    public VerificationResult Identify(int number, PinnedRoot root, TrustRequirements require) => _memo.Answer(
        ("certificate", number, root.Digest, Text(require)),
        () => BundleVerifier.Identify(Read(number), Signed(), root.Root, Thresholds(require)));

    /// <summary>Whether this key made the signature.</summary>
    public VerificationResult ByKey(int number, VerificationKey key, PinnedRoot? root, TrustRequirements require) => _memo.Answer(
        ("key", number, key.Fingerprint, root?.Root.Digest, Text(require)),
        () => BundleVerifier.Verify(Read(number), Signed(), key, root?.Root, keyValidFor: null, Thresholds(require)));

    private static VerificationThresholds Thresholds(TrustRequirements require) =>
        new() { LogEntries = require.Tlog, CertificateLogs = require.Sct, Timestamps = require.Timestamps, Versions = require.Bundles };

    private static string Text(TrustRequirements require) => $"{require.Tlog} {require.Sct} {require.Timestamps} {string.Join(' ', require.Bundles)}";

    private Artifact Signed() => _artifact ??= Artifact.FromBytes(_package.Required(PluginPackage.ChecksumsFile));

    private SigstoreBundle Read(int number) => _read[number] ??= BundleReader.Read(_bundles[number]);
}
