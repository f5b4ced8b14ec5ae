using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Sandboxing;
using SecFlow.Execution.Sandboxing.Network;
using SecFlow.Execution.Targets;
using SecFlow.Execution.Tools;
using SecFlow.Execution.Workflows;

namespace SecFlow.Execution.Plans;

/// <summary>What a run would do, asked of the code that decides about it. No request was sent and no tool was started for it.</summary>
public sealed record RunPlan
{
    /// <summary>Name of the workflow.</summary>
    public required string Workflow { get; init; }

    /// <summary>Saved version; null for a text that is not saved.</summary>
    public int? Version { get; init; }

    public required DateTimeOffset At { get; init; }

    public required IReadOnlyList<PlannedTarget> Targets { get; init; }

    /// <summary>In execution order.</summary>
    public required IReadOnlyList<PlannedNode> Nodes { get; init; }

    /// <summary>What confines plugins here; null where another machine executes.</summary>
    public SandboxLevel? Level { get; init; }

    public string PolicyRevision { get; init; } = "";

    /// <summary>What it would start when it has ended; on which targets is known then.</summary>
    public IReadOnlyList<Cascade> Cascades { get; init; } = [];

    /// <summary>Examples of what lies outside the scope.</summary>
    public IReadOnlyList<PlannedRefusal> Outside { get; init; } = [];

    /// <summary>True when it could be started now and reach its targets.</summary>
    public bool Allowed => Targets.All(target => target.Refusal is null) && Nodes.All(node => node.Refusal is null);

    /// <summary>Everything that would be refused: targets first, then the nodes in their order.</summary>
    public IReadOnlyList<PlannedRefusal> Refusals =>
    [
        .. Targets.Where(target => target.Refusal is not null).Select(target => new PlannedRefusal($"target {target.Target.Name}", target.Refusal!)),
        .. Nodes.SelectMany(node => node.Refusals),
    ];

    /// <summary>Sum of what the nodes are expected to take. With nodes that have no history it is an upper bound.</summary>
    public ExpectedDuration Expected
    {
        get
        {
            var nodes = Nodes.Where(node => node.Runs != PlannedStart.No).Select(node => node.Expected).ToList();
            return new ExpectedDuration(TimeSpan.FromTicks(nodes.Sum(e => e.Time.Ticks)), nodes.Count == 0 ? 0 : nodes.Min(e => e.BasedOn));
        }
    }
}

/// <summary>Something that would be refused, with code, rule and remedy.</summary>
/// <param name="What">What is refused: a target, the start of a node, one call.</param>
public sealed record PlannedRefusal(string What, Diagnostic Refusal)
{
    /// <summary>How often, as far as the plan followed.</summary>
    public int Count { get; init; } = 1;
}

/// <summary>A target as the run would pin it.</summary>
/// <param name="Target">What is approved.</param>
/// <param name="Addresses">What it resolves to now. Empty for networks and folders, and for a name that does not resolve: it would be "not assessed".</param>
/// <param name="Refusal">Why it would not be reached; null = it would.</param>
public sealed record PlannedTarget(ScopedTarget Target, IReadOnlyList<PinnedAddress> Addresses, Diagnostic? Refusal)
{
    /// <summary>False when it has a name that does not resolve now.</summary>
    public bool Resolves => Addresses.Count > 0 || Target.Kind is not (Data.Targets.TargetKind.Url or Data.Targets.TargetKind.Host);
}

/// <summary>Whether a node would begin.</summary>
public enum PlannedStart
{
    Yes,

    /// <summary>Its condition looks at the outputs of earlier nodes.</summary>
    Depends,

    /// <summary>Its condition does not hold.</summary>
    No,
}

/// <summary>What a planned call rests on.</summary>
public enum CallBasis
{
    /// <summary>Configuration, parameters and targets alone: the run makes exactly this call.</summary>
    Known,

    /// <summary>It came after an answer, and answers are empty in a plan.</summary>
    Answers,

    /// <summary>The node reads outputs of earlier nodes, which are not known before the run.</summary>
    EarlierOutputs,
}

/// <summary>A request of <c>ctx.http</c> (method and url) or of <c>ctx.tls</c> (method <c>TLS</c>).</summary>
public sealed record PlannedRequest(string Method, string Url, CallBasis Basis);

/// <summary>A call of <c>ctx.tool</c> with its exact arguments; the value of a secret stands there as <c>{secret NAME}</c>.</summary>
public sealed record PlannedToolCall(string Tool, IReadOnlyList<string> Arguments, CallBasis Basis)
{
    /// <summary>Names of the files that it finds below <c>/in</c>.</summary>
    public IReadOnlyList<string> Inputs { get; init; } = [];

    /// <summary>Whether it is given something on stdin.</summary>
    public bool Stdin { get; init; }

    /// <summary>For people: quoted as a shell would take it. A run hands the list over; there is no shell.</summary>
    public string Line => string.Join(' ', Arguments.Prepend(Tool).Select(Quoted));

    private static string Quoted(string word) => word.Length > 0 && word.All(c => char.IsAsciiLetterOrDigit(c) || "-_./:=,@%+".Contains(c, StringComparison.Ordinal))
        ? word
        : $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}

/// <summary>A tool that the plugin declares, as it is on this machine.</summary>
/// <param name="Declared">Name and lowest version.</param>
/// <param name="State">What is there, and why it could not be started: missing, too old, changed.</param>
public sealed record PlannedTool(PluginTool Declared, ToolState State);

