using System.Security.Cryptography;

namespace SecFlow.Sigstore.Transparency;

/// <summary>Hashes and inclusion proofs of a Merkle tree as in RFC 6962, 2.1, with SHA-256.</summary>
public static class MerkleTree
{
    private const int HashLength = 32;

    /// <summary><c>SHA-256(0x00 || leaf)</c>.</summary>
    public static byte[] LeafHash(ReadOnlySpan<byte> leaf) => Hash(0, leaf, []);

    /// <summary><c>SHA-256(0x01 || left || right)</c>.</summary>
    public static byte[] NodeHash(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right) => Hash(1, left, right);

    /// <summary>
    /// Root that the proof leads to (RFC 9162, 2.1.3.2), or null when index, size and number of hashes do not fit each other: a proof has exactly as many
    /// hashes as the place of its leaf in a tree of this size asks for.
    /// </summary>
    public static byte[]? Root(ReadOnlySpan<byte> leafHash, long index, long size, IReadOnlyList<ReadOnlyMemory<byte>> hashes)
    {
        ArgumentNullException.ThrowIfNull(hashes);
        if (index < 0 || index >= size)
        {
            return null;
        }

        var (node, last, root) = (index, size - 1, leafHash.ToArray());
        foreach (var hash in hashes)
        {
            if (last == 0 || hash.Length != HashLength)
            {
                return null;
            }

            if ((node & 1) == 1 || node == last)
            {
                root = NodeHash(hash.Span, root);

                // the right edge skips the levels on which it has no sibling
                while ((node & 1) == 0 && node != 0)
                {
                    (node, last) = (node >> 1, last >> 1);
                }
            }
            else
            {
                root = NodeHash(root, hash.Span);
            }

            (node, last) = (node >> 1, last >> 1);
        }

        return last == 0 ? root : null;
    }

    private static byte[] Hash(byte prefix, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData([prefix]);
        hash.AppendData(first);
        hash.AppendData(second);
        return hash.GetHashAndReset();
    }
}
