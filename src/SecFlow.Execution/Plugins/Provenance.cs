using SecFlow.Data.Findings;
using SecFlow.Data.Runs;

namespace SecFlow.Execution.Plugins;

/// <summary>
/// Where a result comes from: exactly which bytes, who signed them, which rule of which policy accepted them, and which tools they drove.
/// The same facts, and the same line, on pages, in the API, on the command line and in SARIF.
/// </summary>
/// <param name="PluginId">Id from the manifest.</param>
/// <param name="PluginVersion">SemVer.</param>
/// <param name="PluginDigest">Package digest, <c>sha256:hex</c>.</param>
/// <param name="Signer">Whose verified signature it is; null = it was never verified (the node did not begin).</param>
/// <param name="TrustRule">The rule that accepted it; null or empty = none.</param>
/// <param name="PolicyRevision">Revision of the trust policy that was asked, <c>sha256:hex</c>.</param>
/// <param name="TrustRoot">Trust root that was asked, <c>sha256:hex</c>; null or empty = none: a key needs none.</param>
/// <param name="Tool">Tools that it drove; empty = none.</param>
/// <param name="ToolVersion">Their versions, in the same order.</param>
public sealed record Provenance(
    string PluginId, string PluginVersion, string PluginDigest, string? Signer, string? TrustRule, string? PolicyRevision, string? TrustRoot, string Tool, string ToolVersion)
{
    private const int ShownDigits = 12;

    public static Provenance Of(NodeRun node) => new(node.PluginId, node.PluginVersion, node.PluginDigest, node.Signer, node.TrustRule, node.PolicyRevision, node.TrustRoot, node.Tool, node.ToolVersion);

    public static Provenance Of(Finding finding) => new(
        finding.PluginId, finding.PluginVersion, finding.PluginDigest, finding.Signer, finding.TrustRule, finding.PolicyRevision, finding.TrustRoot, finding.Tool, finding.ToolVersion);

    /// <summary>One line for people, digests shortened.</summary>
    public override string ToString()
    {
        var parts = new List<string> { $"{PluginId} {PluginVersion} ({Short(PluginDigest)})" };
        if (string.IsNullOrEmpty(Signer))
        {
            parts.Add("not verified");
        }
        else
        {
            parts.Add($"signed by {Signer}");
            parts.Add($"accepted by {(string.IsNullOrEmpty(TrustRule) ? "no rule" : $"rule {TrustRule}")} of trust policy {Short(PolicyRevision)}");
        }

        if (!string.IsNullOrEmpty(TrustRoot))
        {
            parts.Add($"trust root {Short(TrustRoot)}");
        }

        if (Tool.Length > 0)
        {
            parts.Add($"with {Tool} {ToolVersion}".TrimEnd());
        }

        return string.Join(", ", parts);
    }

    private static string Short(string? digest)
    {
        var start = (digest ?? "").IndexOf(':', StringComparison.Ordinal) + 1;
        return string.IsNullOrEmpty(digest) ? "-" : digest[..Math.Min(digest.Length, start + ShownDigits)];
    }
}
