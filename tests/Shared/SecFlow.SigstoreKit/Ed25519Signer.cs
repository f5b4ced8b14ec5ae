using System.Numerics;
using System.Security.Cryptography;

namespace SecFlow.SigstoreKit;

/// <summary>Signs by Ed25519 (RFC 8032, 5.1), which .NET 10 lacks. For tests only: it takes no care of its time.</summary>
public sealed class Ed25519Signer
{
    private static readonly BigInteger _p = BigInteger.Pow(2, 255) - 19;
    private static readonly BigInteger _order = BigInteger.Pow(2, 252) + BigInteger.Parse("27742317777372353535851937790883648493", System.Globalization.CultureInfo.InvariantCulture);
    private static readonly BigInteger _d = Modulo(-121665 * Inverse(121666));
    private static readonly BigInteger _x = BigInteger.Parse("15112221349535400772501151409588531511454012693041857206046113283949847762202", System.Globalization.CultureInfo.InvariantCulture);
    private static readonly (BigInteger X, BigInteger Y, BigInteger Z, BigInteger T) _base = Affine(_x, Modulo(4 * Inverse(5)));

    private readonly BigInteger _scalar;
    private readonly byte[] _prefix;

    /// <param name="seed">32 bytes; the private key.</param>
    public Ed25519Signer(ReadOnlySpan<byte> seed)
    {
        var hash = SHA512.HashData(seed);
        hash[0] &= 248;
        hash[31] = (byte)((hash[31] & 127) | 64);
        _scalar = Number(hash.AsSpan(0, 32));
        _prefix = hash[32..];
        PublicKey = Encode(Multiply(_base, _scalar));
    }

    /// <summary>32 bytes.</summary>
    public byte[] PublicKey { get; }

    /// <summary>DER SubjectPublicKeyInfo (RFC 8410).</summary>
    public byte[] SubjectPublicKeyInfo => [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00, .. PublicKey];

    /// <summary>64 bytes.</summary>
    public byte[] Sign(ReadOnlySpan<byte> message)
    {
        var r = Number(SHA512.HashData([.. _prefix, .. message])) % _order;
        var point = Encode(Multiply(_base, r));
        var k = Number(SHA512.HashData([.. point, .. PublicKey, .. message])) % _order;
        return [.. point, .. Bytes((r + (k * _scalar)) % _order)];
    }

    private static (BigInteger X, BigInteger Y, BigInteger Z, BigInteger T) Affine(BigInteger x, BigInteger y) => (x, y, 1, Modulo(x * y));

    private static (BigInteger X, BigInteger Y, BigInteger Z, BigInteger T) Multiply((BigInteger X, BigInteger Y, BigInteger Z, BigInteger T) point, BigInteger scalar)
    {
        var sum = Affine(0, 1);
        for (; scalar > 0; scalar >>= 1)
        {
            if (!scalar.IsEven)
            {
                sum = Add(sum, point);
            }

            point = Add(point, point);
        }

        return sum;
    }

    private static (BigInteger X, BigInteger Y, BigInteger Z, BigInteger T) Add((BigInteger X, BigInteger Y, BigInteger Z, BigInteger T) p, (BigInteger X, BigInteger Y, BigInteger Z, BigInteger T) q)
    {
        var a = Modulo((p.Y - p.X) * (q.Y - q.X));
        var b = Modulo((p.Y + p.X) * (q.Y + q.X));
        var c = Modulo(2 * p.T * q.T * _d);
        var d = Modulo(2 * p.Z * q.Z);
        var (e, f, g, h) = (b - a, d - c, d + c, b + a);
        return (Modulo(e * f), Modulo(g * h), Modulo(f * g), Modulo(e * h));
    }

    private static byte[] Encode((BigInteger X, BigInteger Y, BigInteger Z, BigInteger T) point)
    {
        var inverse = Inverse(point.Z);
        var bytes = Bytes(Modulo(point.Y * inverse));
        bytes[31] |= Modulo(point.X * inverse).IsEven ? (byte)0 : (byte)128;
        return bytes;
    }

    private static BigInteger Inverse(BigInteger value) => BigInteger.ModPow(Modulo(value), _p - 2, _p);

    private static BigInteger Modulo(BigInteger value)
    {
        var rest = value % _p;
        return rest.Sign < 0 ? rest + _p : rest;
    }

    private static BigInteger Number(ReadOnlySpan<byte> littleEndian) => new(littleEndian, isUnsigned: true);

    private static byte[] Bytes(BigInteger value)
    {
        var bytes = new byte[32];
        value.TryWriteBytes(bytes, out _, isUnsigned: true);
        return bytes;
    }
}
