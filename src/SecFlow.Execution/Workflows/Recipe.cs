using System.Text.Json.Nodes;
using SecFlow.Execution.Diagnostics;

namespace SecFlow.Execution.Workflows;

public enum OnFailure
{
    Stop,
    Continue,
    SkipDependents,
}

public sealed record RetryPolicy(int MaxAttempts, double BackoffFactor, double BaseDelaySeconds)
{
    /// <summary>One attempt. A recipe without <c>retry</c> retries nothing.</summary>
    public static readonly RetryPolicy None = new(1, 2.0, 5.0);
}

public sealed record StatePolicy(int CheckpointIntervalSeconds, bool ResumeOnFailure, bool CacheIntermediate);

public sealed record RecipeParameter(string Name, string Type, bool Required, JsonNode? Default);

/// <summary>A validated recipe (contracts 3), nodes in execution order, ports bound.</summary>
public sealed record Recipe(
    string Version,
    string Name,
    string Description,
    IReadOnlyList<RecipeParameter> Parameters,
    IReadOnlyList<RecipeNode> Nodes,
    RetryPolicy Retry,
    StatePolicy State)
{
    /// <summary>What its author should know although nothing is wrong (SF1016).</summary>
    public IReadOnlyList<Diagnostic> Notes { get; init; } = [];
}

/// <summary>One step.</summary>
/// <param name="Inputs">Plugin port -> names of earlier outputs, read one after the other.</param>
/// <param name="Outputs">Plugin port -> dataset name.</param>
public sealed record RecipeNode(
    string Id,
    string Type,
    string PluginId,
    string PluginVersion,
    string PluginDigest,
    JsonObject Config,
    IReadOnlyDictionary<string, IReadOnlyList<string>> Inputs,
    IReadOnlyDictionary<string, string> Outputs,
    TimeSpan Timeout,
    RetryPolicy Retry,
    string? When,
    OnFailure OnFailure);
