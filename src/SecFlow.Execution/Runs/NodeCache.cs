using System.Text.Json;
using System.Text.Json.Nodes;
using SecFlow.Data.Audit;
using SecFlow.Data.Blobs;
using SecFlow.Data.Runs;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Findings;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Targets;
using SecFlow.Execution.Workflows;

namespace SecFlow.Execution.Runs;

/// <summary>What a node's outputs depend on: the digest of all of it, and what of it can still change while the node runs.</summary>
public sealed record NodeKey(string Digest, ReuseFacts Facts);

/// <summary>Outputs that stand in for a node, and the answers of trust and policy to using them now.</summary>
public sealed record NodeReuse(NodeSource Source, PluginProvenance Provenance, AuditEntry? Decision);

/// <summary>
/// Whose outputs a node may use instead of running (docs/decisions/0030).
/// 1. With <c>cache_intermediate</c>: a node of the same team and workflow that succeeded with an equal key (package digest, configuration and parameters, input digests, targets, tools, resources).
/// 2. A node that reaches out over the network looks again after <see cref="NetworkAge"/>; one that has secrets, changes findings or makes artifacts always.
/// 3. What a run that is retried names (<see cref="NodeRun.CachedFromNodeRunId"/> of a Pending node), however old; it keeps the status that it had, a success is Cached.
/// 4. Policy and trust are asked as for a node that runs. Where trust refuses, and where anything is missing, the node goes the usual way, which says why.
/// 5. Only what really ran is a source, so no age is ever counted anew.
/// </summary>
public sealed class NodeCache(CachedNodeStore store, RunStore runs, NodePlugins plugins, NodeDatasets datasets, BlobStore blobs, TimeProvider time)
{
    /// <summary>How old outputs may be that came over the network.</summary>
    public static readonly TimeSpan NetworkAge = TimeSpan.FromHours(1);

    /// <summary>The key of a node whose outputs may be used again; null = they may not.</summary>
    public async Task<NodeKey?> KeyAsync(RunContext context, RecipeNode recipe, NodeRun node, CancellationToken ct)
    {
        if (!context.Recipe.State.CacheIntermediate || await plugins.FindAsync(node.TeamId, node.PluginDigest, ct) is not { Manifest: var manifest } || !MayBeUsedAgain(manifest))
        {
            return null;
        }

        // The content of a folder of this machine has no digest; that of an archive is named by it.
        if (manifest.Permissions.TargetFiles && context.Targets.Any(t => t.Kind == Data.Targets.TargetKind.Folder && !t.Value.StartsWith(TargetFolders.ArchivePrefix, StringComparison.Ordinal)))
        {
            return null;
        }

        var config = recipe.ConfigFor(context.Parameters, context.FirstTarget);
        if (await plugins.FactsAsync(manifest, config, ct) is not { } facts)
        {
            return null;
        }

        var inputs = recipe.Inputs.Count == 0 ? [] : datasets.InputDigests(context.Recipe, recipe, await runs.DatasetsAsync(context.Run.Id, ct));
        var digest = CanonicalJson.Digest(new JsonObject
        {
            ["v"] = 1,
            ["workflow"] = context.Run.WorkflowId.ToString(),
            ["package"] = node.PluginDigest,
            ["config"] = config.DeepClone(),
            ["parameters"] = recipe.ParametersFor(context.Parameters, context.FirstTarget).DeepClone(),
            ["foreach"] = recipe.ForEach is { } each ? $"{each.Port} {each.Chunk}" : null,
            ["inputs"] = Map(inputs.OrderBy(i => i.Key, StringComparer.Ordinal).Select(i => KeyValuePair.Create(i.Key, (JsonNode?)Texts(i.Value)))),
            ["outputs"] = Map(recipe.Outputs.Select(o => KeyValuePair.Create(o.Key, (JsonNode?)o.Value))),
            ["targets"] = new JsonArray([.. context.Targets.Select(t => (JsonNode)Target(t))]),
            ["tools"] = Map(facts.Tools.Select(t => KeyValuePair.Create(t.Key, (JsonNode?)t.Value))),
            ["resources"] = Map(facts.Resources.Select(r => KeyValuePair.Create(r.Key, (JsonNode?)r.Value))),
        });
        return new NodeKey(digest, facts);
    }

    /// <summary>What may stand in for the node, which the policy has allowed to begin; null = it runs.</summary>
    public async Task<NodeReuse?> FindAsync(RunContext context, RecipeNode recipe, NodeRun node, NodeKey? key, CancellationToken ct)
    {
        var chosen = node.CachedFromNodeRunId;
        var source = chosen is { } id ? await store.FindAsync(node.TeamId, id, ct) : key is null || node.ChunksDone > 0 ? null : await store.FindAsync(node.TeamId, key.Digest, ct);
        if (source is null || await plugins.FindAsync(node.TeamId, node.PluginDigest, ct) is not { Manifest: var manifest } || !IsWhole(source, manifest, chosen is not null))
        {
            return null;
        }

        AuditEntry? decision = null;
        try
        {
            var provenance = await plugins.VerifyAsync(
                new PluginRequest(context.Actor, node.PluginDigest, context.Run.Id, recipe.Id)
                {
                    Record = (entry, _, _) =>
                    {
                        // Stored with the node's end; a refusal is told by the usual way.
                        decision = entry;
                        return Task.FromResult(true);
                    },
                },
                ct);
            return new NodeReuse(source, provenance, decision);
        }
        catch (SecFlowException)
        {
            return null;
        }
    }

    private bool IsWhole(NodeSource source, PluginManifest manifest, bool chosen) =>
        source.Datasets.All(d => blobs.Exists(d.BlobDigest))
        && (chosen
            ? !FindingMarks.MadeBy(manifest.Category) && manifest.Category != "report"
            : source.HasAllFindings && (manifest.Permissions.Network == NetworkPermission.None || time.GetUtcNow() - source.Node.EndedAt < NetworkAge));

    private static bool MayBeUsedAgain(PluginManifest manifest) =>
        manifest.Category != "report" && !FindingMarks.MadeBy(manifest.Category) && manifest.Permissions.Secrets.Count == 0;

    // What a plugin sees of a target, and what decides where its requests go.
    private static JsonObject Target(ScopedTarget target) => new()
    {
        ["id"] = target.Id.ToString(),
        ["name"] = target.Name,
        ["kind"] = target.Kind.ToString(),
        ["value"] = target.Value,
        ["address"] = target.ApprovedAddress,
        ["ports"] = new JsonArray([.. target.Ports.Select(p => (JsonNode)p)]),
        ["tags"] = Texts(target.Tags),
        ["rate"] = target.RequestsPerSecond,
        ["agent"] = target.UserAgent,
    };

    private static JsonObject Map(IEnumerable<KeyValuePair<string, JsonNode?>> entries) => new(entries);

    private static JsonArray Texts(IEnumerable<string> texts) => new([.. texts.Select(t => (JsonNode?)t)]);
}
