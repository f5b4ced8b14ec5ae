using SecFlow.Data.Audit;
using SecFlow.Data.Plugins;
using SecFlow.Execution;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Trust;

namespace SecFlow.Portal.Demo;

/// <summary>
/// The plugins that try to break out, for an administrator to watch.
/// 1. Packed and signed at the set-up of the demo with a key of their own that is used once; their rule of the trust policy is <c>demo</c>.
/// 2. They leave with the demo: rule and key are taken away, their versions revoked, their folders deleted.
/// 3. The one that is altered is a copy of the web baseline under an id of its own: no other plugin's file is ever touched.
/// </summary>
public sealed class DemoPlugins
{
    public const string Altered = "scan.demo-altered";

    public const string Stray = "scan.demo-stray";

    public const string Loop = "scan.demo-loop";

    public const string RuleName = "demo";

    private const string Original = "scan.web-baseline";

    private readonly BuiltinPlugins _installer;
    private readonly PluginRegistry _registry;
    private readonly string _dataFolder;

    public DemoPlugins(EngineOptions options, PluginStore store, PluginRegistry registry, TrustPolicyService policies)
    {
        _dataFolder = options.DataFolder;
        _registry = registry;
        _installer = new BuiltinPlugins(_dataFolder, new ShippedPlugins(RuleName, "part of the demo, signed at set-up", Pack), store, registry, policies);
    }

    public Task InstallAsync(CancellationToken ct) => _installer.InstallAsync(ct);

    public Task RemoveAsync(Actor actor, CancellationToken ct) => _installer.RemoveAsync(actor, "the demo was removed", ct);

    /// <summary>Flips one bit in the middle of the copy's script, after it was signed. A copy that is altered already stays as it is.</summary>
    public async Task AlterAsync(CancellationToken ct)
    {
        if (await _registry.FindAsync(Altered, ct) is not { Row: { PluginId: Altered } row })
        {
            throw new SecFlowException(Codes.PluginNotEnabled, $"The plugin {Altered} is not installed and enabled. Start again with the demo, or enable it under Plugins.");
        }

        var file = Path.Combine(_dataFolder, row.Folder.Replace('/', Path.DirectorySeparatorChar), PluginPackage.EntryFile);
        var bytes = await File.ReadAllBytesAsync(file, ct);
        if (bytes.AsSpan().SequenceEqual(PackAltered().Required(PluginPackage.EntryFile)))
        {
            bytes[bytes.Length / 2] ^= 1;
            await File.WriteAllBytesAsync(file, bytes, ct);
        }
    }

    private static List<PluginPackage> Pack() => [PackAltered(), .. ShippedPlugins.In(Path.Combine(AppContext.BaseDirectory, "demo-plugins"))];

    private static PluginPackage PackAltered()
    {
        var files = PackageWriter.Pack(Path.Combine(BuiltinPlugins.DefaultFolder, Original)).Files.Where(f => !f.Key.StartsWith("fixtures/", StringComparison.Ordinal)).ToDictionary(StringComparer.Ordinal);
        files[ManifestReader.FileName] = System.Text.Encoding.UTF8.GetBytes($$"""
            apiVersion: secflow/v1
            id: {{Altered}}
            version: 1.0.0
            title: Altered copy (demo)
            description: A signed copy of {{Original}} in which one bit is flipped afterwards, to show that it is refused. Installed with the demo only.
            publisher: SecFlow demo
            license: Apache-2.0
            intrusiveness: safe
            outputs:
              findings: { type: findings, required: true }
            permissions:
              network: targets
            minLevel: L1

            """);
        return PackageWriter.Pack(files);
    }
}
