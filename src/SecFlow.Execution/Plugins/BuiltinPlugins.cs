using System.Security.Cryptography;
using System.Text;
using SecFlow.Data.Audit;
using SecFlow.Data.Plugins;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Trust;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace SecFlow.Execution.Plugins;

/// <summary>Plugins that a program brings along.</summary>
/// <param name="Rule">Name of their rule in the trust policy, and of their public key: <c>trust/RULE.pub</c>.</param>
/// <param name="Reason">Why they are approved without a person.</param>
/// <param name="Pack">Packs them, unsigned.</param>
public sealed record ShippedPlugins(string Rule, string Reason, Func<IReadOnlyList<PluginPackage>> Pack)
{
    /// <summary>Every plugin folder in a folder; none when it does not exist.</summary>
    public static IReadOnlyList<PluginPackage> In(string folder) => !Directory.Exists(folder)
        ? []
        : [.. Directory.EnumerateDirectories(folder).Where(f => File.Exists(Path.Combine(f, ManifestReader.FileName))).Order(StringComparer.Ordinal).Select(PackageWriter.Pack)];
}

/// <summary>
/// Packs, signs and installs plugins that are shipped with a program: the built-in ones, and those of the demo.
/// 1. The key is made, used and disposed of in one method; its private half is never written anywhere.
/// 2. One rule of the trust policy lists the digests and the public key; the rest of the policy is left as it is.
/// 3. Nothing happens when each shipped plugin is installed with its digest and still verified by that rule.
/// </summary>
public sealed class BuiltinPlugins(string dataFolder, ShippedPlugins shipped, PluginStore store, PluginRegistry registry, TrustPolicyService policies)
{
    public const string RuleName = "builtin";

    public const string BuiltinReason = "shipped with this program, signed at set-up";

    private string KeyFile => $"trust/{shipped.Rule}.pub";

    /// <summary>The folder beside the program that a build fills with the built plugins.</summary>
    public static string DefaultFolder => Path.Combine(AppContext.BaseDirectory, "plugins");

    /// <summary>Brings the built-in plugins up to date; true when something was signed.</summary>
    public async Task<bool> InstallAsync(CancellationToken ct)
    {
        var packages = shipped.Pack();
        if (packages.Count == 0 || await AreInstalledAsync(packages, ct))
        {
            return false;
        }

        var actor = Actor.System(name: "set-up");
        var signed = Sign(packages, out var publicKey);
        await WritePolicyAsync(actor, signed, publicKey, ct);
        foreach (var package in signed)
        {
            await EnableAsync(actor, await registry.InstallAsync(actor, package, ct), ct);
        }

        return true;
    }

    /// <summary>Takes the rule and its key out of the trust policy, revokes every version of its plugins and deletes their folders. Their rows stay: runs name them.</summary>
    public async Task RemoveAsync(Actor actor, string reason, CancellationToken ct)
    {
        var ids = shipped.Pack().Select(p => p.ReadManifest().Id).ToHashSet(StringComparer.Ordinal);
        foreach (var row in (await registry.ListAsync(ct)).Select(p => p.Row).Where(row => ids.Contains(row.PluginId)))
        {
            if (row.State != PluginState.Revoked)
            {
                await registry.MoveAsync(actor, row, PluginState.Revoked, reason, ct);
            }

            if (Path.GetDirectoryName(registry.FolderOf(row)) is { } folder && Directory.Exists(folder))
            {
                Directory.Delete(folder, recursive: true);
            }
        }

        var yaml = await CurrentYamlAsync(ct);
        if (ShippedRule.Without(yaml, shipped.Rule) is { } left)
        {
            await policies.ReplaceAsync(actor, left, ct);
        }

        File.Delete(Path.Combine(dataFolder, KeyFile));
    }

    private async Task<bool> AreInstalledAsync(IReadOnlyList<PluginPackage> packages, CancellationToken ct)
    {
        foreach (var package in packages)
        {
            var row = await store.FindByDigestAsync(Guid.Empty, package.Digest!, ct);
            if (row is null || row.State is PluginState.Discovered or PluginState.Submitted or PluginState.Approved)
            {
                return false;
            }

            try
            {
                var installed = PluginPackage.ReadFolder(registry.FolderOf(row));
                var verdict = await policies.VerifyAsync(installed, row.PluginId, Guid.Empty, ct);
                if (installed.Digest != package.Digest || verdict.State is not (TrustState.Verified or TrustState.Tampered or TrustState.Revoked))
                {
                    return false;
                }
            }
            catch (SecFlowException)
            {
                // changed on disk: refused when it is to run. Set-up does not repair it silently; whoever looks finds the evidence.
            }
        }

        return true;
    }

