using System.Formats.Asn1;
using System.Security.Cryptography.X509Certificates;
using SecFlow.Sigstore.Verification;

namespace SecFlow.Sigstore.Certificates;

/// <summary>Reads the subject alternative name: exactly one URI, mail address or user name, and nothing beside it.</summary>
internal static class AlternativeName
{
    private const string Extension = "2.5.29.17";
    private const string UserName = "1.3.6.1.4.1.57264.1.7";
    private static readonly Asn1Tag _otherName = new(TagClass.ContextSpecific, 0, isConstructed: true);
    private static readonly Asn1Tag _email = new(TagClass.ContextSpecific, 1);
    private static readonly Asn1Tag _uri = new(TagClass.ContextSpecific, 6);

    public static SignerIdentity Read(X509Certificate2 certificate)
    {
        if (certificate.Extensions.FirstOrDefault(e => e.Oid?.Value == Extension) is not { } extension)
        {
            throw Invalid("no subject alternative name");
        }

        try
        {
            var reader = new AsnReader(extension.RawData, AsnEncodingRules.DER);
            var names = reader.ReadSequence();
            reader.ThrowIfNotEmpty();
            var identity = One(names);
            return names.HasData ? throw Invalid("several names") : identity;
        }
        catch (AsnContentException e)
        {
            throw Invalid("a subject alternative name that is not DER", e);
        }
    }

    private static SignerIdentity One(AsnReader names)
    {
        var tag = names.HasData ? names.PeekTag() : throw Invalid("an empty list of names");
        var identity = tag == _uri ? new SignerIdentity(IdentityKind.Uri, names.ReadCharacterString(UniversalTagNumber.IA5String, _uri))
            : tag == _email ? new SignerIdentity(IdentityKind.Email, names.ReadCharacterString(UniversalTagNumber.IA5String, _email))
            : tag == _otherName ? new SignerIdentity(IdentityKind.Name, Name(names.ReadSequence(_otherName)))
            : throw Invalid($"a name of type {tag.TagValue}");
        return identity.Value.Length > 0 && !identity.Value.Any(char.IsControl) ? identity : throw Invalid("an empty name, or one with control characters");
    }

    private static string Name(AsnReader other)
    {
        if (other.ReadObjectIdentifier() is not UserName and var type)
        {
            throw Invalid($"another name of type {type}");
        }

        var value = other.ReadSequence(new Asn1Tag(TagClass.ContextSpecific, 0, isConstructed: true));
        other.ThrowIfNotEmpty();
        var name = value.ReadCharacterString(UniversalTagNumber.UTF8String);
        value.ThrowIfNotEmpty();
        return name;
    }

    private static Rejection Invalid(string found, Exception? inner = null) =>
        new(RejectionReason.IdentityInvalid, VerificationStage.Identity, "exactly one name: a URI, a mail address or a user name", found, inner);
}
