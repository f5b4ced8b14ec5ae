using System.Text;
using SecFlow.Sigstore.Transparency;

namespace SecFlow.Sigstore.Tests.Transparency;

public sealed class MerkleTreeTests
{
    [Fact]
    public void LeafAndNodeHash_AreThoseOfRfc6962()
    {
        // the empty leaf, as in the test data of certificate transparency
        Convert.ToHexStringLower(MerkleTree.LeafHash([])).ShouldBe("6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
        Convert.ToHexStringLower(MerkleTree.NodeHash("N123"u8, "N456"u8)).ShouldBe("aa217fe888e47007fa15edab33c2b492a722cb106c64667fc2b044444de66bbb");
    }

    [Fact]
    public void Root_EveryLeafOfEveryTreeUpTo20_LeadsToItsRoot()
    {
        for (var size = 1; size <= 20; size++)
        {
            var leaves = Leaves(size);
            for (var index = 0; index < size; index++)
            {
                MerkleTree.Root(leaves[index], index, size, Path(index, leaves)).ShouldBe(Tree(leaves), $"{index} of {size}");
            }
        }
    }

    [Fact]
    public void Root_OtherIndex_LeadsElsewhere()
    {
        var leaves = Leaves(13);
        for (var index = 0; index < 13; index++)
        {
            for (var other = 0; other < 16; other++)
            {
                var root = MerkleTree.Root(leaves[index], other, 13, Path(index, leaves));
                (root is not null && root.AsSpan().SequenceEqual(Tree(leaves))).ShouldBe(index == other, $"{index} as {other}");
            }
        }
    }

    [Fact]
    public void Root_OtherNumberOfHashes_IsNone()
    {
        var leaves = Leaves(13);
        for (var index = 0; index < 13; index++)
        {
            var path = Path(index, leaves);
            MerkleTree.Root(leaves[index], index, 13, [.. path, new byte[32]]).ShouldBeNull();
            MerkleTree.Root(leaves[index], index, 13, path[..^1]).ShouldBeNull();
        }
    }

    [Theory]
    [InlineData(-1, 1)]
    [InlineData(1, 1)]
    [InlineData(0, 0)]
    [InlineData(5, 4)]
    [InlineData(long.MaxValue, long.MaxValue)]
    [InlineData(0, -1)]
    public void Root_IndexNotBelowSize_IsNone(long index, long size) => MerkleTree.Root(new byte[32], index, size, []).ShouldBeNull();

    [Theory]
    [InlineData(31)]
    [InlineData(33)]
    [InlineData(0)]
    public void Root_HashOfOtherLength_IsNone(int length) => MerkleTree.Root(new byte[32], 0, 2, [new byte[length]]).ShouldBeNull();

    [Fact]
    public void Root_ChangedHash_LeadsElsewhere()
    {
        var leaves = Leaves(7);
        var path = Path(6, leaves);
        var changed = path[0].ToArray();
        changed[0] ^= 1;
        MerkleTree.Root(leaves[6], 6, 7, [changed, .. path[1..]]).ShouldNotBe(Tree(leaves));
    }

    [Fact]
    public void Root_LargestTree_NeedsExactly63Hashes()
    {
        var hashes = Enumerable.Repeat((ReadOnlyMemory<byte>)new byte[32], 63).ToList();
        MerkleTree.Root(new byte[32], 0, long.MaxValue, hashes).ShouldNotBeNull();
        MerkleTree.Root(new byte[32], 0, long.MaxValue, [.. hashes, new byte[32]]).ShouldBeNull();
    }

    private static List<byte[]> Leaves(int count) => [.. Enumerable.Range(0, count).Select(i => MerkleTree.LeafHash(Encoding.ASCII.GetBytes($"leaf {i}")))];

    /// <summary>RFC 6962, 2.1, as it is written there.</summary>
    private static byte[] Tree(List<byte[]> leaves) =>
        leaves.Count == 1 ? leaves[0] : MerkleTree.NodeHash(Tree(leaves[..Split(leaves.Count)]), Tree(leaves[Split(leaves.Count)..]));

    private static List<ReadOnlyMemory<byte>> Path(int index, List<byte[]> leaves)
    {
        if (leaves.Count == 1)
        {
            return [];
        }

        var split = Split(leaves.Count);
        return index < split ? [.. Path(index, leaves[..split]), Tree(leaves[split..])] : [.. Path(index - split, leaves[split..]), Tree(leaves[..split])];
    }

    private static int Split(int count) => 1 << (int)Math.Log2(count - 1);
}
