using SecFlow.Execution.Plugins;
using SecFlow.Sigstore.Bundles;
using SecFlow.Sigstore.Verification;

namespace SecFlow.Execution.Trust;

/// <summary>
/// Decides whether the bytes of a package are those that somebody whom the policy trusts has signed. Offline, without state.
/// 1. Order: revoked digest, integrity of the files, signature present, bundle well-formed, rules. The first that fails decides.
/// 2. Rules that match are alternatives; a matching rule with <c>additional: true</c> must hold as well.
/// 3. What cannot be checked is Unverifiable, never skipped. No rule matches: Untrusted.
/// 4. Audit mode and exceptions let only Unsigned and Untrusted pass.
/// 5. Without a verified time (timestamps: 0) a key's validity is compared with the time of the verification.
/// </summary>
public static class PluginVerifier
{
    /// <param name="package">The bytes.</param>
    /// <param name="pluginId">Id from their manifest.</param>
    /// <param name="policy">Policy in force.</param>
    /// <param name="team">Short name of the team for which it would run; null = for any.</param>
    /// <param name="now">Time of the verification.</param>
    public static TrustVerdict Verify(PluginPackage package, string pluginId, TrustPolicy policy, string? team, DateTimeOffset now)
    {
        var check = new Check(package, pluginId, policy, team, now);
        var verdict = check.Run();
        return verdict.State is TrustState.Unsigned or TrustState.Untrusted ? check.Tolerate(verdict) : verdict;
    }

    private sealed class Check(PluginPackage package, string pluginId, TrustPolicy policy, string? team, DateTimeOffset now)
    {
        private readonly string? _digest = package.Digest;

        public TrustVerdict Run()
        {
            if (policy.Revoked.FirstOrDefault(r => r.Artifact is not null && r.Artifact == _digest) is { } revoked)
            {
                return Answer(TrustState.Revoked, "a version that is not revoked", $"revoked by the trust policy: {revoked.Reason}");
            }

            return Integrity() ?? ListedDigest() ?? Signature();
        }

        public TrustVerdict Tolerate(TrustVerdict verdict)
        {
            if (policy.Exceptions.FirstOrDefault(e => e.Artifact == _digest && now < e.Expires) is { } exception)
            {
                return verdict with { Tolerated = $"exception {exception.Ticket} by {string.Join(", ", exception.ApprovedBy)} until {exception.Expires:yyyy-MM-dd}", Rule = "exception " + exception.Ticket };
            }

            var strict = Matching().Where(r => r.Additional && !(now < r.AuditUntil));
            return Matching().FirstOrDefault(r => now < r.AuditUntil) is { } audit && !strict.Any()
                ? verdict with { Tolerated = $"rule {audit.Name} is in audit mode until {audit.AuditUntil:yyyy-MM-dd}", Rule = audit.Name }
                : verdict;
        }

        private TrustVerdict? Integrity()
        {
            if (_digest is null)
            {
                return package.Bundle is null
                    ? Answer(TrustState.Unsigned, "a package with SHA256SUMS and plugin.sigstore.json", "neither")
                    : Answer(TrustState.Tampered, "SHA256SUMS beside plugin.sigstore.json", "a signature without SHA256SUMS");
            }

            var differences = Checksums.Compare(package);
            if (differences.Count == 0)
            {
                return null;
            }

            var first = differences[0];
            var more = differences.Count > 1 ? $" (and {differences.Count - 1} more files)" : "";
            return Answer(TrustState.Tampered, $"'{first.Path}': {first.Expected}", first.Found + more);
        }

        /// <summary>A rule may trust digests by themselves; the listed bytes then need no signature.</summary>
        private TrustVerdict? ListedDigest() =>
            Matching().FirstOrDefault(r => !r.Additional && r.Authorities.Count == 0) is { } rule && !Matching().Any(r => r.Additional)
                ? Answer(TrustState.Verified, "a digest listed by the trust policy", _digest!) with { Signer = "digest listed by the trust policy", Rule = rule.Name }
                : null;

        private TrustVerdict Signature()
        {
            if (package.Bundle is not { } bytes)
            {
                return Answer(TrustState.Unsigned, "a signature in plugin.sigstore.json", "none");
            }

            SigstoreBundle bundle;
            var others = new List<SigstoreBundle>();
            try
            {
                bundle = BundleReader.Read(bytes);
                others.AddRange(package.Countersignatures.Select(c => BundleReader.Read(c)));
            }
            catch (BundleFormatException e)
            {
                return Answer(TrustState.Invalid, $"a Sigstore bundle with {e.Expected}", $"{e.Found} at '{e.Path}'");
            }

            var rules = Matching().Where(r => r.Authorities.Count > 0 || r.Additional).ToList();
            var main = rules.Where(r => !r.Additional).ToList();
            if (main.Count == 0)
            {
                return Answer(TrustState.Untrusted, $"a rule of the trust policy for '{pluginId}'{(team is null ? "" : $" and team '{team}'")}", "no rule that matches");
            }

            var verdict = Best([.. main.Select(rule => Holds(rule, [bundle]))]);
            if (verdict.State != TrustState.Verified)
            {
                return verdict;
            }

            foreach (var rule in rules.Where(r => r.Additional))
            {
                var also = Holds(rule, [bundle, .. others]);
                if (also.State != TrustState.Verified)
                {
                    return also;
                }
            }

            return verdict;
        }

