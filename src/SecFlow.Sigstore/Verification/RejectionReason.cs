namespace SecFlow.Sigstore.Verification;

/// <summary>Why a bundle was not accepted. Names are stable for programs.</summary>
public enum RejectionReason
{
    /// <summary>The bundle does not have the prescribed form.</summary>
    MalformedBundle,

    /// <summary>The version of the bundle or of an entry is not known here. Unverifiable.</summary>
    VersionNotSupported,

    /// <summary>An algorithm or kind of key is not supported here. Unverifiable.</summary>
    AlgorithmNotSupported,

    /// <summary>The check needs the artifact's bytes and the caller has only its digest. Unverifiable.</summary>
    ArtifactBytesNeeded,

    /// <summary>The caller demands logs or times and has no trusted root. Unverifiable.</summary>
    RootMissing,

    /// <summary>The trusted root cannot be used.</summary>
    RootInvalid,

    /// <summary>The version of the bundle is not among those that the caller accepts.</summary>
    VersionNotAccepted,

    /// <summary>A bundle made with a key where a certificate is wanted, or the reverse.</summary>
    MaterialNotAccepted,

    /// <summary>The digest in the bundle is not the artifact's.</summary>
    DigestMismatch,

    /// <summary>The signature is not this key's over this artifact.</summary>
    SignatureInvalid,

    /// <summary>The signed statement is not one, or not of a known type.</summary>
    StatementInvalid,

    /// <summary>The signed statement is about other artifacts.</summary>
    SubjectMismatch,

    /// <summary>The certificate cannot be read, is not for signing code, or is an authority's.</summary>
    CertificateInvalid,

    /// <summary>No trusted authority issued the certificate.</summary>
    CertificateUntrusted,

    /// <summary>A verified time is outside the validity of the certificate, its issuers or the authority.</summary>
    CertificateNotValidThen,

    /// <summary>Too few certificate logs vouch for the certificate.</summary>
    CertificateNotLogged,

    /// <summary>A certificate log's timestamp (SCT) is not that log's over this certificate.</summary>
    CertificateLogInvalid,

    /// <summary>A timestamp is malformed, or not its trusted authority's over this signature.</summary>
    TimestampInvalid,

    /// <summary>Too few verified times.</summary>
    TimeMissing,

    /// <summary>A verified time is outside the validity of the caller's key.</summary>
    KeyNotValidThen,

    /// <summary>The certificate names nobody, several, or somebody in a form that is not known.</summary>
    IdentityInvalid,

    /// <summary>The certificate names somebody else.</summary>
    IdentityMismatch,

    /// <summary>Another issuer vouched for the identity.</summary>
    IssuerMismatch,

    /// <summary>The entry is in no log of the trusted root.</summary>
    LogUnknown,

    /// <summary>The entry is about another signature, artifact or key.</summary>
    LogEntryMismatch,

    /// <summary>The log's signature over the tree or the entry is missing or wrong.</summary>
    LogSignatureInvalid,

    /// <summary>The entry is not shown to be in the tree.</summary>
    InclusionInvalid,

    /// <summary>A verified time is outside the use of the log's key.</summary>
    LogNotValidThen,

    /// <summary>Too few distinct logs.</summary>
    LogEntryMissing,
}
