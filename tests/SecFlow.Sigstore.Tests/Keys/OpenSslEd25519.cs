using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace SecFlow.Sigstore.Tests.Keys;

/// <summary>Ed25519 of OpenSSL 3, whose library .NET itself loads on Linux: signs, and is the oracle for what verifies.</summary>
internal static class OpenSslEd25519
{
    public const string Absent = "no libcrypto.so.3 on this system";
    private const int Type = 1087;
    private const string Library = "libcrypto.so.3";

    public static bool Present { get; } = NativeLibrary.TryLoad(Library, out _);

    public static byte[] PublicKey(byte[] seed) => WithPrivate(seed, key =>
    {
        var (bytes, length) = (new byte[32], (nint)32);
        Check(EVP_PKEY_get_raw_public_key(key, bytes, ref length));
        return bytes;
    });

    public static byte[] Sign(byte[] seed, byte[] message) => WithPrivate(seed, key =>
    {
        var context = EVP_MD_CTX_new();
        try
        {
            var (bytes, length) = (new byte[64], (nint)64);
            Check(EVP_DigestSignInit(context, 0, 0, 0, key));
            Check(EVP_DigestSign(context, bytes, ref length, message, message.Length));
            return bytes;
        }
        finally
        {
            EVP_MD_CTX_free(context);
        }
    });

    public static bool Verify(byte[] publicKey, byte[] message, byte[] signature)
    {
        var key = EVP_PKEY_new_raw_public_key(Type, 0, publicKey, publicKey.Length);
        if (key == 0)
        {
            return false;
        }

        var context = EVP_MD_CTX_new();
        try
        {
            return EVP_DigestVerifyInit(context, 0, 0, 0, key) == 1 && EVP_DigestVerify(context, signature, signature.Length, message, message.Length) == 1;
        }
        finally
        {
            EVP_MD_CTX_free(context);
            EVP_PKEY_free(key);
        }
    }

    private static byte[] WithPrivate(byte[] seed, Func<nint, byte[]> use)
    {
        var key = EVP_PKEY_new_raw_private_key(Type, 0, seed, seed.Length);
        try
        {
            return key == 0 ? throw new CryptographicException("OpenSSL refuses the seed.") : use(key);
        }
        finally
        {
            EVP_PKEY_free(key);
        }
    }

    private static void Check(int result)
    {
        if (result != 1)
        {
            throw new CryptographicException("OpenSSL failed.");
        }
    }

    [DllImport(Library), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint EVP_PKEY_new_raw_public_key(int type, nint engine, byte[] key, nint length);

    [DllImport(Library), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint EVP_PKEY_new_raw_private_key(int type, nint engine, byte[] key, nint length);

    [DllImport(Library), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int EVP_PKEY_get_raw_public_key(nint key, byte[] bytes, ref nint length);

    [DllImport(Library), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern void EVP_PKEY_free(nint key);

    [DllImport(Library), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint EVP_MD_CTX_new();

    [DllImport(Library), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern void EVP_MD_CTX_free(nint context);

    [DllImport(Library), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int EVP_DigestSignInit(nint context, nint keyContext, nint type, nint engine, nint key);

    [DllImport(Library), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int EVP_DigestSign(nint context, byte[] signature, ref nint signatureLength, byte[] message, nint length);

    [DllImport(Library), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int EVP_DigestVerifyInit(nint context, nint keyContext, nint type, nint engine, nint key);

    [DllImport(Library), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int EVP_DigestVerify(nint context, byte[] signature, nint signatureLength, byte[] message, nint length);
}

/// <summary>A fact that is skipped, with the reason, where OpenSSL 3 is absent.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class OpenSslFactAttribute : FactAttribute
{
    public OpenSslFactAttribute()
    {
        if (!OpenSslEd25519.Present)
        {
            Skip = OpenSslEd25519.Absent;
        }
    }
}
