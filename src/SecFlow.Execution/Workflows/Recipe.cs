using System.Text.Json.Nodes;
using SecFlow.Data.Findings;
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

/// <summary>A validated recipe (contracts 3), nodes in execution order, ports bound, sub-workflows expanded into their nodes.</summary>
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

    /// <summary>Datasets that a workflow which uses this one hands in: name -> type. In a run of its own they are empty.</summary>
    public IReadOnlyDictionary<string, string> Inputs { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Every dataset that its nodes make: name -> type.</summary>
    public IReadOnlyDictionary<string, string> Datasets { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Other workflows that are started from what this one discovers.</summary>
    public IReadOnlyList<Cascade> Cascades { get; init; } = [];

    /// <summary>The saved workflows that it contains, each version once; a run pins them.</summary>
    public IReadOnlyList<WorkflowPin> SubWorkflows { get; init; } = [];

    /// <summary>Levels of sub-workflows below it; 0 = none.</summary>
    public int Depth { get; init; }
}

/// <summary>One step.</summary>
/// <param name="Id">Of a node in a sub-workflow: <c>outer.inner</c>.</param>
/// <param name="Config">As written, with <c>${parameters.NAME}</c> in it; <see cref="ConfigFor"/> fills them.</param>
/// <param name="Inputs">Plugin port -> names of earlier outputs, read one after the other.</param>
/// <param name="Outputs">Plugin port -> dataset name.</param>
/// <param name="When">Its conditions in words; <see cref="Conditions"/> decides.</param>
/// <param name="OnFailure">What its failure means for the whole run.</param>
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
    OnFailure OnFailure)
{
    /// <summary>All of them must hold, or the node is skipped.</summary>
    public IReadOnlyList<BoundCondition> Conditions { get; init; } = [];

    /// <summary>The input that it is given chunk by chunk; null = whole datasets at once.</summary>
    public ForEach? ForEach { get; init; }

    /// <summary>The sub-workflow that it stands in; null for a node of the recipe itself.</summary>
    public SubWorkflow? Inside { get; init; }

    /// <summary>The node id of the sub-workflow whose other nodes are skipped when this one fails, although the run goes on; null = none.</summary>
    public string? StopsOnly { get; init; }

    /// <summary>The parameters that this node sees: the run's, or those that its sub-workflow was given.</summary>
    /// <param name="run">What the run pinned.</param>
    /// <param name="firstTarget">Value of the run's first target.</param>
    public JsonObject ParametersFor(JsonObject run, string? firstTarget) => Inside?.Values(run, firstTarget) ?? run;

    /// <summary>A copy of <c>config</c> with the parameters filled in; what a parameter without a value stands for is left out.</summary>
    public JsonObject ConfigFor(JsonObject run, string? firstTarget) => Placeholders.Fill(Config, ParametersFor(run, firstTarget));

    /// <summary>The first of its conditions that does not hold, in words; null = it may begin.</summary>
    /// <param name="counts">Records by dataset name; one that is not there counts 0.</param>
    /// <param name="run">What the run pinned.</param>
    /// <param name="firstTarget">Value of the run's first target.</param>
    public string? FailingCondition(IReadOnlyDictionary<string, int> counts, JsonObject run, string? firstTarget) =>
        Conditions.FirstOrDefault(c => !c.Holds(counts, run, firstTarget))?.Text;
}

/// <summary><c>foreach</c> with <c>chunk</c>: the records of one input port, read one dataset after the other, are handed over in chunks; the other ports whole with each chunk.</summary>
/// <param name="Port">The input port.</param>
/// <param name="Chunk">Records in a chunk, 1 to <see cref="MostPerChunk"/>.</param>
public sealed record ForEach(string Port, int Chunk)
{
    public const int DefaultChunk = 50;
    public const int MostPerChunk = 10_000;
}

/// <summary>An element of <c>cascades</c>: when the run has ended, another workflow of the team is started on the approved targets that a dataset names, one run for each.</summary>
/// <param name="Workflow">Name of the saved workflow; its newest version is started.</param>
/// <param name="From">The dataset.</param>
/// <param name="FromType"><c>hosts</c>, <c>urls</c>, <c>services</c> or <c>findings</c>.</param>
/// <param name="When">Null = always.</param>
/// <param name="Parameters">Given to the started run, with <c>${parameters.NAME}</c> of this one in it.</param>
/// <param name="MinSeverity">Of findings: only those at or above it; null = all.</param>
/// <param name="MaxRuns">At most so many runs are started, 1 to <see cref="MostRuns"/>.</param>
/// <param name="MaxDepth">A run that was itself started by a cascade of this depth starts no further one, 1 to <see cref="MostDepth"/>.</param>
public sealed record Cascade(string Workflow, string From, string FromType, BoundCondition? When, JsonObject Parameters, Severity? MinSeverity, int MaxRuns, int MaxDepth)
{
    public const int DefaultRuns = 10;
    public const int MostRuns = 100;
    public const int DefaultDepth = 1;
    public const int MostDepth = 5;

    /// <summary>Datasets of these types name places that may be targets.</summary>
    public static readonly IReadOnlyList<string> Types = ["hosts", "urls", "services", "findings"];

    /// <summary>The parameters of a run that it starts.</summary>
    public JsonObject ParametersFor(JsonObject run) => Placeholders.Fill(Parameters, run);
}

/// <summary>A version of a saved workflow that a recipe contains.</summary>
/// <param name="Name">As the recipe names it.</param>
/// <param name="Asked">The version that the recipe asks for; null = the newest.</param>
/// <param name="VersionId">Which version that was when the run was accepted.</param>
/// <param name="Version">Its number.</param>
public sealed record WorkflowPin(string Name, int? Asked, Guid VersionId, int Version);

/// <summary>The place of a node in a sub-workflow.</summary>
/// <param name="NodeId">Id of the node that stands for the sub-workflow, as <c>outer</c> or <c>outer.inner</c>.</param>
/// <param name="Pin">Which workflow.</param>
/// <param name="Parameters">What it declares.</param>
/// <param name="Given">What it was given, with <c>${parameters.NAME}</c> of the workflow around it.</param>
/// <param name="Outer">The sub-workflow around it; null = the recipe itself.</param>
public sealed record SubWorkflow(string NodeId, WorkflowPin Pin, IReadOnlyList<RecipeParameter> Parameters, JsonObject Given, SubWorkflow? Outer)
{
    /// <summary>Levels that may stand in each other.</summary>
    public const int MostDepth = 3;

    /// <summary>Its parameters in a run. Throws SF1014 for a value that does not fit, which the start of the run asks before.</summary>
    public JsonObject Values(JsonObject run, string? firstTarget) =>
        RecipeParameters.Resolve(Parameters, Placeholders.Fill(Given, Outer?.Values(run, firstTarget) ?? run), firstTarget);
}
