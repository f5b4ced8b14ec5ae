using System.Numerics;
using System.Security.Cryptography;

namespace SecFlow.Sigstore.Keys;

/// <summary>
/// Verifies Ed25519 signatures (RFC 8032, 5.1.7). It never signs, so it holds no secret and its time may depend on its input.
/// 1. A point is accepted in its one canonical encoding only: y below p, and no sign at x = 0. S is below the order L, or the signature could be made twice.
/// 2. The equation is checked without cofactor, and R is compared as bytes, as OpenSSL does: R in any other encoding never fits.
/// 3. A public key of small order is refused: everybody can make its signatures. OpenSSL lets it pass.
/// </summary>
public static class Ed25519
{
    public const int PublicKeyLength = 32;
    public const int SignatureLength = 64;

    private static readonly BigInteger _p = BigInteger.Pow(2, 255) - 19;
    private static readonly BigInteger _order = BigInteger.Pow(2, 252) + BigInteger.Parse("27742317777372353535851937790883648493", System.Globalization.CultureInfo.InvariantCulture);
    private static readonly BigInteger _d = Mod(-121665 * Inverse(121666));
    private static readonly BigInteger _twiceD = Mod(2 * _d);
    private static readonly BigInteger _rootOfMinusOne = BigInteger.ModPow(2, (_p - 1) / 4, _p);
    private static readonly Point _neutral = new(BigInteger.Zero, BigInteger.One, BigInteger.One, BigInteger.Zero);
    private static readonly Point _base = BasePoint();

    /// <summary>Whether <paramref name="publicKey"/> is the canonical encoding of a point that may be a key.</summary>
    public static bool IsKey(ReadOnlySpan<byte> publicKey) => TryKey(publicKey, out _);

    /// <summary>Whether <paramref name="signature"/> (64 bytes) is that of <paramref name="publicKey"/> (32 bytes) over <paramref name="message"/>; false for anything that has not these forms.</summary>
    public static bool Verify(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        if (signature.Length != SignatureLength || !TryKey(publicKey, out var key))
        {
            return false;
        }

        var r = signature[..32];
        var s = Number(signature[32..]);
        if (s >= _order)
        {
            return false;
        }

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA512);
        hash.AppendData(r);
        hash.AppendData(publicKey);
        hash.AppendData(message);
        var k = Number(hash.GetHashAndReset()) % _order;
        return Encode(Sum(s, _base, k, Negate(key))).AsSpan().SequenceEqual(r);
    }

    private static bool TryKey(ReadOnlySpan<byte> bytes, out Point key)
    {
        key = default;
        if (bytes.Length != PublicKeyLength || !TryDecode(bytes, out key))
        {
            return false;
        }

        var eightfold = Double(Double(Double(key)));
        return !(eightfold.X.IsZero && eightfold.Y == eightfold.Z);
    }

    /// <summary>RFC 8032, 5.1.3.</summary>
    private static bool TryDecode(ReadOnlySpan<byte> bytes, out Point point)
    {
        point = default;
        Span<byte> low = stackalloc byte[32];
        bytes.CopyTo(low);
        low[31] &= 0x7F;
        var y = Number(low);
        if (y >= _p)
        {
            return false;
        }

        var square = Mod(y * y);
        var (u, v) = (Mod(square - 1), Mod((_d * square) + 1));
        var v3 = Mod(Mod(v * v) * v);
        var x = Mod(Mod(u * v3) * BigInteger.ModPow(Mod(Mod(u * v3) * Mod(v3 * v)), (_p - 5) / 8, _p));
        var check = Mod(v * Mod(x * x));
        if (check != u)
        {
            if (check != Mod(-u))
            {
                return false;
            }

            x = Mod(x * _rootOfMinusOne);
        }

        var negative = (bytes[31] & 0x80) != 0;
        if (x.IsZero && negative)
        {
            return false;
        }

        x = x.IsEven == negative ? _p - x : x;
        point = new Point(x, y, BigInteger.One, Mod(x * y));
        return true;
    }

    private static byte[] Encode(Point point)
    {
        var inverse = Inverse(point.Z);
        var bytes = new byte[32];
        Mod(point.Y * inverse).TryWriteBytes(bytes, out _, isUnsigned: true);
        if (!Mod(point.X * inverse).IsEven)
        {
            bytes[31] |= 0x80;
        }

        return bytes;
    }

    /// <summary>a·P + b·Q, both numbers read together bit by bit from the top.</summary>
    private static Point Sum(BigInteger a, Point p, BigInteger b, Point q)
    {
        var (both, sum) = (Add(p, q), _neutral);
        for (var bit = (int)Math.Max(a.GetBitLength(), b.GetBitLength()) - 1; bit >= 0; bit--)
        {
            sum = Double(sum);
            var (first, second) = (!(a >> bit).IsEven, !(b >> bit).IsEven);
            if (first || second)
            {
                sum = Add(sum, first ? second ? both : p : q);
            }
        }

        return sum;
    }

    /// <summary>RFC 8032, 5.1.4: complete, it holds for every pair of points.</summary>
    private static Point Add(Point p, Point q)
    {
        var a = Mod((p.Y - p.X) * (q.Y - q.X));
        var b = Mod((p.Y + p.X) * (q.Y + q.X));
        var c = Mod(Mod(p.T * _twiceD) * q.T);
        var d = Mod(2 * p.Z * q.Z);
        var (e, f, g, h) = (b - a, d - c, d + c, b + a);
        return new Point(Mod(e * f), Mod(g * h), Mod(f * g), Mod(e * h));
    }

    private static Point Double(Point p)
    {
        var a = Mod(p.X * p.X);
        var b = Mod(p.Y * p.Y);
        var c = 2 * p.Z * p.Z;
        var h = a + b;
        var e = h - Mod((p.X + p.Y) * (p.X + p.Y));
        var g = a - b;
        var f = Mod(c + g);
        return new Point(Mod(e * f), Mod(g * h), Mod(f * g), Mod(e * h));
    }

    private static Point Negate(Point p) => new(Mod(-p.X), p.Y, p.Z, Mod(-p.T));

    /// <summary>The point with y = 4/5 and even x.</summary>
    private static Point BasePoint()
    {
        Span<byte> bytes = stackalloc byte[32];
        Mod(4 * Inverse(5)).TryWriteBytes(bytes, out _, isUnsigned: true);
        return TryDecode(bytes, out var point) ? point : throw new InvalidOperationException("The base point is not on the curve.");
    }

    private static BigInteger Number(ReadOnlySpan<byte> littleEndian) => new(littleEndian, isUnsigned: true);

    private static BigInteger Inverse(BigInteger x) => BigInteger.ModPow(x, _p - 2, _p);

    private static BigInteger Mod(BigInteger x)
    {
        var rest = BigInteger.Remainder(x, _p);
        return rest.Sign < 0 ? rest + _p : rest;
    }

    /// <summary>Extended coordinates: x = X/Z, y = Y/Z, x·y = T/Z.</summary>
    private readonly record struct Point(BigInteger X, BigInteger Y, BigInteger Z, BigInteger T);
}
