using System.Text.Json.Nodes;
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
    StatePolicy State);

/// <summary>One node as written. Input and output entries keep their place for messages.</summary>
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
    OnFailure OnFailure);

/// <summary>A list of dataset names, or port -> dataset name.</summary>
internal sealed record PortDraft(bool ByPort, IReadOnlyList<PortEntry> Entries);

internal sealed record PortEntry(string? Port, string Dataset, Mark At, string Path);
