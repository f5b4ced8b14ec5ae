using System.Security.Cryptography;
using System.Text;
using SecFlow.Data.Audit;
using SecFlow.Data.Plugins;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Trust;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace SecFlow.Execution.Plugins;

/// <summary>
/// Packs, signs and installs the plugins that are shipped with the program.
/// 1. The key is made, used and disposed of in one method; its private half is never written anywhere.
/// 2. The rule <c>builtin</c> of the trust policy lists the digests and the public key; the rest of the policy is left as it is.
/// 3. Nothing happens when each shipped plugin is installed with its digest and still verified by that rule.
/// </summary>
public sealed class BuiltinPlugins(string dataFolder, string shippedFolder, PluginStore store, PluginRegistry registry, TrustPolicyService policies, TimeProvider time)
{
    public const string RuleName = "builtin";

    private const string KeyFile = "trust/builtin.pub";
    private const string Reason = "shipped with this program, signed at set-up";

    /// <summary>The folder beside the program that a build fills with the built plugins.</summary>
    public static string DefaultFolder => Path.Combine(AppContext.BaseDirectory, "plugins");

    /// <summary>Brings the built-in plugins up to date; true when something was signed.</summary>
    public async Task<bool> InstallAsync(CancellationToken ct)
    {
        var packages = Shipped();
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

    private List<PluginPackage> Shipped() => !Directory.Exists(shippedFolder)
        ? []
        : [.. Directory.EnumerateDirectories(shippedFolder).Where(f => File.Exists(Path.Combine(f, ManifestReader.FileName))).Order(StringComparer.Ordinal).Select(PackageWriter.Pack)];

    private async Task<bool> AreInstalledAsync(List<PluginPackage> packages, CancellationToken ct)
    {
        var policy = await policies.CurrentAsync(ct);
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
                var verdict = PluginVerifier.Verify(installed, row.PluginId, policy, null, time.GetUtcNow());
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

    private static List<PluginPackage> Sign(List<PluginPackage> packages, out string publicKey)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        publicKey = key.ExportSubjectPublicKeyInfoPem() + "\n";
        return [.. packages.Select(p => PackageWriter.Sign(p, key))];
    }

    private async Task WritePolicyAsync(Actor actor, List<PluginPackage> packages, string publicKey, CancellationToken ct)
    {
        var bytes = Encoding.ASCII.GetBytes(publicKey);
        var path = Path.Combine(dataFolder, "trust", "builtin.pub");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await File.WriteAllBytesAsync(path, bytes, ct);
        var rule = $"""
            name: {RuleName}
            match:
              artifacts:
            {string.Join('\n', packages.Select(p => $"    - \"{p.Digest}\""))}
            authorities:
              - key: {"{"} id: {RuleName}, file: {KeyFile}, sha256: "{Convert.ToHexStringLower(SHA256.HashData(bytes))}", tlog: 0, timestamps: 0 {"}"}
            """;
        await policies.ReplaceAsync(actor, BuiltinRule.Put(await CurrentYamlAsync(ct), rule), ct);
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
            row = await registry.MoveAsync(actor, row, next, Reason, ct);
        }
    }
}

/// <summary>Puts the rule <c>builtin</c> first into a policy's YAML, in place of an older one.</summary>
internal static class BuiltinRule
{
    public static string Put(string yaml, string rule)
    {
        var stream = new YamlStream();
        var spec = Spec(stream, yaml);
        var rules = spec.Children.TryGetValue("rules", out var existing) && existing is YamlSequenceNode list ? list : new YamlSequenceNode();
        var older = rules.Children.OfType<YamlMappingNode>().Where(r => r.Children.TryGetValue("name", out var name) && name.ToString() == BuiltinPlugins.RuleName).ToList();
        older.ForEach(r => rules.Children.Remove(r));
        var added = new YamlStream();
        added.Load(new StringReader(rule));
        rules.Children.Insert(0, added.Documents[0].RootNode);
        spec.Children["rules"] = rules;
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