/// <summary>Calls of one kind: how many, and the first of them.</summary>
public sealed record PlannedCalls<T>(int Count, IReadOnlyList<T> First);

/// <summary>How long something is expected to take.</summary>
/// <param name="Time">Median of the last runs, else the declared limit.</param>
/// <param name="BasedOn">Comparable runs that it is the median of; 0 = there is none, and it is the declared upper bound.</param>
public sealed record ExpectedDuration(TimeSpan Time, int BasedOn);

/// <summary>How far the node's script was followed.</summary>
public enum Followed
{
    /// <summary>To its end.</summary>
    Whole,

    /// <summary>Up to a bound of the plan.</summary>
    Cut,

    /// <summary>It failed or reached a limit of its own.</summary>
    Failed,

    /// <summary>Not at all: it is refused, or its condition does not hold.</summary>
    Not,
}

/// <summary>One node of a plan: which bytes would run, signed by whom, within which limits, what they would ask for, and what would be refused.</summary>
public sealed record PlannedNode
{
    public required string NodeId { get; init; }

    /// <summary>The plugin that would be taken now.</summary>
    public required InstalledPlugin Plugin { get; init; }

    public required string? Signer { get; init; }

    public required string? TrustRule { get; init; }

    public PlannedStart Runs { get; init; }

    /// <summary>The condition as written; null = always.</summary>
    public string? When { get; init; }

    /// <summary>Names of the earlier outputs that it reads.</summary>
    public IReadOnlyList<string> Inputs { get; init; } = [];

    /// <summary>The input that it is given in chunks; null = whole.</summary>
    public ForEach? ForEach { get; init; }

    /// <summary>The saved workflow that it comes from; null = the recipe itself.</summary>
    public WorkflowPin? From { get; init; }

    /// <summary>How often it is tried.</summary>
    public RetryPolicy Retry { get; init; } = RetryPolicy.None;

    /// <summary>Wall time of the node, or of each chunk.</summary>
    public required TimeSpan Timeout { get; init; }

    /// <summary>What the plugin host is held to.</summary>
    public required PlannedLimits Limits { get; init; }

    public required ExpectedDuration Expected { get; init; }

    /// <summary>Whom its tools and requests may reach; null = nobody.</summary>
    public PlannedNetwork? Network { get; init; }

    public PlannedCalls<PlannedRequest> Http { get; init; } = new(0, []);

    public PlannedCalls<PlannedRequest> Tls { get; init; } = new(0, []);

    public PlannedCalls<PlannedToolCall> ToolCalls { get; init; } = new(0, []);

    /// <summary>The tools that it declares.</summary>
    public IReadOnlyList<PlannedTool> Tools { get; init; } = [];

    /// <summary>Names of the secrets that it reads; their values play no part.</summary>
    public IReadOnlyList<string> Secrets { get; init; } = [];

    /// <summary>What it reads; a resource never leaves the engine, so that it is read in a plan as well.</summary>
    public IReadOnlyList<UsedResource> Resources { get; init; } = [];

    public Followed Followed { get; init; }

    /// <summary>Why it was not followed to its end; null when it was.</summary>
    public string? FollowedWhy { get; init; }

    /// <summary>Targets that the plugin says are not for it, with its reason.</summary>
    public IReadOnlyList<string> Misused { get; init; } = [];

    /// <summary>Why the node would not begin; null = it would.</summary>
    public Diagnostic? Refusal { get; init; }

    /// <summary>Calls that would be refused.</summary>
    public IReadOnlyList<PlannedRefusal> RefusedCalls { get; init; } = [];

    /// <summary>The start and the calls.</summary>
    public IReadOnlyList<PlannedRefusal> Refusals => Refusal is { } refusal ? [new PlannedRefusal($"node {NodeId}", refusal), .. RefusedCalls] : RefusedCalls;

    /// <summary>What its calls rest on: the weakest of them.</summary>
    public CallBasis Basis => Inputs.Count > 0 ? CallBasis.EarlierOutputs : Http.Count + Tls.Count + ToolCalls.Count > 1 ? CallBasis.Answers : CallBasis.Known;
}

/// <summary>Limits of a node's plugin host.</summary>
/// <param name="Statements">Of one call of the script.</param>
/// <param name="CallTime">Processor time of one call of the script.</param>
/// <param name="Cpu">Processor time of all calls.</param>
/// <param name="HeapBytes">Managed memory.</param>
/// <param name="Tool">Of each invocation of a tool; null when none is declared.</param>
public sealed record PlannedLimits(long Statements, TimeSpan CallTime, TimeSpan Cpu, long HeapBytes, ToolLimits? Tool)
{
    internal static PlannedLimits Of(PluginManifest manifest)
    {
        var limits = SessionLimits.For(manifest);
        return new(
            limits.Host.Statements, TimeSpan.FromMilliseconds(limits.Host.CallbackMilliseconds), TimeSpan.FromSeconds(limits.CpuSeconds), limits.HeapBytes,
            manifest.Tools.Count == 0 ? null : ToolLimits.For(manifest.ToolLimits));
    }
}

/// <summary>What the sandbox of a node lets through.</summary>
/// <param name="Access">The declared permission, such as <c>targets</c>.</param>
/// <param name="Plan">The addresses and ports, and the names that are answered.</param>
public sealed record PlannedNetwork(string Access, NetworkPlan Plan);
