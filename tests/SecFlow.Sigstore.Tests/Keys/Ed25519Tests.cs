using System.Numerics;
using SecFlow.Sigstore.Keys;

namespace SecFlow.Sigstore.Tests.Keys;

public sealed class Ed25519Tests
{
    private static readonly BigInteger _order = BigInteger.Pow(2, 252) + BigInteger.Parse("27742317777372353535851937790883648493");

    /// <summary>The eight points whose order divides the cofactor, in their canonical encoding.</summary>
    private static readonly string[] _smallOrder =
    [
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    ];

    /// <summary>Second encodings: y not below p, or a sign at x = 0.</summary>
    private static readonly string[] _nonCanonical =
    [
        "0100000000000000000000000000000000000000000000000000000000000080",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    ];

    public static TheoryData<string> SmallOrderCases => [.. _smallOrder];

    public static TheoryData<string> NonCanonicalCases => [.. _nonCanonical];

    [Fact]
    public void Verify_VectorsOfRfc8032_Hold()
    {
        foreach (var (name, key, message, signature) in Rfc8032Vectors.All)
        {
            Ed25519.Verify(Hex(key), Hex(message), Hex(signature)).ShouldBeTrue(name);
            Ed25519.Verify(Hex(key), [.. Hex(message), 0], Hex(signature)).ShouldBeFalse(name);
        }
    }

    [Fact]
    public void Verify_VectorOfAnotherKey_IsRefused()
    {
        var (first, second) = (Rfc8032Vectors.All[0], Rfc8032Vectors.All[1]);
        Ed25519.Verify(Hex(second.PublicKey), Hex(first.Message), Hex(first.Signature)).ShouldBeFalse();
    }

    [Theory]
    [InlineData(0, 64)]
    [InlineData(31, 64)]
    [InlineData(33, 64)]
    [InlineData(32, 63)]
    [InlineData(32, 65)]
    [InlineData(32, 0)]
    public void Verify_OtherLengths_AreRefused(int key, int signature)
    {
        var vector = Rfc8032Vectors.All[1];
        Ed25519.Verify(Fit(Hex(vector.PublicKey), key), Hex(vector.Message), Fit(Hex(vector.Signature), signature)).ShouldBeFalse();
    }

    [Fact]
    public void Verify_SPlusOrder_IsRefused()
    {
        foreach (var (name, key, message, hex) in Rfc8032Vectors.All)
        {
            var signature = Hex(hex);
            var s = new BigInteger(signature.AsSpan(32), isUnsigned: true) + _order;
            var twin = s.ToByteArray(isUnsigned: true);
            twin.Length.ShouldBe(32);
            Ed25519.Verify(Hex(key), Hex(message), [.. signature[..32], .. twin]).ShouldBeFalse(name);
        }
    }

    [Theory]
    [MemberData(nameof(SmallOrderCases))]
    public void IsKey_SmallOrder_IsRefused(string point) => Ed25519.IsKey(Hex(point)).ShouldBeFalse();

    [Theory]
    [MemberData(nameof(NonCanonicalCases))]
    public void IsKey_SecondEncoding_IsRefused(string point) => Ed25519.IsKey(Hex(point)).ShouldBeFalse();

    [Fact]
    public void IsKey_NotOnTheCurve_IsRefused() => Ed25519.IsKey([2, .. new byte[31]]).ShouldBeFalse();

    [Fact]
    public void IsKey_KeyOfRfc8032_Is() => Ed25519.IsKey(Hex(Rfc8032Vectors.All[0].PublicKey)).ShouldBeTrue();

    [Theory]
    [MemberData(nameof(SmallOrderCases))]
    public void Verify_ForgedForSmallOrderKey_IsRefused(string point)
    {
        // S = 0 and R = -kA: with a key of small order one of the eight points fits whatever the message says
        for (byte message = 0; message < 16; message++)
        {
            foreach (var r in _smallOrder)
            {
                Ed25519.Verify(Hex(point), [message], [.. Hex(r), .. new byte[32]]).ShouldBeFalse();
            }
        }
    }

    [OpenSslFact]
    public void Verify_KeyOfSmallOrder_IsStricterThanOpenSsl()
    {
        var neutral = Hex(_smallOrder[0]);
        byte[] signature = [.. neutral, .. new byte[32]];
        OpenSslEd25519.Verify(neutral, "anything"u8.ToArray(), signature).ShouldBeTrue("or the refusal is no longer a difference");
        Ed25519.Verify(neutral, "anything"u8, signature).ShouldBeFalse();
    }

    [OpenSslFact]
    public void Verify_SmallOrderR_IsAsOpenSsl()
    {
        var key = OpenSslEd25519.PublicKey(new byte[32]);
        foreach (var r in _smallOrder.Concat(_nonCanonical))
        {
            byte[] signature = [.. Hex(r), .. new byte[32]];
            Ed25519.Verify(key, [], signature).ShouldBe(OpenSslEd25519.Verify(key, [], signature));
        }
    }

    [OpenSslFact]
    public void Verify_Mutants_IsAsOpenSsl()
    {
        var random = new Random(20261);
        var accepted = 0;
        for (var round = 0; round < 60; round++)
        {
            var (seed, message) = (new byte[32], new byte[random.Next(200)]);
            random.NextBytes(seed);
            random.NextBytes(message);
            var (key, signature) = (OpenSslEd25519.PublicKey(seed), OpenSslEd25519.Sign(seed, message));
            for (var mutation = 0; mutation < 6; mutation++)
            {
                var (k, m, s) = Mutate(key, message, signature, mutation, random);
                var expected = OpenSslEd25519.Verify(k, m, s);
                accepted += expected ? 1 : 0;
                Ed25519.Verify(k, m, s).ShouldBe(expected, $"round {round}, mutation {mutation}: {Convert.ToHexString(k)} {Convert.ToHexString(m)} {Convert.ToHexString(s)}");
            }
        }

        accepted.ShouldBeGreaterThanOrEqualTo(60);
    }

    private static (byte[] Key, byte[] Message, byte[] Signature) Mutate(byte[] key, byte[] message, byte[] signature, int mutation, Random random)
    {
        var (k, m, s) = ((byte[])key.Clone(), (byte[])message.Clone(), (byte[])signature.Clone());
        switch (mutation)
        {
            case 1:
                s[random.Next(64)] ^= (byte)(1 << random.Next(8));
                break;
            case 2:
                k[random.Next(32)] ^= (byte)(1 << random.Next(8));
                break;
            case 3 when m.Length > 0:
                m[random.Next(m.Length)] ^= 1;
                break;
            case 4:
                var bytes = (new BigInteger(s.AsSpan(32), isUnsigned: true) + _order).ToByteArray(isUnsigned: true);
                s = [.. s[..32], .. Fit(bytes, 32)];
                break;
            case 5:
                random.NextBytes(s);
                s[63] &= 0x0F;
                break;
        }

        return (k, m, s);
    }

    private static byte[] Hex(string text) => Convert.FromHexString(text);

    private static byte[] Fit(byte[] bytes, int length)
    {
        Array.Resize(ref bytes, length);
        return bytes;
    }
}
