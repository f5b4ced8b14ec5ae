using SecFlow.Sigstore.Bundles;
using SecFlow.Sigstore.Verification;

namespace SecFlow.Execution.Trust;

/// <summary>
/// One authority of the policy against one signature of the package.
/// 1. A signature of another kind, by another key or under another root is Untrusted: it may be as good as any, it is nobody's whom the policy names.
/// 2. A signature that is wrong is Invalid; one that cannot be checked with what the policy and this version have is Unverifiable.
/// 3. Whoever is revoked is revoked in every rule, whether the rule names the revocation's key, or the identity by a pattern.
/// </summary>
internal sealed class AuthorityCheck(PackageEvidence evidence, TrustPolicy policy, DateTimeOffset now)
{
    private static readonly TrustRequirements _signatureAlone = new(0, 0, 0, [BundleVersion.V01, BundleVersion.V02, BundleVersion.V03]);

    private IEnumerable<TrustRevocation> Revoked => policy.Revoked.Concat(policy.Addition?.Revoked ?? []);

    public TrustVerdict Answer(TrustState state, TrustStage stage, string expected, string found) =>
        new(state, evidence.Digest, null, null, expected, found, policy.Revision) { Stage = stage };

    /// <summary>Of several alternatives: revoked before all, then one that holds, then the one that knows most.</summary>
    public static TrustVerdict Best(IReadOnlyList<TrustVerdict> answers) => answers.OrderBy(a => a switch
    {
        { State: TrustState.Revoked } => 0,
        { State: TrustState.Verified } => 1,
        { State: TrustState.Untrusted, Identity: not null } or { State: TrustState.Untrusted, KeyFingerprint: not null } => 2,
        { State: TrustState.Invalid } => 3,
        { State: TrustState.Unverifiable } => 4,
        _ => 5,
    }).First();

    public TrustVerdict Ask(TrustAuthority authority, int number) => authority switch
    {
        KeyAuthority key => AskKey(key, number),
        KeylessAuthority keyless => AskIdentity(keyless, number),
        _ => throw new InvalidOperationException($"Unknown authority {authority.GetType().Name}."),
    };

    /// <summary>Revoked whatever the rules say, also for bytes that a rule lists or an exception lets pass; null when the signer is not.</summary>
    public TrustVerdict? RevokedSigner()
    {
        if (evidence.Signatures == 0 || !Revoked.Any(r => r.Artifact is null))
        {
            return null;
        }

        if (IsCertified(0))
        {
            return policy.Roots.Select(root => Identified(root, 0)).FirstOrDefault(v => v.State == TrustState.Revoked);
        }

        foreach (var authority in policy.Rules.Concat(policy.Addition?.Rules ?? []).SelectMany(r => r.Authorities).OfType<KeyAuthority>())
        {
            if (RevocationOf(authority) is { } revocation && evidence.ByKey(0, authority.Key, null, _signatureAlone) is VerifiedBundle)
            {
                // what the authority demands beside decides about the times; without them it counts as signed too late
                var verdict = AskKey(authority, 0);
                return verdict.State is TrustState.Verified or TrustState.Untrusted ? null : RevokedKey(authority, revocation);
            }
        }

        return evidence.Form(0).Hint is { } hint && Revoked.FirstOrDefault(r => r.Key is not null && r.SignedAfter is null && HintOf(r.Key) == hint) is { } revoked
            ? Answer(TrustState.Revoked, TrustStage.Policy, "a signature by a key that is not revoked", $"a signature that names the key {revoked.Key}, revoked: {revoked.Reason}")
            : null;
    }

