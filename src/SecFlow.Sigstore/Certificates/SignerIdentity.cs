namespace SecFlow.Sigstore.Certificates;

/// <summary>Form in which a certificate names its signer.</summary>
public enum IdentityKind
{
    /// <summary>Address of a workflow or a service.</summary>
    Uri,

    /// <summary>Mail address of a person.</summary>
    Email,

    /// <summary>User name (otherName 1.3.6.1.4.1.57264.1.7).</summary>
    Name,
}

/// <summary>The one name in a certificate.</summary>
public sealed record SignerIdentity(IdentityKind Kind, string Value)
{
    public override string ToString() => Value;
}
