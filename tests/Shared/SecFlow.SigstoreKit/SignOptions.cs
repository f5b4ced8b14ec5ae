using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;

namespace SecFlow.SigstoreKit;

/// <summary>How to sign. The defaults make a good bundle; everything else is there to make one thing wrong.</summary>
public sealed record SignOptions
{
    /// <summary>Version of the bundle: 1, 2 or 3. Before 3 the certificate stands in a chain with its intermediate.</summary>
    public int Version { get; init; } = 3;

    /// <summary>When it is signed; null = the time of the mock.</summary>
    public DateTimeOffset? Time { get; init; }

    public KeyKind Key { get; init; } = KeyKind.P256;

    // content

    /// <summary>Sign an in-toto statement in a DSSE envelope instead of the artifact.</summary>
    public bool Envelope { get; init; }

    public string PayloadType { get; init; } = "application/vnd.in-toto+json";

    /// <summary>The payload of the envelope; null = a statement (v1) whose subject is the artifact.</summary>
    public string? Payload { get; init; }

    /// <summary>Whether a message signature states its digest.</summary>
    public bool MessageDigest { get; init; } = true;

    // certificate

    /// <summary>Null = Fulcio of the mock.</summary>
    public MockAuthority? Authority { get; init; }

    public TimeSpan LeafStart { get; init; }

    public TimeSpan LeafLifetime { get; init; } = TimeSpan.FromMinutes(10);

    public X509KeyUsageFlags KeyUsage { get; init; } = X509KeyUsageFlags.DigitalSignature;

    /// <summary>Null = none.</summary>
    public string? ExtendedKeyUsage { get; init; } = "1.3.6.1.5.5.7.3.3";

    public bool LeafIsAuthority { get; init; }

    /// <summary>Null = by the look of the identity.</summary>
    public IdentityForm? IdentityForm { get; init; }

    public IReadOnlyList<(IdentityForm Form, string Value)> FurtherIdentities { get; init; } = [];

    /// <summary>Whether the issuer stands in the extension .1.8.</summary>
    public bool WithIssuer { get; init; } = true;

    /// <summary>Issuer in the old extension .1.1: null = the same, empty = absent.</summary>
    public string? LegacyIssuer { get; init; }

    /// <summary>Last change to the certificate before it is signed.</summary>
    public Action<CertificateRequest>? Certificate { get; init; }

    /// <summary>Null = the log of the mock; empty = no statements (SCTs) in the certificate.</summary>
    public IReadOnlyList<MockCertificateLog>? CertificateLogs { get; init; }

    /// <summary>When the certificate logs say they saw it, from the time of signing.</summary>
    public TimeSpan CertificateLogTime { get; init; }

    /// <summary>Extensions of the statements; logs of the newer kind have 8 bytes.</summary>
    public ReadOnlyMemory<byte> CertificateLogExtensions { get; init; }

    /// <summary>Certificates behind the leaf in a bundle before version 3; null = the intermediate.</summary>
    public IReadOnlyList<X509Certificate2>? Chain { get; init; }

    // logs

    /// <summary>Null = the log of version 1 of the mock. The same one twice makes two entries.</summary>
    public IReadOnlyList<MockLog>? Logs { get; init; }

    /// <summary>The time in the promise, from the time of signing.</summary>
    public TimeSpan IntegratedTime { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Whether logs of version 1 give a promise (SET) with its time.</summary>
    public bool Promise { get; init; } = true;

    public bool Proof { get; init; } = true;

    public bool Checkpoint { get; init; } = true;

    /// <summary>Kind of the entry of an envelope in a log of version 1: <c>dsse</c>, <c>intoto</c>, <c>hashedrekord</c>.</summary>
    public string EntryKind { get; init; } = "dsse";

    /// <summary>Change to the entry before the log takes it.</summary>
    public Action<JsonObject>? Body { get; init; }

    /// <summary>Change to the text of a checkpoint before the log signs it.</summary>
    public Func<string, string>? Note { get; init; }

    /// <summary>Change to the signature lines of a checkpoint.</summary>
    public Func<string, string>? NoteSignatures { get; init; }

    // timestamps

    /// <summary>Null = the authority of the mock; empty = none.</summary>
    public IReadOnlyList<MockTimestampAuthority>? TimestampAuthorities { get; init; }

    /// <summary>The time in the timestamps, from the time of signing.</summary>
    public TimeSpan TimestampTime { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Last change to the bundle.</summary>
    public Action<JsonObject>? Bundle { get; init; }
}
