using System.Formats.Asn1;
using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using SecFlow.Sigstore.Verification;

namespace SecFlow.Sigstore.Certificates;

/// <summary>What the authority vouches for beside the name: extensions below 1.3.6.1.4.1.57264.1.</summary>
/// <param name="Issuer">Extension .8 (DER UTF8String), else .1 (its raw bytes); empty when there is neither.</param>
/// <param name="Claims">Extensions .9 to .22 (DER UTF8String) that are there, by their names.</param>
internal sealed record FulcioExtensions(string Issuer, IReadOnlyDictionary<string, string> Claims)
{
    private const string Arc = "1.3.6.1.4.1.57264.1.";
    private static readonly UTF8Encoding _strictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static FulcioExtensions Read(X509Certificate2 certificate)
    {
        var older = Find(certificate, 1) is { } raw ? Raw(raw.RawData) : null;
        var newer = Find(certificate, 8) is { } der ? Text(der) : null;
        if (older is not null && newer is not null && older != newer)
        {
            throw new Rejection(RejectionReason.IdentityInvalid, VerificationStage.Identity, $"one issuer in both extensions: '{newer}'", $"another in the older one: '{older}'");
        }

        var claims = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < CertificateClaims.Names.Count; i++)
        {
            if (Find(certificate, CertificateClaims.FirstExtension + i) is { } extension)
            {
                claims.Add(CertificateClaims.Names[i], Text(extension));
            }
        }

        return new FulcioExtensions(newer ?? older ?? "", claims);
    }

    private static X509Extension? Find(X509Certificate2 certificate, int last)
    {
        var oid = Arc + last.ToString(CultureInfo.InvariantCulture);
        return certificate.Extensions.FirstOrDefault(e => e.Oid?.Value == oid);
    }

    private static string Text(X509Extension extension)
    {
        try
        {
            var reader = new AsnReader(extension.RawData, AsnEncodingRules.DER);
            var text = reader.ReadCharacterString(UniversalTagNumber.UTF8String);
            reader.ThrowIfNotEmpty();
            return text;
        }
        catch (AsnContentException e)
        {
            throw Invalid($"other bytes in extension {extension.Oid!.Value}", e);
        }
    }

    private static string Raw(byte[] bytes)
    {
        try
        {
            return _strictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException e)
        {
            throw Invalid($"other bytes in extension {Arc}1", e);
        }
    }

    private static Rejection Invalid(string found, Exception inner) => new(RejectionReason.IdentityInvalid, VerificationStage.Identity, "text in UTF-8", found, inner);
}
