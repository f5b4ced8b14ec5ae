using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Yaml;

namespace SecFlow.Execution.Trust;

// What is withdrawn, and what is let pass for a while.
public sealed partial class TrustPolicyReader
{
    private IEnumerable<TrustRevocation> Revocations(YamlFields spec)
    {
        foreach (var entry in spec.Objects("revoked", 1000, "artifact", "key", "identity", "signedAfter", "reason"))
        {
            var named = new[] { "artifact", "key", "identity" }.Count(entry.Has);
            if (named != 1)
            {
                entry.Problem("artifact", "A revocation names exactly one of 'artifact', 'key' and 'identity'.");
            }

            if (entry.Has("signedAfter") && entry.Has("artifact"))
            {
                entry.Problem("signedAfter", "'signedAfter' belongs to a key or an identity; an artifact is revoked as a whole.");
            }

            var key = entry.Text("key", "the id of a key or sha256: and its fingerprint", 80, pattern: KeyReference());
            if (key is not null && !key.StartsWith("sha256:", StringComparison.Ordinal) && !_keys.Contains(key))
            {
                entry.Problem("key", $"No key '{key}' is declared in this policy.{Spelling.Hint(key, _keys)} To revoke a key that is no longer listed, give its fingerprint sha256:hex.");
            }

            var identity = entry.Text("identity", "an identity that does not begin with *, without **", 500, pattern: IdentityGlob());
            yield return new TrustRevocation(
                entry.Text("artifact", "sha256: and 64 hex digits", 71, pattern: Digest()), key, identity is null ? null : new Glob(identity),
                entry.Time("signedAfter"), entry.Text("reason", "a reason", 300, required: true) ?? "");
        }
    }

    private static IEnumerable<TrustException> Exceptions(YamlFields spec)
    {
        foreach (var entry in spec.Objects("exceptions", 200, "artifact", "approvedBy", "expires", "ticket"))
        {
            var approvers = entry.Texts("approvedBy", "a user name", 10, UserName());
            if (approvers.Distinct(StringComparer.OrdinalIgnoreCase).Count() < 2)
            {
                entry.Problem("approvedBy", "An exception needs two different people in 'approvedBy'.");
            }

            yield return new TrustException(
                entry.Text("artifact", "sha256: and 64 hex digits", 71, required: true, Digest()) ?? "", approvers,
                entry.Time("expires", required: true) ?? default, entry.Text("ticket", "where it is written down", 100, required: true) ?? "");
        }
    }
}
