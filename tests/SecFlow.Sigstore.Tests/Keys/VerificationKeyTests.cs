using System.Security.Cryptography;
using System.Text;
using SecFlow.Sigstore.Keys;
using SecFlow.SigstoreKit;
using MockKeyKind = SecFlow.SigstoreKit.KeyKind;

namespace SecFlow.Sigstore.Tests.Keys;

public sealed class VerificationKeyTests
{
    private static readonly byte[] _data = "data"u8.ToArray();

    [Theory]
    [InlineData(MockKeyKind.P256, SecFlow.Sigstore.Keys.KeyKind.EcdsaP256, "SHA256")]
    [InlineData(MockKeyKind.P384, SecFlow.Sigstore.Keys.KeyKind.EcdsaP384, "SHA384")]
    [InlineData(MockKeyKind.P521, SecFlow.Sigstore.Keys.KeyKind.EcdsaP521, "SHA512")]
    [InlineData(MockKeyKind.Rsa2048, SecFlow.Sigstore.Keys.KeyKind.Rsa, "SHA256")]
    [InlineData(MockKeyKind.Rsa3072, SecFlow.Sigstore.Keys.KeyKind.Rsa, "SHA256")]
    [InlineData(MockKeyKind.Ed25519, SecFlow.Sigstore.Keys.KeyKind.Ed25519, null)]
    public void Verify_EveryKind_ItsOwnSignatureOnly(MockKeyKind made, SecFlow.Sigstore.Keys.KeyKind kind, string? hash)
    {
        using var signer = new SigningKey(made);
        using var key = VerificationKey.FromPem(Encoding.ASCII.GetBytes(signer.PublicKeyPem));
        key.Kind.ShouldBe(kind);
        key.Hash?.Name.ShouldBe(hash);
        key.Fingerprint.ShouldBe("sha256:" + Convert.ToHexStringLower(SHA256.HashData(signer.PublicKey)));
        key.SubjectPublicKeyInfo.ToArray().ShouldBe(signer.PublicKey);
        var signature = signer.Sign(_data);
        key.Verify(_data, signature).ShouldBeTrue();
        key.Verify("other"u8, signature).ShouldBeFalse();
        key.Verify(_data, signature.AsSpan(..^1)).ShouldBeFalse();
        key.Verify(_data, [.. signature, 0]).ShouldBeFalse();
        key.Verify(_data, []).ShouldBeFalse();
    }

    [Fact]
    public void VerifyDigest_HashOfTheKey_IsTheSameQuestion()
    {
        using var signer = new SigningKey(MockKeyKind.P384);
        using var key = VerificationKey.FromSubjectPublicKeyInfo(signer.PublicKey);
        key.VerifyDigest(SHA384.HashData(_data), signer.Sign(_data)).ShouldBeTrue();
        key.VerifyDigest(SHA256.HashData(_data), signer.Sign(_data)).ShouldBeFalse();
    }

    [Fact]
    public void VerifyDigest_Ed25519_HasNoSuchForm()
    {
        using var signer = new SigningKey(MockKeyKind.Ed25519);
        using var key = VerificationKey.FromSubjectPublicKeyInfo(signer.PublicKey);
        Should.Throw<InvalidOperationException>(() => key.VerifyDigest(SHA512.HashData(_data), signer.Sign(_data)));
    }

    [Fact]
    public void Verify_RsaPss_IsNotPkcs1()
    {
        using var rsa = RSA.Create(2048);
        using var key = VerificationKey.FromSubjectPublicKeyInfo(rsa.ExportSubjectPublicKeyInfo());
        key.Verify(_data, rsa.SignData(_data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)).ShouldBeTrue();
        key.Verify(_data, rsa.SignData(_data, HashAlgorithmName.SHA256, RSASignaturePadding.Pss)).ShouldBeFalse();
        key.Verify(_data, rsa.SignData(_data, HashAlgorithmName.SHA512, RSASignaturePadding.Pkcs1)).ShouldBeFalse();
    }

    [Fact]
    public void FromSubjectPublicKeyInfo_ExplicitCurve_IsRefused()
    {
        using var named = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var ecdsa = ECDsa.Create(named.ExportExplicitParameters(includePrivateParameters: false));
        Should.Throw<CryptographicException>(() => VerificationKey.FromSubjectPublicKeyInfo(ecdsa.ExportSubjectPublicKeyInfo()));
    }

    [Fact]
    public void FromSubjectPublicKeyInfo_CurveThatNobodyKnows_IsRefused()
    {
        using var ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var spki = ecdsa.ExportSubjectPublicKeyInfo();

        // the last arc of 1.2.840.10045.3.1.7
        spki[spki.AsSpan().IndexOf((byte[])[0x2A, 0x86, 0x48, 0xCE, 0x3D, 3, 1, 7]) + 7] = 0x63;
        Should.Throw<CryptographicException>(() => VerificationKey.FromSubjectPublicKeyInfo(spki)).Message.ShouldContain("99");
    }

    [Theory]
    [InlineData(new byte[0])]
    [InlineData(new byte[] { 0x30, 0 })]
    [InlineData(new byte[] { 1, 2, 3 })]
    public void FromSubjectPublicKeyInfo_BytesThatAreNone_AreRefused(byte[] bytes) => Should.Throw<CryptographicException>(() => VerificationKey.FromSubjectPublicKeyInfo(bytes));

    [Fact]
    public void FromSubjectPublicKeyInfo_AnotherAlgorithm_IsRefused()
    {
        using var diffieHellman = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        Should.NotThrow(() => VerificationKey.FromSubjectPublicKeyInfo(diffieHellman.ExportSubjectPublicKeyInfo()).Dispose());
        byte[] x25519 = [0x30, 0x2A, 0x30, 5, 6, 3, 0x2B, 0x65, 0x6E, 3, 0x21, 0, .. new byte[32]];
        Should.Throw<CryptographicException>(() => VerificationKey.FromSubjectPublicKeyInfo(x25519)).Message.ShouldContain("1.3.101.110");
    }

    [Fact]
    public void FromSubjectPublicKeyInfo_Ed25519KeyOfSmallOrder_IsRefused()
    {
        byte[] neutral = [0x30, 0x2A, 0x30, 5, 6, 3, 0x2B, 0x65, 0x70, 3, 0x21, 0, 1, .. new byte[31]];
        Should.Throw<CryptographicException>(() => VerificationKey.FromSubjectPublicKeyInfo(neutral));
    }

    [Fact]
    public void FromRsaPublicKey_TooShortOrFollowedByBytes_IsRefused()
    {
        using var small = RSA.Create(1024);
        using var good = RSA.Create(2048);
        Should.Throw<CryptographicException>(() => VerificationKey.FromRsaPublicKey(small.ExportRSAPublicKey()));
        Should.Throw<CryptographicException>(() => VerificationKey.FromRsaPublicKey([.. good.ExportRSAPublicKey(), 0]));
        VerificationKey.FromRsaPublicKey(good.ExportRSAPublicKey()).Kind.ShouldBe(SecFlow.Sigstore.Keys.KeyKind.Rsa);
    }
}
