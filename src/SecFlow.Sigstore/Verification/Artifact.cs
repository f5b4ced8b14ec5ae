using System.Security.Cryptography;

namespace SecFlow.Sigstore.Verification;

/// <summary>What was signed: its bytes, or only its SHA-256.</summary>
public sealed class Artifact
{
    private readonly ReadOnlyMemory<byte>? _bytes;

    private Artifact(ReadOnlyMemory<byte>? bytes, ReadOnlyMemory<byte> sha256)
    {
        _bytes = bytes;
        Sha256 = sha256;
    }

    /// <summary>32 bytes.</summary>
    public ReadOnlyMemory<byte> Sha256 { get; }

    /// <summary><c>sha256:hex</c>.</summary>
    public string Digest => "sha256:" + Convert.ToHexStringLower(Sha256.Span);

    /// <summary>The bytes; null when only the digest is known.</summary>
    public ReadOnlyMemory<byte>? Bytes => _bytes;

    public static Artifact FromBytes(ReadOnlyMemory<byte> bytes) => new(bytes, SHA256.HashData(bytes.Span));

    /// <param name="sha256">32 bytes.</param>
    public static Artifact FromDigest(ReadOnlyMemory<byte> sha256)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(sha256.Length, SHA256.HashSizeInBytes);
        return new Artifact(null, sha256);
    }

    /// <summary>Digest with another algorithm; null when only the SHA-256 is known.</summary>
    internal byte[]? Hash(HashAlgorithmName algorithm) =>
        algorithm == HashAlgorithmName.SHA256 ? Sha256.ToArray()
        : _bytes is not { } bytes ? null
        : algorithm == HashAlgorithmName.SHA384 ? SHA384.HashData(bytes.Span)
        : SHA512.HashData(bytes.Span);
}