        private TrustVerdict Holds(TrustRule rule, IReadOnlyList<SigstoreBundle> bundles)
        {
            if (rule.Authorities.Count == 0)
            {
                // matched by its list of artifacts, which is what it asks for
                return Answer(TrustState.Verified, "a digest listed by the trust policy", _digest!) with { Signer = "digest listed by the trust policy", Rule = rule.Name };
            }

            return Best([.. rule.Authorities.SelectMany(a => bundles.Select(b => Ask(a, b)))]) with { Rule = rule.Name };
        }

        private TrustVerdict Ask(TrustAuthority authority, SigstoreBundle bundle) => authority switch
        {
            KeyAuthority key => AskKey(key, bundle),
            KeylessAuthority keyless => Answer(
                TrustState.Unverifiable, $"a certificate for {keyless.Identity} by {keyless.Issuer}", "verification of certificates, which is not supported yet"),
            _ => throw new InvalidOperationException($"Unknown authority {authority.GetType().Name}."),
        };

        private TrustVerdict AskKey(KeyAuthority authority, SigstoreBundle bundle)
        {
            var thresholds = new VerificationThresholds
            {
                LogEntries = authority.Tlog ?? policy.Require.Tlog,
                Timestamps = authority.Timestamps ?? policy.Require.Timestamps,
                Versions = policy.Require.Bundles,
            };
            var result = BundleVerifier.Verify(bundle, Artifact.FromBytes(package.Required(PluginPackage.ChecksumsFile)), authority.Key, root: null, keyValidFor: null, thresholds);
            return result switch
            {
                VerifiedBundle => Accepted(authority),

                // the hint proves nothing, but it tells a damaged signature of this key from a whole one of another
                RejectedBundle { Reason: RejectionReason.SignatureInvalid } => bundle.Material is PublicKeyHint hint && hint.Hint == authority.Key.Hint
                    ? Answer(TrustState.Invalid, $"a signature by {authority.Signer}", "a signature that names this key and is not its own over these files")
                    : Answer(TrustState.Untrusted, $"a signature by {authority.Signer}", "a signature by another key"),
                RejectedBundle { Reason: RejectionReason.MaterialNotAccepted } rejected => Answer(TrustState.Untrusted, $"a signature by {authority.Signer}", rejected.Found),
                RejectedBundle { Unverifiable: true } rejected => Answer(TrustState.Unverifiable, rejected.Expected, rejected.Found),
                RejectedBundle rejected => Answer(TrustState.Invalid, rejected.Expected, rejected.Found),
                _ => throw new InvalidOperationException("A verification ended in neither of its two shapes."),
            };
        }

        private TrustVerdict Accepted(KeyAuthority authority)
        {
            // without a verified time nobody can tell whether a signature is older than the revocation: it counts as newer
            var revoked = policy.Revoked.FirstOrDefault(r => r.Key is not null && (r.Key == authority.Id || r.Key == authority.Key.Fingerprint));
            if (revoked is not null)
            {
                return Answer(TrustState.Revoked, "a signature by a key that is not revoked", $"{authority.Signer}, revoked: {revoked.Reason}");
            }

            return authority.ValidFor is { } period && !period.Covers(now)
                ? Answer(TrustState.Untrusted, $"{authority.Signer} within {period}", $"the time {now:yyyy-MM-dd'T'HH:mm:ss'Z'}")
                : Answer(TrustState.Verified, $"a signature by {authority.Signer}", "the same") with { Signer = authority.Signer };
        }

        /// <summary>Of several alternatives: one that holds unless another says revoked, else the one that tells most.</summary>
        private static TrustVerdict Best(IReadOnlyList<TrustVerdict> answers) => answers.OrderBy(a => a.State switch
        {
            TrustState.Revoked => 0,
            TrustState.Verified => 1,
            TrustState.Invalid => 2,
            TrustState.Unverifiable => 3,
            _ => 4,
        }).First();

        private IEnumerable<TrustRule> Matching() => policy.Rules.Where(r => r.Matches(pluginId, team, _digest ?? ""));

        private TrustVerdict Answer(TrustState state, string expected, string found) => new(state, _digest, null, null, expected, found, policy.Revision);
    }
}
