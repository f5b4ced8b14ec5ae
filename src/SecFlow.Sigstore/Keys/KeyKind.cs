namespace SecFlow.Sigstore.Keys;

/// <summary>Kinds of keys that can be verified with. The hash follows the kind.</summary>
public enum KeyKind
{
    /// <summary>SHA-256.</summary>
    EcdsaP256,

    /// <summary>SHA-384.</summary>
    EcdsaP384,

    /// <summary>SHA-512.</summary>
    EcdsaP521,

    /// <summary>2048 bits or more, PKCS #1 v1.5 with SHA-256.</summary>
    Rsa,

    /// <summary>Pure Ed25519: over the message itself, never over a digest.</summary>
    Ed25519,
}
