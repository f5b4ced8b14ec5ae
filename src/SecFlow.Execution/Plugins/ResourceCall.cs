using System.Text.Json.Nodes;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Resources;

namespace SecFlow.Execution.Plugins;

/// <summary>A resource that a node has read: which version <c>latest</c> was stands in its run.</summary>
public sealed record UsedResource(string Uri, string Version, string Digest);

/// <summary>
/// <c>ctx.resource</c>: <c>{uri}</c> -> <c>{handle, size}</c>. Declared by <c>permissions.resources</c> of an enabled plugin is granted.
/// The same address is the same version for the whole work, whatever is imported meanwhile.
/// </summary>
internal sealed class ResourceCall(BrokerGrant grant, ResourceService? resources, Handles handles, BrokerUses uses)
{
    private const int MostResources = 100;

    private readonly Dictionary<string, (UsedResource Used, JsonObject Answer)> _open = new(StringComparer.Ordinal);

    /// <summary>What was read, by uri.</summary>
    public IReadOnlyList<UsedResource> Used => [.. _open.Values.Select(one => one.Used)];

    /// <summary>Throws SF1701, SF1702, SF3004 and SF3009 (a plugin under development has no installation to take it from).</summary>
    public async Task<JsonNode?> AnswerAsync(JsonNode? arguments, CancellationToken ct)
    {
        var text = arguments is JsonObject call && call["uri"] is JsonValue value && value.TryGetValue<string>(out var found) ? found : "";
        var uri = ResourceUri.Parse(text);
        grant.Policy.ResourceCall(grant.Subject, uri, resources is not null).Require();
        var key = uri.ToString();
        if (!_open.TryGetValue(key, out var open))
        {
            if (_open.Count == MostResources)
            {
                throw new SecFlowException(Codes.RequestInvalid, $"The plugin asks for more than {MostResources} resources in one node. Ask for fewer.");
            }

            var resource = await resources!.ResolveAsync(uri, ct);
            var handle = handles.Open(resource.Path);
            open = (new UsedResource(key, resource.Row.Version, resource.Row.Digest), new JsonObject { ["handle"] = handle.Id, ["size"] = handle.Size });
            _open[key] = open;
            uses.Add("resource", $"{key} {resource.Row.Version} {resource.Row.Digest}");
        }

        return open.Answer.DeepClone();
    }
}
