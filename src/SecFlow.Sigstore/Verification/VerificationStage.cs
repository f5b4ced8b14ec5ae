namespace SecFlow.Sigstore.Verification;

/// <summary>Part of the verification that decided.</summary>
public enum VerificationStage
{
    /// <summary>The trusted root itself.</summary>
    Root,

    /// <summary>Form of the bundle.</summary>
    Bundle,

    /// <summary>Times that somebody else than the signer vouches for.</summary>
    Timestamp,

    /// <summary>Path, use and validity of the certificate.</summary>
    Certificate,

    /// <summary>Proof that the certificate was published (SCT).</summary>
    CertificateLog,

    /// <summary>Who the certificate says has signed.</summary>
    Identity,

    /// <summary>Proof that the signature was published.</summary>
    TransparencyLog,

    /// <summary>The signature, and that it is over this artifact.</summary>
    Signature,

    /// <summary>What the caller demands or accepts.</summary>
    Policy,
}
