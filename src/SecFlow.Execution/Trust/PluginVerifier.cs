using SecFlow.Execution.Plugins;
using SecFlow.Sigstore.Verification;

namespace SecFlow.Execution.Trust;

/// <summary>
/// Decides whether the bytes of a package are those that somebody whom the policy trusts has signed. Offline, without state.
/// 1. Order: revoked digest, integrity of the files, form of the signature, revoked signer, rules. The first that fails decides.
/// 2. Rules that match are alternatives; a matching rule with <c>additional: true</c> must hold as well, and so must each of the team's additions.
/// 3. What cannot be checked is Unverifiable, never skipped. No rule matches: Untrusted.
/// 4. Audit mode and exceptions let only Unsigned and Untrusted pass, and never what an addition refuses.
/// 5. Without a verified time (timestamps: 0) a key's validity is compared with the time of the verification, and a signature counts as newer than any <c>signedAfter</c>.
/// </summary>
public static class PluginVerifier
{
    /// <param name="package">The bytes.</param>
    /// <param name="pluginId">Id from their manifest.</param>
    /// <param name="policy">Policy in force.</param>
    /// <param name="team">Short name of the team for which it would run; null = for any.</param>
    /// <param name="now">Time of the verification.</param>
    public static TrustVerdict Verify(PluginPackage package, string pluginId, TrustPolicy policy, string? team, DateTimeOffset now) =>
        Verify(new PackageEvidence(package, new EvidenceMemo()), pluginId, policy, team, now);

    internal static TrustVerdict Verify(PackageEvidence evidence, string pluginId, TrustPolicy policy, string? team, DateTimeOffset now) =>
        new Check(evidence, pluginId, policy, team, now).Run() with { TeamRevision = policy.Addition?.Revision };

    private sealed class Check(PackageEvidence evidence, string pluginId, TrustPolicy policy, string? team, DateTimeOffset now)
    {
        private readonly AuthorityCheck _authorities = new(evidence, policy, now);
        private readonly List<TrustRule> _matching = [.. policy.Rules.Where(r => r.Matches(pluginId, team, evidence.Digest ?? ""))];

        public TrustVerdict Run()
        {
            if (Refusal() is { } refusal)
            {
                return refusal.State == TrustState.Unsigned ? Tolerate(refusal) : refusal;
            }

            var verdict = Rules();
            verdict = verdict.State is TrustState.Unsigned or TrustState.Untrusted ? Tolerate(Proposed(verdict)) : verdict;
            return verdict.Allowed && Addition() is { } more ? Proposed(more) : verdict;
        }

        /// <summary>What no rule can mend.</summary>
        private TrustVerdict? Refusal()
        {
            var revoked = policy.Revoked.Concat(policy.Addition?.Revoked ?? []).FirstOrDefault(r => r.Artifact is not null && r.Artifact == evidence.Digest);
            return revoked is not null
                ? _authorities.Answer(TrustState.Revoked, TrustStage.Policy, "a version that is not revoked", $"revoked by the trust policy: {revoked.Reason}")
                : Integrity() ?? Form() ?? _authorities.RevokedSigner();
        }

        private TrustVerdict? Integrity()
        {
            if (evidence.Digest is null)
            {
                return evidence.Signatures == 0
                    ? _authorities.Answer(TrustState.Unsigned, TrustStage.Bytes, "a package with SHA256SUMS and plugin.sigstore.json", "neither")
                    : _authorities.Answer(TrustState.Tampered, TrustStage.Bytes, "SHA256SUMS beside plugin.sigstore.json", "a signature without SHA256SUMS");
            }

            var differences = evidence.Differences;
            if (differences.Count == 0)
            {
                return null;
            }

            var first = differences[0];
            var more = differences.Count > 1 ? $" (and {differences.Count - 1} more files)" : "";
            return _authorities.Answer(TrustState.Tampered, TrustStage.Bytes, $"'{first.Path}': {first.Expected}", first.Found + more);
        }

