using SecFlow.Data.Blobs;
using SecFlow.Data.Runs;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Workflows;

namespace SecFlow.Execution.Runs;

/// <summary>Datasets between nodes: written as JSON lines when a node ends, read by the ones after it.</summary>
public sealed class NodeDatasets(BlobStore blobs, RunWriter writer)
{
    /// <summary>Input datasets by port. The output of a node that did not run is an empty dataset.</summary>
    public Dictionary<string, InputDataset> Inputs(RecipeNode node, PluginManifest manifest, IReadOnlyList<Dataset> datasets)
    {
        var inputs = new Dictionary<string, InputDataset>(StringComparer.Ordinal);
        foreach (var (port, name) in node.Inputs)
        {
            var dataset = datasets.FirstOrDefault(d => d.Name == name);
            var type = manifest.Inputs.FirstOrDefault(p => p.Name == port)?.Type ?? "json";
            inputs[port] = dataset is null
                ? new InputDataset(type, 0, () => Stream.Null)
                : new InputDataset(dataset.Type, dataset.Count, () => blobs.OpenRead(dataset.BlobDigest));
        }

        return inputs;
    }

    /// <summary>Writes each bound output of an attempt to the blob store; durable before the checkpoint begins.</summary>
    public async Task<IReadOnlyList<Dataset>> WriteAsync(NodeRun node, RecipeNode recipe, PluginManifest manifest, IReadOnlyDictionary<string, int> counts, CancellationToken ct)
    {
        var datasets = new List<Dataset>();
        foreach (var (port, name) in recipe.Outputs)
        {
            var blob = await blobs.PutAsync(
                async (stream, token) =>
                {
                    await using var lines = new StreamWriter(stream, leaveOpen: true) { NewLine = "\n" };
                    await foreach (var record in writer.StagedAsync(node.Id, node.Attempt, port, token))
                    {
                        await lines.WriteLineAsync(record.AsMemory(), token);
                    }
                },
                ct);
            datasets.Add(new Dataset
            {
                Id = Guid.CreateVersion7(),
                TeamId = node.TeamId,
                RunId = node.RunId,
                NodeRunId = node.Id,
                Name = name,
                Type = manifest.Outputs.First(p => p.Name == port).Type,
                Count = counts.GetValueOrDefault(port),
                BlobDigest = blob.Digest,
            });
        }

        return datasets;
    }
}
