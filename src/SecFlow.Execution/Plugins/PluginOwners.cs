using SecFlow.Data.Plugins;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Trust;

namespace SecFlow.Execution.Plugins;

/// <summary>
/// Whose an id is (contracts 1).
/// 1. An id belongs to the signer of its first approved version that is not revoked; so do the aliases of that version.
/// 2. A signer is what stays the same from version to version: the policy's name of a key (keys are renewed, names stay), or issuer and identity without the git ref of a build.
/// 3. What is trusted by its digest alone was named byte by byte by an administrator: it owns nothing and takes nothing from its owner.
/// </summary>
internal static class PluginOwners
{
    /// <summary>What stands for the signer where the policy lists the digest.</summary>
    public const string ListedDigest = "digest listed by the trust policy";

    /// <summary>The signer of a verified package in the form that is kept; null when nobody's signature was verified.</summary>
    public static string? Of(TrustVerdict? verdict) => verdict is not { State: TrustState.Verified } || ByDigest(verdict)
        ? null
        : verdict.Identity is { } identity ? $"{WithoutRef(identity.Name)} by {identity.Issuer}" : OfKey(verdict.Signer);

    /// <summary>The signer without the fingerprint.</summary>
    public static string? OfKey(string? signer) => signer is null || signer == ListedDigest ? null : signer.Split(" (")[0];

    /// <summary>SF2020 when the id or an alias belongs to somebody else.</summary>
    /// <param name="manifest">What wants the names.</param>
    /// <param name="verdict">Who signed it.</param>
    /// <param name="approved">Every version that was approved and is not revoked.</param>
    public static Diagnostic? Refusal(PluginManifest manifest, TrustVerdict verdict, IReadOnlyList<PluginVersion> approved)
    {
        if (ByDigest(verdict))
        {
            return null;
        }

        var found = Of(verdict);
        foreach (var name in manifest.Aliases.Prepend(manifest.Id))
        {
            var first = approved.Where(row => row.Owner is not null && NamesOf(row).Contains(name, StringComparer.Ordinal)).MinBy(row => row.ApprovedAt);
            if (first is not null && first.Owner != found)
            {
                var remedy = "Use another id, or revoke the versions of the first signer.";
                return new Diagnostic(
                    Codes.PluginIdOwned,
                    $"The {(name == manifest.Id ? "id" : "alias")} '{name}' belongs to {first.Owner}, who signed {first.PluginId} {first.Version}, the first version of it that was approved; found {found ?? "no verified signature"}. {remedy}")
                {
                    Rule = "plugin.owner",
                    Remedy = remedy,
                };
            }
        }

        return null;
    }

    // https://github.com/acme/plugins/.github/workflows/release.yml@refs/tags/v1.2.0: the workflow signs, each time at another ref
    private static string WithoutRef(string name)
    {
        var at = name.StartsWith("https://", StringComparison.Ordinal) ? name.IndexOf("@refs/", StringComparison.Ordinal) : -1;
        return at < 0 ? name : name[..at];
    }

    private static IEnumerable<string> NamesOf(PluginVersion row) => row.Aliases.Split(' ', StringSplitOptions.RemoveEmptyEntries).Prepend(row.PluginId);

    private static bool ByDigest(TrustVerdict verdict) => verdict.Signer == ListedDigest || verdict.Tolerated?.StartsWith("exception ", StringComparison.Ordinal) == true;
}
