using System.Text.Json;
using System.Text.Json.Nodes;
using SecFlow.Data.Runs;
using SecFlow.Execution.Findings;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Workflows;

namespace SecFlow.Execution.Runs;

/// <summary>
/// A <c>foreach</c> node: one work of the session for each chunk of its input.
/// 1. A chunk is done when its records and what it left beside them (<see cref="ChunkState"/>) are durable; it never runs again in this run, and its records count once.
/// 2. After a crash or a failure the next attempt begins with the first chunk that is not done. What an unfinished chunk had staged is dropped with its attempt.
/// 3. <c>timeout</c> holds for each chunk. A chunk that fails ends the node; what came before it is kept, as of any node.
/// 4. Verdicts, datasets and uses of tools are those of all chunks together: the worst verdict of a target counts.
/// </summary>
internal sealed class NodeChunks(RunWriter writer)
{
    /// <summary>Runs the chunks that are not done; the outcome of all of them, with the error of the one that failed. Throws SF1030.</summary>
    public async Task<PluginOutcome> RunAsync(RunContext context, RecipeNode recipe, NodeRun node, OpenPlugin session, PluginWork work, FindingStaging staging, CancellationToken ct)
    {
        var each = recipe.ForEach!;
        var input = await ChunkedInput.OfAsync(each.Port, work.Inputs[each.Port], each.Chunk, ct);
        PluginOutcome? all = null;
        if (node.ChunksDone > 0 && node.ChunkState is { } kept)
        {
            var state = ChunkState.Read(kept);
            var (findings, valid) = await writer.StagedSoFarAsync(node.Id, node.Attempt, ct);
            staging.Restore(findings, valid, state.Verdicts, state.Rejected);
            all = state.Used;
        }

        for (var chunk = node.ChunksDone + 1; chunk <= input.Count; chunk++)
        {
            await context.Stop.Freezer.WhenThawedAsync(ct);
            staging.BeginChunk(chunk, input.Count);
            var records = input.Chunk(chunk);
            var outcome = await session.RunAsync(work with { Inputs = new Dictionary<string, InputDataset>(work.Inputs, StringComparer.Ordinal) { [each.Port] = records } }, staging, ct);
            all = all is null ? outcome : ChunkState.Join(all, outcome);
            if (outcome.Error is not null || staging.LimitReached is not null)
            {
                break;
            }

            await context.Journal.FlushAsync(ct);
            context.Journal.Add("node.chunk", recipe.Id, new JsonObject { ["done"] = chunk, ["of"] = input.Count, ["records"] = records.Count, ["findings"] = staging.Findings });
            var left = ChunkState.Write(staging, all);
            await context.Journal.CommitAsync(events => writer.CommitChunkAsync(context.Lease, node.Id, chunk, input.Count, left, events, ct), ct);
        }

        return all!;
    }
}

/// <summary>What the chunks that are done left beside their records.</summary>
internal sealed record ChunkState(IReadOnlyDictionary<Guid, FindingStaging.Said> Verdicts, int Rejected, PluginOutcome Used)
{
    public static ChunkState Read(string json) => JsonSerializer.Deserialize<ChunkState>(json, JsonSerializerOptions.Web) ?? throw new JsonException("The state of the chunks is empty.");

    public static string Write(FindingStaging staging, PluginOutcome used) => JsonSerializer.Serialize(new ChunkState(staging.Verdicts, staging.Rejected, used), JsonSerializerOptions.Web);

    /// <summary>Two works as if they were one; how it ended is how the later one did.</summary>
    public static PluginOutcome Join(PluginOutcome before, PluginOutcome last) => last with
    {
        HttpRequests = before.HttpRequests + last.HttpRequests,
        RefusedCalls = before.RefusedCalls + last.RefusedCalls,
        AddressesReached = Math.Max(before.AddressesReached, last.AddressesReached),
        PeakBytes = Math.Max(before.PeakBytes, last.PeakBytes),
        CpuMilliseconds = before.CpuMilliseconds + last.CpuMilliseconds,
        Wall = before.Wall + last.Wall,
        Resources = [.. before.Resources.Union(last.Resources)],
        Tools = [.. before.Tools.Concat(last.Tools).Take(Tools.ToolUse.MostKept)],
    };
}