        private TrustVerdict? Form() => Enumerable.Range(0, evidence.Signatures).Select(n => evidence.Form(n).Problem).FirstOrDefault(p => p is not null) is { } problem
            ? _authorities.Answer(problem.Unverifiable ? TrustState.Unverifiable : TrustState.Invalid, TrustStage.Bundle, $"a Sigstore bundle with {problem.Expected}", problem.Found)
            : null;

        private TrustVerdict Rules()
        {
            var verdict = Alternatives();
            if (verdict.State != TrustState.Verified)
            {
                return verdict;
            }

            return _matching.Where(r => r.Additional).Select(r => Holds(r, everySignature: true)).FirstOrDefault(v => v.State != TrustState.Verified) ?? verdict;
        }

        private TrustVerdict Alternatives()
        {
            var rules = _matching.Where(r => !r.Additional).ToList();
            if (rules.Find(r => r.Authorities.Count == 0) is { } listed)
            {
                // a rule may trust digests by themselves; the listed bytes then need no signature
                return _authorities.Answer(TrustState.Verified, TrustStage.Policy, "a digest listed by the trust policy", evidence.Digest!) with { Signer = PluginOwners.ListedDigest, Rule = listed.Name };
            }

            if (evidence.Signatures == 0)
            {
                return _authorities.Answer(TrustState.Unsigned, TrustStage.Signature, "a signature in plugin.sigstore.json", "none");
            }

            return rules.Count == 0
                ? _authorities.Unknown($"a rule of the trust policy for '{pluginId}'{(team is null ? "" : $" and team '{team}'")}")
                : AuthorityCheck.Best([.. rules.Select(r => Holds(r, everySignature: false))]);
        }

        /// <summary>The first of the team's additions that does not hold; null when all do.</summary>
        private TrustVerdict? Addition() => policy.Addition?.Rules.Where(r => r.Matches(pluginId, team, evidence.Digest ?? ""))
            .Select(r => Holds(r, everySignature: true) with { Rule = $"{r.Name} (of the team)" }).FirstOrDefault(v => v.State != TrustState.Verified);

        private TrustVerdict Holds(TrustRule rule, bool everySignature)
        {
            var numbers = Enumerable.Range(0, everySignature ? evidence.Signatures : 1).Where(n => n < evidence.Signatures).ToList();
            return numbers.Count == 0
                ? _authorities.Answer(TrustState.Unsigned, TrustStage.Signature, $"a signature that the rule {rule.Name} accepts", "none") with { Rule = rule.Name }
                : AuthorityCheck.Best([.. rule.Authorities.SelectMany(a => numbers.Select(n => _authorities.Ask(a, n)))]) with { Rule = rule.Name };
        }

        private TrustVerdict Proposed(TrustVerdict verdict) => verdict.State == TrustState.Untrusted && evidence.Digest is { } digest
            ? verdict with { ProposedRule = TrustRuleText.For(verdict, pluginId, _authorities.RootOf(verdict)) ?? TrustRuleText.ForArtifact(digest) }
            : verdict;

        private TrustVerdict Tolerate(TrustVerdict verdict)
        {
            if (policy.Exceptions.FirstOrDefault(e => e.Artifact == evidence.Digest && now < e.Expires) is { } exception)
            {
                return verdict with { Tolerated = $"exception {exception.Ticket} by {string.Join(", ", exception.ApprovedBy)} until {exception.Expires:yyyy-MM-dd}", Rule = "exception " + exception.Ticket };
            }

            var strict = _matching.Any(r => r.Additional && !(now < r.AuditUntil));
            return !strict && _matching.Find(r => now < r.AuditUntil) is { } audit
                ? verdict with { Tolerated = $"rule {audit.Name} is in audit mode until {audit.AuditUntil:yyyy-MM-dd}", Rule = audit.Name }
                : verdict;
        }
    }
}
