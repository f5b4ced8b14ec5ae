using System.Text.Json.Nodes;
using SecFlow.Data.Blobs;
using SecFlow.Data.Runs;
using SecFlow.Execution.Findings;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Workflows;

namespace SecFlow.Execution.Runs;

/// <summary>
/// Datasets and artifacts of nodes: written to the blob store when a node ends, read by the ones after it.
/// 1. A findings dataset holds each finding once, with its fingerprint (<see cref="FindingLine"/>).
/// 2. What an enrich or filter node passes on are the findings of its inputs, changed as it said. One that failed or did not run passes them on unchanged: a failure never makes findings disappear.
/// </summary>
public sealed class NodeDatasets(BlobStore blobs, RunWriter writer)
{
    private const int LinesAtOnce = 500;

    /// <summary>Input datasets by port. The output of any other node that did not run is an empty dataset.</summary>
    public Dictionary<string, InputDataset> Inputs(Recipe recipe, RecipeNode node, PluginManifest manifest, IReadOnlyList<Dataset> datasets)
    {
        var inputs = new Dictionary<string, InputDataset>(StringComparer.Ordinal);
        foreach (var (port, names) in node.Inputs)
        {
            var found = names.SelectMany(name => Sources(recipe, name, datasets, [])).DistinctBy(d => d.Name).ToList();
            var type = manifest.Inputs.FirstOrDefault(p => p.Name == port)?.Type ?? "json";
            inputs[port] = found.Count == 0
                ? new InputDataset(type, 0, () => Stream.Null)
                : new InputDataset(found[0].Type, found.Sum(d => d.Count), () => Open(found, 0)) { OpenAt = from => Open(found, from) };
        }

        return inputs;
    }

    /// <summary>The records of a dataset of a run, line by line; none when its node did not run.</summary>
    public async IAsyncEnumerable<string> LinesAsync(Recipe recipe, string name, IReadOnlyList<Dataset> datasets, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        foreach (var dataset in Sources(recipe, name, datasets, []).DistinctBy(d => d.Name))
        {
            using var reader = new StreamReader(blobs.OpenRead(dataset.BlobDigest));
            while (await reader.ReadLineAsync(ct) is { } line)
            {
                yield return line;
            }
        }
    }

    /// <summary>Digests of the datasets behind each input port, in the order in which they are read.</summary>
    public Dictionary<string, IReadOnlyList<string>> InputDigests(Recipe recipe, RecipeNode node, IReadOnlyList<Dataset> datasets) => node.Inputs.ToDictionary(
        i => i.Key, i => (IReadOnlyList<string>)[.. i.Value.SelectMany(name => Sources(recipe, name, datasets, [])).DistinctBy(d => d.Name).Select(d => d.BlobDigest)], StringComparer.Ordinal);

