using SecFlow.Sigstore.Bundles;
using SecFlow.Sigstore.Keys;

namespace SecFlow.Execution.Trust;

/// <summary>What bundles must show unless an authority lowers it for itself.</summary>
public sealed record TrustRequirements(int Tlog, int Sct, int Timestamps, IReadOnlyList<BundleVersion> Bundles)
{
    public static readonly TrustRequirements Default = new(1, 1, 1, [BundleVersion.V02, BundleVersion.V03]);
}

/// <summary>From when until when a key counts; an open end is null.</summary>
public sealed record ValidityPeriod(DateTimeOffset? Start, DateTimeOffset? End)
{
    public bool Covers(DateTimeOffset time) => (Start is null || time >= Start) && (End is null || time <= End);

    public override string ToString() => $"{Start:yyyy-MM-dd'T'HH:mm:ss'Z'}..{End:yyyy-MM-dd'T'HH:mm:ss'Z'}";
}

/// <summary>Who may sign.</summary>
public abstract record TrustAuthority;

/// <summary>A key file of this installation, its bytes pinned by digest.</summary>
public sealed record KeyAuthority(string Id, string File, VerificationKey Key, int? Tlog, int? Timestamps, ValidityPeriod? ValidFor) : TrustAuthority
{
    /// <summary>The signer as people know it.</summary>
    public string Signer => $"key {Id} ({Key.Fingerprint[..19]})";
}

/// <summary>An identity that a certificate authority vouches for. Verification of certificates is not supported yet: the answer is Unverifiable.</summary>
public sealed record KeylessAuthority(string Root, string Issuer, Glob Identity, IReadOnlyDictionary<string, string> Claims) : TrustAuthority;

/// <summary>One rule. Empty lists of the match mean "any"; authorities are alternatives.</summary>
public sealed record TrustRule(
    string Name,
    IReadOnlyList<Glob> Plugins,
    IReadOnlyList<string> Teams,
    IReadOnlyList<string> Artifacts,
    bool Additional,
    DateTimeOffset? AuditUntil,
    IReadOnlyList<TrustAuthority> Authorities)
{
    /// <summary>Whether the rule speaks about this package. A null team means "for some team".</summary>
    public bool Matches(string pluginId, string? team, string digest) =>
        (Plugins.Count == 0 || Plugins.Any(p => p.Matches(pluginId)))
        && (Teams.Count == 0 || team is null || Teams.Contains(team, StringComparer.Ordinal))
        && (Artifacts.Count == 0 || Artifacts.Contains(digest, StringComparer.Ordinal));
}

/// <summary>Something that is no longer trusted: exactly one of artifact, key, identity.</summary>
public sealed record TrustRevocation(string? Artifact, string? Key, Glob? Identity, DateTimeOffset? SignedAfter, string Reason);

/// <summary>One digest that two people let pass for a while although nobody trusted signed it.</summary>
public sealed record TrustException(string Artifact, IReadOnlyList<string> ApprovedBy, DateTimeOffset Expires, string Ticket);

/// <summary>A trust policy that was read without a problem, its key files loaded (contracts 5).</summary>
/// <param name="Revision"><c>sha256:hex</c> of the YAML.</param>
public sealed record TrustPolicy(
    string Revision,
    string Yaml,
    TrustRequirements Require,
    IReadOnlyList<TrustRule> Rules,
    IReadOnlyList<TrustRevocation> Revoked,
    IReadOnlyList<TrustException> Exceptions);
