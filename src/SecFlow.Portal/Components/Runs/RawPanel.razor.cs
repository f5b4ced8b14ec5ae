using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Components;
using SecFlow.Data.Audit;
using SecFlow.Data.Plugins;
using SecFlow.Data.Runs;
using SecFlow.Execution.Runs;
using SecFlow.Execution.Runs.Raw;

namespace SecFlow.Portal.Components.Runs;

/// <summary>What the nodes of a run kept, reading it again with another version of the plugin, and what that changed.</summary>
public sealed partial class RawPanel
{
    private List<NodeOutputs>? _nodes;
    private IReadOnlyList<Reparse> _reparses = [];
    private string? _reading;

    [Parameter, EditorRequired]
    public Guid RunId { get; set; }

    /// <summary>Nodes that have ended: what is kept changes with them.</summary>
    [Parameter]
    public int Ended { get; set; }

    [Inject]
    public ReparseService Raw { get; set; } = null!;

    [Inject]
    public RunService Runs { get; set; } = null!;

    protected override object? Key => (RunId, Ended);

    protected override async Task LoadAsync(Actor actor)
    {
        var outputs = (await Raw.OutputsAsync(actor, RunId, Left)).ToLookup(output => output.NodeRunId);
        var nodes = new List<NodeOutputs>();
        foreach (var node in (await Runs.GetAsync(actor, RunId, Left)).Nodes.OrderBy(n => n.Ordinal).Where(n => outputs.Contains(n.Id)))
        {
            var versions = await Raw.VersionsAsync(actor, RunId, node.NodeId, Left);
            nodes.Add(new NodeOutputs(node, [.. outputs[node.Id]], versions) { Chosen = versions.Count > 0 ? versions[0].Digest : "" });
        }

        _reparses = await Raw.ListAsync(actor, RunId, Left);
        _nodes = nodes;
    }

    private async Task ReadAgainAsync(NodeOutputs node)
    {
        _reading = node.Node.NodeId;
        await GuardAsync(async actor =>
        {
            await Raw.ReparseAsync(actor, RunId, node.Node.NodeId, node.Chosen, Left);
            _reparses = await Raw.ListAsync(actor, RunId, Left);
        });
        _reading = null;
    }

    private static string Kind(RawOutput output) => output.Kind switch
    {
        RawOutputKind.Calls => "requests and answers, one a line",
        RawOutputKind.Stdout => $"{output.Tool}: standard output",
        RawOutputKind.Stderr => $"{output.Tool}: standard error",
        _ => $"{output.Tool}: file",
    };

    private static string Sentence(Reparse reparse) =>
        reparse.Added + reparse.Changed + reparse.Gone == 0
            ? $"Nothing is different: {Marks.Words.Count(reparse.Same, "finding")} as before."
            : $"{reparse.Added} new, {reparse.Changed} described differently, {reparse.Gone} not reported any more, {reparse.Same} as before.";

    private static IReadOnlyList<string> Texts(string json) => JsonSerializer.Deserialize<List<string>>(json) ?? [];

    private static IReadOnlyList<Told> Changes(Reparse reparse) =>
    [
        .. JsonNode.Parse(reparse.Changes)!.AsArray().OfType<JsonObject>().Select(change => new Told(
            (string)change["change"]! switch { "added" => "new", "gone" => "not reported", _ => "changed" },
            (string)change["fingerprint"]!,
            (string?)change["title"] ?? "",
            (string?)change["severity"] ?? "",
            (string?)change["location"] ?? "",
            [.. (change["was"] as JsonObject ?? []).Select(was => $"{was.Key} was {(string?)was.Value ?? "not there"}")])),
    ];

    private sealed record Told(string Change, string Fingerprint, string Title, string Severity, string Location, IReadOnlyList<string> Was);

    private sealed record NodeOutputs(NodeRun Node, IReadOnlyList<RawOutput> Outputs, IReadOnlyList<PluginVersion> Versions)
    {
        public string Chosen { get; set; } = "";
    }
}