    private static List<PluginPackage> Sign(IReadOnlyList<PluginPackage> packages, out string publicKey)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        publicKey = key.ExportSubjectPublicKeyInfoPem() + "\n";
        return [.. packages.Select(p => PackageWriter.Sign(p, key))];
    }

    private async Task WritePolicyAsync(Actor actor, List<PluginPackage> packages, string publicKey, CancellationToken ct)
    {
        var bytes = Encoding.ASCII.GetBytes(publicKey);
        var path = Path.Combine(dataFolder, KeyFile);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await File.WriteAllBytesAsync(path, bytes, ct);
        var rule = $"""
            name: {shipped.Rule}
            match:
              artifacts:
            {string.Join('\n', packages.Select(p => $"    - \"{p.Digest}\""))}
            authorities:
              - key: {"{"} id: {shipped.Rule}, file: {KeyFile}, sha256: "{Convert.ToHexStringLower(SHA256.HashData(bytes))}", tlog: 0, timestamps: 0 {"}"}
            """;
        await policies.ReplaceAsync(actor, ShippedRule.Put(await CurrentYamlAsync(ct), shipped.Rule, rule), ct);
    }

    /// <summary>The policy's file as it is, also when the key of the rule that is about to be replaced does not fit any more.</summary>
    private async Task<string> CurrentYamlAsync(CancellationToken ct)
    {
        var path = Path.Combine(dataFolder, "trust", "policy.yaml");
        return File.Exists(path) ? await File.ReadAllTextAsync(path, ct) : (await policies.CurrentAsync(ct)).Yaml;
    }

    private async Task EnableAsync(Actor actor, PluginVersion row, CancellationToken ct)
    {
        if (row.State is PluginState.Rejected or PluginState.Disabled or PluginState.Quarantined or PluginState.Revoked or PluginState.ChangesRequested)
        {
            // somebody decided so; a new signature does not overrule a person
            return;
        }

        foreach (var next in new[] { PluginState.Submitted, PluginState.Approved, PluginState.Enabled }.SkipWhile(s => s <= row.State))
        {
            row = await registry.MoveAsync(actor, row, next, shipped.Reason, ct);
        }
    }
}

/// <summary>Puts a rule of shipped plugins first into a policy's YAML, in place of an older one, or takes it out.</summary>
internal static class ShippedRule
{
    public static string Put(string yaml, string name, string rule)
    {
        var stream = new YamlStream();
        var spec = Spec(stream, yaml);
        var rules = Rules(spec) ?? new YamlSequenceNode();
        Named(rules, name).ForEach(r => rules.Children.Remove(r));
        var added = new YamlStream();
        added.Load(new StringReader(rule));
        rules.Children.Insert(0, added.Documents[0].RootNode);
        spec.Children["rules"] = rules;
        return Text(stream);
    }

    /// <summary>The policy without the rule; null when it has none of that name.</summary>
    public static string? Without(string yaml, string name)
    {
        var stream = new YamlStream();
        if (Rules(Spec(stream, yaml)) is not { } rules || Named(rules, name) is not { Count: > 0 } found)
        {
            return null;
        }

        found.ForEach(r => rules.Children.Remove(r));
        return Text(stream);
    }

    private static YamlSequenceNode? Rules(YamlMappingNode spec) => spec.Children.TryGetValue("rules", out var existing) && existing is YamlSequenceNode list ? list : null;

    private static List<YamlMappingNode> Named(YamlSequenceNode rules, string wanted) =>
        [.. rules.Children.OfType<YamlMappingNode>().Where(r => r.Children.TryGetValue("name", out var name) && name.ToString() == wanted)];

    private static string Text(YamlStream stream)
    {
        using var text = new StringWriter { NewLine = "\n" };
        stream.Save(text, assignAnchors: false);
        return text.ToString().Replace("\n...\n", "\n", StringComparison.Ordinal);
    }

    private static YamlMappingNode Spec(YamlStream stream, string yaml)
    {
        try
        {
            stream.Load(new StringReader(yaml));
            if (stream.Documents is [{ RootNode: YamlMappingNode root }] && root.Children.TryGetValue("spec", out var spec) && spec is YamlMappingNode found)
            {
                return found;
            }
        }
        catch (Exception e) when (e is YamlException or InvalidOperationException)
        {
            throw new SecFlowException(Codes.TrustPolicyInvalid, $"The trust policy cannot be read: {e.Message} Correct {TrustPolicyService.PolicyFile}, then start again.", e);
        }

        throw new SecFlowException(Codes.TrustPolicyInvalid, $"The trust policy has no mapping 'spec'. Correct {TrustPolicyService.PolicyFile}, then start again.");
    }
}