    /// <summary>A signature for which there is no rule: whose it is, as far as the roots of the policy can tell.</summary>
    public TrustVerdict Unknown(string expected)
    {
        if (!IsCertified(0))
        {
            return Answer(TrustState.Untrusted, TrustStage.Policy, expected, "no rule that matches");
        }

        var answers = policy.Roots.Select(root => Identified(root, 0)).ToList();
        return answers.Count == 0
            ? Answer(TrustState.Untrusted, TrustStage.Root, expected, "no rule that matches, and no trust root to tell whose certificate it is")
            : Best([.. answers.Select(a => a.State == TrustState.Untrusted ? a with { Expected = expected, Found = a.Identity is { } who ? $"no rule that matches; {who} signed it" : a.Found } : a)]);
    }

    /// <summary>The root that the verdict is about; null where it is about none.</summary>
    public PinnedRoot? RootOf(TrustVerdict verdict) => policy.Roots.FirstOrDefault(r => r.Digest == verdict.TrustRootDigest);

    private TrustVerdict AskIdentity(KeylessAuthority authority, int number)
    {
        var expected = $"a certificate for {authority.Identity} by {authority.Issuer}{Text(authority.Claims)}";
        if (!IsCertified(number))
        {
            return Answer(TrustState.Untrusted, TrustStage.Identity, expected, "a signature that was made with a key");
        }

        var verdict = Identified(authority.Root, number);
        if (verdict is not { State: TrustState.Untrusted, Identity: { } who })
        {
            return verdict;
        }

        if (who.Issuer != authority.Issuer || !authority.Identity.Matches(who.Name))
        {
            return verdict with { Expected = expected, Found = $"a certificate for {who}" };
        }

        foreach (var (name, value) in authority.Claims)
        {
            if (verdict.Claims.GetValueOrDefault(name) is var found && found != value)
            {
                return verdict with { Expected = expected, Found = $"a certificate for {who} with {name} {(found is null ? "absent" : $"'{found}'")}" };
            }
        }

        return verdict with { State = TrustState.Verified, Stage = TrustStage.Policy, Signer = Name(who), Expected = expected, Found = "the same" };
    }

    /// <summary>Whose certificate it is, under this root: Untrusted with an identity, until a rule names it.</summary>
    private TrustVerdict Identified(PinnedRoot root, int number)
    {
        var result = evidence.Identify(number, root, policy.Require);
        if (result is not VerifiedBundle { Signer: CertificateSigner signer } bundle)
        {
            return Rejected((RejectedBundle)result) with { TrustRootDigest = root.Digest };
        }

        var who = new SignerIdentity(signer.Identity.Value, signer.Issuer);
        var verdict = WithTimes(Answer(TrustState.Untrusted, TrustStage.Identity, "a signer whom the trust policy names", $"a certificate for {who}"), bundle) with
        {
            Identity = who,
            Claims = signer.Claims.ToDictionary(c => TrustPolicyReader.NameOfClaim(c.Key), c => c.Value, StringComparer.Ordinal),
            CertificateFingerprint = signer.CertificateFingerprint,
            TrustRootDigest = root.Digest,
        };
        return Revoked.FirstOrDefault(r => r.Identity?.Matches(who.Name) == true && r.Covers(verdict.Times)) is { } revoked
            ? verdict with { State = TrustState.Revoked, Stage = TrustStage.Policy, Expected = "a signer who is not revoked", Found = $"{who}, revoked: {revoked.Reason}" }
            : verdict;
    }

    private TrustVerdict AskKey(KeyAuthority authority, int number)
    {
        var require = policy.Require with { Tlog = authority.Tlog ?? policy.Require.Tlog, Timestamps = authority.Timestamps ?? policy.Require.Timestamps };
        var expected = $"a signature by {authority.Signer}";
        if (IsCertified(number))
        {
            return Answer(TrustState.Untrusted, TrustStage.Identity, expected, "a signature that was made with a certificate");
        }

        var verdict = evidence.ByKey(number, authority.Key, authority.Root, require) switch
        {
            VerifiedBundle bundle => Accepted(authority, bundle),

            // the hint proves nothing, but it tells a damaged signature of this key from a whole one of another
            RejectedBundle { Reason: RejectionReason.SignatureInvalid } => evidence.Form(number).Hint == authority.Key.Hint
                ? Answer(TrustState.Invalid, TrustStage.Signature, expected, "a signature that names this key and is not its own over these files")
                : Answer(TrustState.Untrusted, TrustStage.Identity, expected, "a signature by another key"),
            var result => Rejected((RejectedBundle)result),
        };
        return verdict with { TrustRootDigest = authority.Root?.Digest };
    }

