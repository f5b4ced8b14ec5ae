using System.Text.Json.Nodes;
using SecFlow.Data.Audit;
using SecFlow.Data.Holds;
using SecFlow.Data.Teams;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Runs;
using SecFlow.Execution.Targets;
using SecFlow.Execution.Workflows;

namespace SecFlow.Execution.Plans;

/// <summary>What all nodes of one plan share.</summary>
internal sealed record PlanContext(Actor Actor, PlanRequest Request, Recipe Recipe, JsonObject Parameters, TargetScope Scope, IReadOnlyList<ScopedTarget> Targets, RunHosts? Hosts, int? Version)
{
    /// <summary>The hold that stands for the team; null = none.</summary>
    public Hold? Hold { get; init; }

    /// <summary>What is known of the outputs of the nodes before, by name.</summary>
    public Dictionary<string, (string Type, IReadOnlyList<string> Lines)> Outputs { get; } = new(StringComparer.Ordinal);
}

/// <summary>Runs the verified script of one node in the plugin host and sandbox that a run uses, with <see cref="PlannedWorld"/> in the place of the world.</summary>
internal sealed class NodePreview(NodePlugins plugins)
{
    public async Task<PlannedNode> FollowAsync(PlanContext context, RecipeNode recipe, PlannedNode node, TimeSpan left, CancellationToken ct)
    {
        var limit = new[] { context.Request.Bounds.Node, recipe.Timeout, left }.Min();
        if (limit <= TimeSpan.Zero)
        {
            return node with { Followed = Followed.Not, FollowedWhy = $"The plan's time of {context.Request.Bounds.Whole.TotalSeconds:0.#} s was used up by the nodes before." };
        }

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var manifest = node.Plugin.Manifest;
        var world = new PlannedWorld(context.Request.Bounds, node.Tools, node.Inputs.Count > 0, stop.CancelAsync);
        var output = new PlanOutput(manifest, recipe.Outputs, context.Targets.ToDictionary(t => t.Id.ToString(), t => t.Name, StringComparer.Ordinal));
        var provenance = (PluginProvenance?)null;
        IReadOnlyList<UsedResource> resources = [];
        var (followed, why, refusal) = (Followed.Whole, (string?)null, (Diagnostic?)null);
        try
        {
            var request = new PluginRequest(new Actor(ActorKind.System, "engine", "engine", context.Actor.TeamId, TeamRole.Analyst), recipe.PluginDigest, context.Request.RunId, recipe.Id)
            {
                Hosts = context.Hosts,
                UsedAgain = context.Recipe.Nodes.SkipWhile(n => n.Id != recipe.Id).Skip(1).Any(n => n.PluginDigest == recipe.PluginDigest),
                Planned = true,
            };
            var session = await plugins.OpenAsync(request, stop.Token);
            try
            {
                provenance = session.Provenance;
                var outcome = await session.RunAsync(Work(context, recipe, session.Manifest, limit) with { Planned = world }, output, stop.Token);
                (followed, why, refusal) = End(outcome, recipe, limit);
                resources = outcome.Resources;
            }
            finally
            {
                await session.CloseAsync();
            }
        }
        catch (OperationCanceledException) when (world.Overrun && !ct.IsCancellationRequested)
        {
            (followed, why) = (Followed.Cut, $"The script made more than {context.Request.Bounds.Calls} calls; a plan follows no further. In a run, too, every answer may lead to other calls.");
        }
        catch (SecFlowException e)
        {
            // What a run would be told at the start of this node.
            (followed, why, refusal) = (Followed.Not, e.Diagnostics[0].Message, e.Category is DiagnosticCategory.Infrastructure ? null : e.Diagnostics[0]);
        }

        foreach (var (dataset, type, lines) in output.Datasets)
        {
            context.Outputs[dataset] = (type, lines);
        }

        return node with
        {
            Signer = provenance?.Signer ?? node.Signer,
            TrustRule = provenance?.TrustRule ?? node.TrustRule,
            Http = world.HttpCalls,
            Tls = world.TlsCalls,
            ToolCalls = world.ToolCalls,
            Secrets = world.Secrets,
            Resources = resources,
            RefusedCalls = [.. node.RefusedCalls, .. world.Refusals.Select(r => r with { What = $"node {recipe.Id}: {r.What}" })],
            Misused = output.Misused,
            Followed = followed,
            FollowedWhy = why,
            Refusal = node.Refusal ?? refusal,
        };
    }

    private static (Followed Followed, string? Why, Diagnostic? Refusal) End(PluginOutcome outcome, RecipeNode recipe, TimeSpan limit) => outcome.Error switch
    {
        null => (Followed.Whole, null, null),
        { Code: Codes.LimitWall } when limit < recipe.Timeout => (Followed.Cut, $"The script did not end within the {limit.TotalSeconds:0.#} s that a plan gives it.", null),

        // A violation counts wherever it happens: the plugin is quarantined, so no run of it would begin.
        { } error when outcome.Violation => (Followed.Failed, $"{error.Code}: {error.Message}", error),
        { } error => (Followed.Failed, $"{error.Code}: {error.Message}", null),
    };

    private static PluginWork Work(PlanContext context, RecipeNode recipe, PluginManifest manifest, TimeSpan limit) => new()
    {
        Config = recipe.ConfigFor(context.Parameters, context.Targets[0].Value),
        Run = RunFacts.Planned(context, recipe, manifest),
        Scope = context.Scope,
        Inputs = recipe.Inputs.ToDictionary(i => i.Key, i => Input(context, i.Value, manifest.Inputs.FirstOrDefault(p => p.Name == i.Key)?.Type ?? "json", recipe.ForEach is { } each && each.Port == i.Key ? each.Chunk : PlanOutput.MostRecords), StringComparer.Ordinal),
        Timeout = limit,
    };

    private static InputDataset Input(PlanContext context, IReadOnlyList<string> names, string type, int most)
    {
        var lines = names.Where(context.Outputs.ContainsKey).SelectMany(name => context.Outputs[name].Lines).Take(Math.Min(most, PlanOutput.MostRecords)).ToList();
        return PlanOutput.Input(type, lines);
    }
}
