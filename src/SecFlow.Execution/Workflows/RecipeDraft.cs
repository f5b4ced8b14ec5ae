using System.Text.Json.Nodes;
using SecFlow.Data.Findings;
using SecFlow.Execution.Yaml;
using YamlDotNet.Core;

namespace SecFlow.Execution.Workflows;

/// <summary>A recipe whose words are right and whose meaning is not checked yet.</summary>
internal sealed record RecipeDraft(
    string Version,
    string Name,
    string Description,
    IReadOnlyList<RecipeParameter> Parameters,
    IReadOnlyList<NodeDraft> Nodes,
    RetryPolicy Retry,
    StatePolicy State,
    IReadOnlyDictionary<string, string> Inputs,
    IReadOnlyList<CascadeDraft> Cascades);

/// <summary>One node as written. Input and output entries keep their place for messages. <paramref name="Type"/> is empty for a sub-workflow.</summary>
internal sealed record NodeDraft(
    YamlFields Fields,
    string Id,
    string Type,
    JsonObject Config,
    PortDraft? Inputs,
    PortDraft? Outputs,
    TimeSpan Timeout,
    RetryPolicy Retry,
    string? When,
    OnFailure OnFailure)
{
    /// <summary>The dataset or input port of <c>foreach</c>.</summary>
    public string? ForEach { get; init; }

    public int Chunk { get; init; } = Workflows.ForEach.DefaultChunk;

    /// <summary>Name of the saved workflow that stands for this node; null = a plugin.</summary>
    public string? Workflow { get; init; }

    public int? WorkflowVersion { get; init; }

    /// <summary>What the sub-workflow is given.</summary>
    public JsonObject Parameters { get; init; } = [];
}

/// <summary>One element of <c>cascades</c> as written.</summary>
internal sealed record CascadeDraft(YamlFields Fields, string Workflow, string From, string? When, JsonObject Parameters, Severity? MinSeverity, int MaxRuns, int MaxDepth);

/// <summary>A list of dataset names, or port -> dataset name.</summary>
internal sealed record PortDraft(bool ByPort, IReadOnlyList<PortEntry> Entries);

internal sealed record PortEntry(string? Port, string Dataset, Mark At, string Path);