    private TrustVerdict Accepted(KeyAuthority authority, VerifiedBundle bundle)
    {
        var verdict = WithTimes(Answer(TrustState.Verified, TrustStage.Policy, $"a signature by {authority.Signer}", "the same"), bundle) with
        {
            Signer = authority.Signer,
            KeyFingerprint = authority.Key.Fingerprint,
        };
        if (RevocationOf(authority) is { } revocation && revocation.Covers(verdict.Times))
        {
            return RevokedKey(authority, revocation) with { Times = verdict.Times, KeyFingerprint = verdict.KeyFingerprint };
        }

        var times = verdict.Times.Count == 0 ? [now] : verdict.Times.Select(t => t.Time);
        return authority.ValidFor is { } period && times.FirstOrDefault(t => !period.Covers(t)) is var outside && outside != default
            ? verdict with { State = TrustState.Untrusted, Stage = TrustStage.Timestamp, Signer = null, Expected = $"{authority.Signer} within {period}", Found = $"the time {outside:yyyy-MM-dd'T'HH:mm:ss'Z'}" }
            : verdict;
    }

    /// <summary>The strictest revocation of an authority's key; null when there is none.</summary>
    private TrustRevocation? RevocationOf(KeyAuthority authority) =>
        Revoked.Where(r => r.Key is not null && (r.Key == authority.Id || r.Key == authority.Key.Fingerprint)).MinBy(r => r.SignedAfter ?? DateTimeOffset.MinValue);

    private TrustVerdict RevokedKey(KeyAuthority authority, TrustRevocation revocation) =>
        Answer(TrustState.Revoked, TrustStage.Policy, "a signature by a key that is not revoked", $"{authority.Signer}, revoked: {revocation.Reason}");

    private bool IsCertified(int number) => evidence.Form(number).Hint is null;

    private TrustVerdict Rejected(RejectedBundle rejected) => Answer(
        rejected switch
        {
            { Unverifiable: true } => TrustState.Unverifiable,
            { Reason: RejectionReason.CertificateUntrusted } => TrustState.Untrusted,
            _ => TrustState.Invalid,
        },
        rejected.Reason == RejectionReason.RootMissing ? TrustStage.Root : Enum.Parse<TrustStage>(rejected.Stage.ToString()),
        rejected.Expected,
        rejected.Found);

    private static TrustVerdict WithTimes(TrustVerdict verdict, VerifiedBundle bundle) => verdict with
    {
        Times = [.. bundle.Times.Select(t => new SignatureTime(t.Time, t.Source))],
        LogIndex = bundle.LogEntries is [var entry, ..] ? entry.LogIndex : null,
        LogName = bundle.LogEntries is [var first, ..] ? first.Log : null,
    };

    /// <summary>The signer as people know it. What changes from version to version stands in brackets.</summary>
    private static string Name(SignerIdentity who)
    {
        var at = who.Name.StartsWith("https://", StringComparison.Ordinal) ? who.Name.IndexOf("@refs/", StringComparison.Ordinal) : -1;
        return at < 0 ? $"{who.Name} by {who.Issuer}" : $"{who.Name[..at]} by {who.Issuer} ({who.Name[(at + 1)..]})";
    }

    private static string Text(IReadOnlyDictionary<string, string> claims) =>
        claims.Count == 0 ? "" : " with " + string.Join(", ", claims.Select(c => $"{c.Key} '{c.Value}'"));

    private static string? HintOf(string key) =>
        key.StartsWith("sha256:", StringComparison.Ordinal) && key.Length == 71 ? Convert.ToBase64String(Convert.FromHexString(key[7..])) : null;
}
