namespace SecFlow.Execution.Workflows;

/// <summary>Every key of a recipe, by the mapping that it stands in. docs/workflows.md, the schema and the tests of effects are compared with this list.</summary>
public static class RecipeKeys
{
    internal static readonly string[] Top = ["version", "name", "description", "parameters", "inputs", "nodes", "cascades", "retry", "state"];
    internal static readonly string[] Node = ["id", "type", "workflow", "version", "config", "parameters", "inputs", "outputs", "timeout", "retry", "when", "on_failure", "foreach", "chunk"];
    internal static readonly string[] Parameter = ["type", "required", "default"];
    internal static readonly string[] Retry = ["max_attempts", "backoff_factor", "base_delay"];
    internal static readonly string[] State = ["checkpoint_interval", "resume_on_failure", "cache_intermediate"];
    internal static readonly string[] Cascade = ["workflow", "from", "when", "parameters", "min_severity", "max_runs", "max_depth"];

    /// <summary>Keys of a node with a plugin that one with a workflow does not have.</summary>
    internal static readonly string[] OfPlugin = ["type", "config", "timeout", "retry", "foreach", "chunk"];

    /// <summary>Keys of a node with a workflow that one with a plugin does not have, besides <c>workflow</c>.</summary>
    internal static readonly string[] OfWorkflow = ["version", "parameters"];

    /// <summary>All of them with their paths: <c>nodes[].foreach</c>, <c>parameters.NAME.type</c>.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        .. Top,
        .. Parameter.Select(key => $"parameters.NAME.{key}"),
        .. Node.Select(key => $"nodes[].{key}"),
        .. Retry.Select(key => $"retry.{key}"),
        .. State.Select(key => $"state.{key}"),
        .. Cascade.Select(key => $"cascades[].{key}"),
    ];
}
