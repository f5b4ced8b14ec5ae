using SecFlow.Sigstore.Bundles;
using SecFlow.Sigstore.Keys;
using SecFlow.Sigstore.Roots;

namespace SecFlow.Execution.Trust;

/// <summary>What bundles must show unless a key authority lowers it for itself.</summary>
public sealed record TrustRequirements(int Tlog, int Sct, int Timestamps, IReadOnlyList<BundleVersion> Bundles)
{
    public static readonly TrustRequirements Default = new(1, 1, 1, [BundleVersion.V02, BundleVersion.V03]);
}

/// <summary>A trusted root of Sigstore that the policy names, its bytes pinned by digest.</summary>
/// <param name="Name">Its name in the policy.</param>
/// <param name="File">Relative to the data folder.</param>
/// <param name="Root">What the file says.</param>
/// <param name="DemoOnly">It counts for the team of the demo and nobody else.</param>
public sealed record PinnedRoot(string Name, string File, TrustedRoot Root, bool DemoOnly)
{
    /// <summary>Why it looks like a mock's; null when it does not.</summary>
    public string? MockSign { get; } = MockRoots.SignOf(Root);

    /// <summary><c>sha256:hex</c> of the file.</summary>
    public string Digest => Root.Digest;

    /// <summary>What it can vouch by: numbers of certificate chains, transparency logs, sources of time.</summary>
    public (int CertificateChains, int Logs, int TimeSources) Vouchers => (Root.CertificateAuthorities.Count, Root.TransparencyLogs.Count, Root.TimestampAuthorities.Count);
}

/// <summary>Who may sign.</summary>
public abstract record TrustAuthority
{
    /// <summary>Whom it names, as words for a person.</summary>
    public abstract string Who { get; }
}

/// <summary>A key file of this installation, its bytes pinned by digest.</summary>
/// <param name="Id">Its name in the policy.</param>
/// <param name="File">Relative to the data folder.</param>
/// <param name="Key">The key.</param>
/// <param name="Root">Root for logs and times; null where it needs none, or the policy has none.</param>
/// <param name="Tlog">Distinct logs, in place of what the policy requires.</param>
/// <param name="Timestamps">Verified times, in place of what the policy requires.</param>
/// <param name="ValidFor">Every verified time must be inside; without a verified time, the moment of the verification.</param>
public sealed record KeyAuthority(string Id, string File, VerificationKey Key, PinnedRoot? Root, int? Tlog, int? Timestamps, Period? ValidFor) : TrustAuthority
{
    /// <summary>The signer as people know it.</summary>
    public string Signer => $"key {Id} ({Key.Fingerprint[..19]})";

    public override string Who => ValidFor is { } period ? $"{Signer}, {period}" : Signer;
}

/// <summary>An identity that a certificate authority of the root vouches for. The issuer and each claim are compared exactly.</summary>
public sealed record KeylessAuthority(PinnedRoot Root, string Issuer, Glob Identity, IReadOnlyDictionary<string, string> Claims) : TrustAuthority
{
    public override string Who => $"{Identity} by {Issuer}, root {Root.Name}" + string.Concat(Claims.Select(c => $", {c.Key} {c.Value}"));
}

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
/// <param name="SignedAfter">Only signatures that are not shown to be older; null = all.</param>
public sealed record TrustRevocation(string? Artifact, string? Key, Glob? Identity, DateTimeOffset? SignedAfter, string Reason)
{
    /// <summary>Whether it takes in a signature with these proven times. Without one nobody can tell that the signature is older: it counts as newer.</summary>
    public bool Covers(IReadOnlyList<SignatureTime> times) => SignedAfter is null || times.Count == 0 || times.Min(t => t.Time) > SignedAfter;
}

/// <summary>One digest that two people let pass for a while although nobody trusted signed it.</summary>
public sealed record TrustException(string Artifact, IReadOnlyList<string> ApprovedBy, DateTimeOffset Expires, string Ticket);

/// <summary>What a team asks for on top of the installation's policy. It can refuse more, never allow more.</summary>
/// <param name="Revision"><c>sha256:hex</c> of the YAML.</param>
/// <param name="Rules">Each holds as well, for every package that it matches.</param>
public sealed record TrustAddition(string Revision, string Yaml, TrustRequirements Require, IReadOnlyList<TrustRule> Rules, IReadOnlyList<TrustRevocation> Revoked);

/// <summary>A trust policy that was read without a problem, its roots and key files loaded (contracts 5).</summary>
/// <param name="Revision"><c>sha256:hex</c> of the YAML.</param>
public sealed record TrustPolicy(
    string Revision,
    string Yaml,
    IReadOnlyList<PinnedRoot> Roots,
    TrustRequirements Require,
    IReadOnlyList<TrustRule> Rules,
    IReadOnlyList<TrustRevocation> Revoked,
    IReadOnlyList<TrustException> Exceptions)
{
    /// <summary>Of the team that is asked for; null = it has none.</summary>
    public TrustAddition? Addition { get; init; }

    /// <summary>The policy for a team: every threshold is the higher of the two.</summary>
    public TrustPolicy With(TrustAddition? addition) => addition is null
        ? this
        : this with
        {
            Addition = addition,
            Require = new TrustRequirements(
                Math.Max(Require.Tlog, addition.Require.Tlog),
                Math.Max(Require.Sct, addition.Require.Sct),
                Math.Max(Require.Timestamps, addition.Require.Timestamps),
                [.. Require.Bundles.Intersect(addition.Require.Bundles)]),
        };

    /// <summary>Rules in audit mode at this time.</summary>
    public IReadOnlyList<TrustRule> InAudit(DateTimeOffset now) => [.. Rules.Where(r => now < r.AuditUntil)];
}
