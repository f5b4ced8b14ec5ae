using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using SecFlow.Data.Plugins;

namespace SecFlow.Execution.Trust;

/// <summary>Rules of the trust policy as text that an administrator can copy, each one line below <c>spec.rules</c>.</summary>
public static class TrustRuleText
{
    private const int NameLength = 64;
    private const int IdentityLength = 500;

    private static readonly JsonSerializerOptions _quotes = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Claims that a proposed rule asks for where the certificate has them: numbers stay when a name is given to somebody else.</summary>
    private static readonly string[] _lasting = ["sourceRepositoryIdentifier", "sourceRepositoryOwnerIdentifier", "runnerEnvironment"];

    /// <summary>Trusts exactly these bytes, whoever signed them.</summary>
    /// <param name="digest">Package digest, <c>sha256:hex</c>.</param>
    public static string ForArtifact(string digest) =>
        $"- {{ name: package-{digest[(digest.IndexOf(':', StringComparison.Ordinal) + 1)..][..12]}, match: {{ artifacts: [\"{digest}\"] }} }}";

    /// <summary>Trusts whatever this key signs under these ids. Without a transparency log and without timestamps: a key of one's own has neither.</summary>
    /// <param name="name">Name of rule and key: letters, digits, <c>_ . -</c>.</param>
    /// <param name="plugins">Plugin ids, or globs of them.</param>
    /// <param name="file">Name of the public key's file in the folder <c>trust</c>.</param>
    /// <param name="sha256">Lower-case hex of the file's bytes.</param>
    public static string ForKey(string name, IEnumerable<string> plugins, string file, string sha256)
    {
        var word = name.Length > NameLength ? name[..NameLength] : name;
        return $"- {{ name: {word}, match: {{ plugins: [{string.Join(", ", plugins.Select(p => $"\"{p}\""))}] }}, authorities: [ {{ key: {{ id: {word}, file: trust/{file}, sha256: \"{sha256}\", tlog: 0, timestamps: 0 }} }} ] }}";
    }

    /// <summary>Trusts exactly the identity that signed, for exactly this plugin; null where none was established.</summary>
    public static string? For(TrustVerdict verdict, string pluginId, PinnedRoot? root)
    {
        if (verdict.Identity is not { } who || root is null || who.Name.Length > IdentityLength || who.Name.Contains('*', StringComparison.Ordinal) || !who.Issuer.StartsWith("https://", StringComparison.Ordinal))
        {
            return null;
        }

        var mark = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(who.ToString())))[..8];
        var name = pluginId.Length + 9 > NameLength ? pluginId[..(NameLength - 9)] : pluginId;
        var claims = _lasting.Where(verdict.Claims.ContainsKey).Select(claim => $"{claim}: {Quoted(verdict.Claims[claim])}").ToList();
        var teams = root.DemoOnly ? $", teams: [{TrustPolicyReader.DemoTeam}]" : "";
        return $"- {{ name: {name}-{mark}, match: {{ plugins: [\"{pluginId}\"]{teams} }}, authorities: [ {{ keyless: {{ root: {root.Name}, issuer: {Quoted(who.Issuer)}, identity: {{ exact: {Quoted(who.Name)} }}{(claims.Count == 0 ? "" : $", claims: {{ {string.Join(", ", claims)} }}")} }} }} ] }}";
    }

    /// <summary>The code of a refusal for this state; null when the package is trusted.</summary>
    internal static string? CodeOf(string trustState) => Enum.TryParse<TrustState>(trustState, out var state) ? TrustWords.CodeOf(state) : null;

    /// <summary>Why an installed version that is not enabled does not run, and who can change that.</summary>
    internal static string Refusal(PluginVersion row) => CodeOf(row.TrustState) is null
        ? $"The plugin '{row.PluginId}' is installed but {row.State}{(row.StateReason.Length > 0 ? $" ({row.StateReason})" : "")}. An administrator can enable it, or install it again."
        : $"The plugin '{row.PluginId}' {row.Version} is {row.TrustState} and does not run.{(row.TrustState == nameof(TrustState.Untrusted) ? $" An administrator who trusts it adds a rule to {TrustPolicyService.PolicyFile}, below spec.rules: one for the signer's key (`secflow plugin key new` prints it), or this one for these bytes alone: {ForArtifact(row.Digest)}" : " Install a package that is signed and whole.")}";

    private static string Quoted(string text) => JsonSerializer.Serialize(text, _quotes);
}