    /// <summary>Writes each bound output of an attempt to the blob store; durable before the checkpoint begins.</summary>
    public async Task<IReadOnlyList<Dataset>> WriteAsync(NodeRun node, RecipeNode recipe, PluginManifest manifest, IReadOnlyDictionary<string, InputDataset> inputs, CancellationToken ct)
    {
        var datasets = new List<Dataset>();
        foreach (var (port, name) in recipe.Outputs)
        {
            var type = manifest.Outputs.First(p => p.Name == port).Type;
            var records = type == "findings"
                ? FindingMarks.MadeBy(manifest.Category) ? PassedOnAsync(node, inputs.Values, ct) : CreatedAsync(node, port, ct)
                : PlainAsync(node, port, ct);
            var count = 0;
            var blob = await blobs.PutAsync(
                async (stream, token) =>
                {
                    await using var lines = new StreamWriter(stream, leaveOpen: true) { NewLine = "\n" };
                    await foreach (var record in records.WithCancellation(token))
                    {
                        await lines.WriteLineAsync(record.AsMemory(), token);
                        count++;
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
                Type = type,
                Count = count,
                BlobDigest = blob.Digest,
            });
        }

        return datasets;
    }

    /// <summary>Stores the files of a report node; durable before the checkpoint begins.</summary>
    public async Task<IReadOnlyList<Artifact>> WriteAsync(NodeRun node, ArtifactDrafts? drafts, DateTimeOffset now, CancellationToken ct)
    {
        var artifacts = new List<Artifact>();
        foreach (var draft in drafts?.Files ?? [])
        {
            draft.Content.Position = 0;
            var blob = await blobs.PutAsync(draft.Content, ct);
            artifacts.Add(new Artifact
            {
                Id = Guid.CreateVersion7(),
                TeamId = node.TeamId,
                RunId = node.RunId,
                NodeRunId = node.Id,
                Name = draft.Name,
                MediaType = draft.MediaType,
                Size = blob.Size,
                BlobDigest = blob.Digest,
                CreatedAt = now,
            });
        }

        return artifacts;
    }

    /// <summary>Input datasets of a run that is over, by port: <c>{port: [dataset]}</c>. One that is not there is empty.</summary>
    internal Dictionary<string, InputDataset> Named(JsonObject inputs, IReadOnlyList<Dataset> datasets) => inputs.ToDictionary(
        port => port.Key,
        port =>
        {
            var found = port.Value!.AsArray().Select(name => datasets.FirstOrDefault(d => d.Name == (string?)name)).OfType<Dataset>().DistinctBy(d => d.Name).ToList();
            return found.Count == 0
                ? new InputDataset("json", 0, () => Stream.Null)
                : new InputDataset(found[0].Type, found.Sum(d => d.Count), () => new JoinedStream([.. found.Select<Dataset, Func<Stream>>(d => () => blobs.OpenRead(d.BlobDigest))]));
        },
        StringComparer.Ordinal);

    /// <summary>Keeps what the plugin of a node gets to read.</summary>
    internal RawTape Tape(RunContext context, RecipeNode node, JsonObject config, JsonObject run) => new(blobs, new JsonObject
    {
        ["config"] = config.DeepClone(),
        ["run"] = run,
        ["targets"] = new JsonArray([.. context.Targets.Select(target => (JsonNode)target.Id.ToString())]),
        ["inputs"] = new JsonObject(node.Inputs.Select(input => KeyValuePair.Create(input.Key, (JsonNode?)new JsonArray([.. input.Value.Select(name => (JsonNode)name)])))),
    });

    /// <summary>Rows of what a tape has kept.</summary>
    internal static IReadOnlyList<RawOutput> RowsOf(NodeRun node, RawTape? tape, DateTimeOffset now) =>
    [
        .. (tape?.Kept ?? []).Select(raw => new RawOutput
        {
            Id = Guid.CreateVersion7(),
            TeamId = node.TeamId,
            RunId = node.RunId,
            NodeRunId = node.Id,
            Kind = raw.Kind,
            Name = raw.Name,
            Tool = raw.Tool,
            Size = raw.Blob.Size,
            BlobDigest = raw.Blob.Digest,
            Truncated = raw.Truncated,
            CreatedAt = now,
        }),
    ];

    private JoinedStream Open(List<Dataset> datasets, long from) => new([.. datasets.Select<Dataset, Func<Stream>>(d => () => blobs.OpenRead(d.BlobDigest))], from);

    private static IEnumerable<Dataset> Sources(Recipe recipe, string name, IReadOnlyList<Dataset> datasets, HashSet<string> asked)
    {
        if (datasets.FirstOrDefault(d => d.Name == name) is { } there)
        {
            return [there];
        }

        var maker = recipe.Nodes.FirstOrDefault(n => n.Outputs.Values.Contains(name, StringComparer.Ordinal));
        return maker is null || !FindingMarks.MadeBy(maker.PluginId.Split('.')[0]) || !asked.Add(name)
            ? []
            : maker.Inputs.Values.SelectMany(names => names).SelectMany(n => Sources(recipe, n, datasets, asked)).Where(d => d.Type == "findings");
    }

    private async IAsyncEnumerable<string> PlainAsync(NodeRun node, string port, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (var record in writer.StagedAsync(node.Id, node.Attempt, port, ct))
        {
            yield return record.Data;
        }
    }

    // The first record of a fingerprint is the finding, as in the merge.
    private async IAsyncEnumerable<string> CreatedAsync(NodeRun node, string port, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        await foreach (var record in writer.StagedAsync(node.Id, node.Attempt, port, ct))
        {
            if (record.Fingerprint is { } fingerprint && seen.Add(fingerprint))
            {
                yield return FindingLine.Of(fingerprint, node.PluginId, record.Data);
            }
        }
    }

    private async IAsyncEnumerable<string> PassedOnAsync(NodeRun node, IEnumerable<InputDataset> inputs, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var input in inputs.Where(i => i.Type == "findings"))
        {
            using var reader = new StreamReader(input.OpenJsonLines());
            var page = new List<(string Fingerprint, string Line)>();
            string? line;
            do
            {
                line = await reader.ReadLineAsync(ct);
                if (line is not null && FindingLine.FingerprintOf(line) is { } fingerprint && seen.Add(fingerprint))
                {
                    page.Add((fingerprint, line));
                }

                if (page.Count == LinesAtOnce || (line is null && page.Count > 0))
                {
                    var marks = await writer.StagedMarksAsync(node.Id, node.Attempt, [.. page.Select(p => p.Fingerprint)], ct);
                    foreach (var (known, text) in page)
                    {
                        yield return marks.TryGetValue(known, out var mark) ? FindingLine.Marked(text, mark) : text;
                    }

                    page.Clear();
                }
            }
            while (line is not null);
        }
    }
}
