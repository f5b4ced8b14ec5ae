using System.Security.Cryptography;

namespace SecFlow.SigstoreKit;

/// <summary>A Merkle tree (RFC 6962, 2.1) in memory.</summary>
public sealed class MerkleTree
{
    private readonly List<byte[]> _leaves = [];

    public int Size => _leaves.Count;

    /// <summary>Index of the new leaf.</summary>
    public int Append(ReadOnlySpan<byte> data)
    {
        _leaves.Add(SHA256.HashData([0, .. data]));
        return _leaves.Count - 1;
    }

    public byte[] Root() => Root(0, _leaves.Count);

    /// <summary>The hashes that lead from the leaf to the root, lowest first.</summary>
    public IReadOnlyList<byte[]> Path(int index)
    {
        var path = new List<byte[]>();
        Path(index, 0, _leaves.Count, path);
        return path;
    }

    private void Path(int index, int from, int to, List<byte[]> path)
    {
        if (to - from == 1)
        {
            return;
        }

        var middle = from + Split(to - from);
        Path(index, index < middle ? from : middle, index < middle ? middle : to, path);
        path.Add(index < middle ? Root(middle, to) : Root(from, middle));
    }

    private byte[] Root(int from, int to)
    {
        if (to - from == 1)
        {
            return _leaves[from];
        }

        var middle = from + Split(to - from);
        return SHA256.HashData([1, .. Root(from, middle), .. Root(middle, to)]);
    }

    /// <summary>The largest power of two below <paramref name="count"/>.</summary>
    private static int Split(int count)
    {
        var power = 1;
        while (power * 2 < count)
        {
            power *= 2;
        }

        return power;
    }
}
