using SecFlow.Data.Plugins;
using SecFlow.Data.Targets;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Workflows;

namespace SecFlow.Execution.Tests.Workflows;

/// <summary>A few installed plugins, without a registry: what the reader needs to know of them.</summary>
internal static class TestPlugins
{
    private const string ScanSchema = """
        {"type":"object","additionalProperties":false,"properties":{
          "threads":{"type":"integer","minimum":1,"maximum":100},
          "mode":{"type":"string","enum":["fast","full"]},
          "headers":{"type":"object","additionalProperties":{"type":"string"}},
          "paths":{"type":"array","items":{"type":"string","pattern":"^/"}},
          "deep":{"type":"boolean"}}}
        """;

    public static readonly InstalledPlugin Discovery = Plugin("discovery.crawl", "1.2.0", ["discovery.spider"], [], [new("urls", "urls", true), new("hosts", "hosts", false)]);
    public static readonly InstalledPlugin Scan = Plugin("scan.web", "1.0.0", [], [new("urls", "urls", false)], [new("findings", "findings", true)], ScanSchema);
    public static readonly InstalledPlugin Services = Plugin("scan.services", "2.0.0", [], [new("open", "services", true)], [new("findings", "findings", true)]);
    public static readonly InstalledPlugin Enrich = Plugin("enrich.notes", "1.0.0", [], [new("findings", "findings", true)], [new("findings", "findings", true)]);
    public static readonly InstalledPlugin Twins = Plugin("filter.twins", "1.0.0", [], [new("left", "urls", false), new("right", "urls", false)], [new("urls", "urls", false)]);
    public static readonly InstalledPlugin Off = Plugin("scan.off", "1.0.0", [], [], [], state: PluginState.Disabled);
    public static readonly InstalledPlugin Outer = Plugin("scan.outer", "1.0.0", [], [], [], """{"$ref":"http://127.0.0.1:1/schema.json"}""");

    public static readonly RecipePlugins Installed = Of(Discovery, Scan, Services, Enrich, Twins, Off, Outer);

    public static RecipePlugins Of(params InstalledPlugin[] plugins) => new(
        (type, _) => Task.FromResult(plugins.FirstOrDefault(p => p.Row.State == PluginState.Enabled && Matches(p, type))),
        plugins);

    public static InstalledPlugin Plugin(
        string id,
        string version,
        IReadOnlyList<string> aliases,
        IReadOnlyList<PluginPort> inputs,
        IReadOnlyList<PluginPort> outputs,
        string schema = "{}",
        PluginState state = PluginState.Enabled) =>
        new(
            new PluginVersion { Id = Guid.NewGuid(), PluginId = id, Version = version, Digest = "sha256:" + Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(id + version))), State = state },
            new PluginManifest
            {
                Id = id,
                Aliases = aliases,
                Version = version,
                Title = id,
                Intrusiveness = Intrusiveness.Safe,
                Inputs = inputs,
                Outputs = outputs,
                Permissions = new PluginPermissions(NetworkPermission.Targets, [], false, [], []),
            },
            schema);

    // The registry's rule for ranges has tests of its own; here a range matches by its major version.
    private static bool Matches(InstalledPlugin plugin, string type)
    {
        var parts = type.Split('@');
        return (plugin.Manifest.Id == parts[0] || plugin.Manifest.Aliases.Contains(parts[0]))
            && (parts.Length == 1 || plugin.Manifest.Version[0] == parts[1].TrimStart('^', '~')[0]);
    }
}
