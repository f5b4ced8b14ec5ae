using System.Text.Json;
using System.Text.Json.Nodes;
using SecFlow.Data.Resources;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Resources;
using SecFlow.Execution.Tools;

namespace SecFlow.Execution.Runs;

/// <summary>What a plugin works with beside its inputs, as it is on this machine now.</summary>
/// <param name="Tools">Declared tools: name -> <c>sha256:hex</c> and version of the file that would run; empty = it is not there.</param>
/// <param name="Resources">Named by the manifest or the configuration: uri -> <c>sha256:hex</c>; empty = never imported.</param>
public sealed record ReuseFacts(IReadOnlyDictionary<string, string> Tools, IReadOnlyDictionary<string, string> Resources)
{
    public static readonly ReuseFacts None = new(new Dictionary<string, string>(StringComparer.Ordinal), new Dictionary<string, string>(StringComparer.Ordinal));

    /// <summary>Looks; accepts, refuses and runs nothing but the tools' question for their version.</summary>
    public static async Task<ReuseFacts?> OfAsync(ToolCatalogue tools, ResourceStore resources, PluginManifest manifest, JsonObject config, CancellationToken ct)
    {
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var tool in manifest.Tools)
        {
            var state = await tools.LookAsync([(manifest.Id, tool)], anew: false, ct);
            found[tool.Name] = state.Digest is null ? "" : Tool(state.Digest, state.Version);
        }

        var imported = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var uri in manifest.Permissions.Resources.Concat(Texts(config)).Select(ResourceUri.TryParse).OfType<ResourceUri>().Distinct())
        {
            imported[uri.ToString()] = (await resources.FindAsync(uri.Type, uri.Name, uri.Version, ct))?.Digest ?? "";
        }

        return new ReuseFacts(found, imported);
    }

    /// <summary>Whether a work used nothing else than this.</summary>
    public bool Cover(PluginOutcome outcome) =>
        outcome.Tools.All(use => Tools.GetValueOrDefault(use.Name) == Tool(use.Digest, use.Version)) && outcome.Resources.All(used => Resources.GetValueOrDefault(used.Uri) == used.Digest);

    private static string Tool(string digest, string version) => $"{digest} {version}";

    private static IEnumerable<string> Texts(JsonNode? node) => node switch
    {
        JsonObject map => map.SelectMany(entry => Texts(entry.Value)),
        JsonArray list => list.SelectMany(Texts),
        JsonValue value when value.GetValueKind() == JsonValueKind.String => [value.GetValue<string>()],
        _ => [],
    };
}
