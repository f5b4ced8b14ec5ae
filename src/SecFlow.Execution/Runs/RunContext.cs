using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using SecFlow.Data.Audit;
using SecFlow.Data.Runs;
using SecFlow.Data.Teams;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Targets;
using SecFlow.Execution.Workflows;

namespace SecFlow.Execution.Runs;

/// <summary>A claimed run with everything that its nodes need.</summary>
public sealed record RunContext(RunLease Lease, Run Run, Recipe Recipe, IReadOnlyList<ScopedTarget> Targets, RunJournal Journal, RunStop Stop)
{
    /// <summary>Plugin hosts that serve several nodes of this run; null where scripted plugins stand in.</summary>
    public RunHosts? Hosts { get; init; }

    private static readonly JsonSerializerOptions _json = new(JsonSerializerDefaults.Web) { Converters = { new JsonStringEnumConverter() } };

    /// <summary>On whose authority the nodes act: the engine, for the run's team.</summary>
    public Actor Actor { get; } = new(ActorKind.System, "engine", "engine", Run.TeamId, TeamRole.Analyst);

    /// <summary>What a parameter named <c>target</c> stands for when it was not given.</summary>
    public string? FirstTarget => Targets.Count > 0 ? Targets[0].Value : null;

    public JsonObject Parameters { get; } = (JsonObject)JsonNode.Parse(Run.Parameters)!;

    public static string WriteTargets(IReadOnlyList<ScopedTarget> targets) => JsonSerializer.Serialize(targets, _json);

    public static string WritePins(IReadOnlyList<WorkflowPin> pins) => JsonSerializer.Serialize(pins, _json);

    public static IReadOnlyList<WorkflowPin> ReadPins(string json) => json.Length == 0 ? [] : JsonSerializer.Deserialize<List<WorkflowPin>>(json, _json) ?? [];

    public static IReadOnlyList<ScopedTarget> ReadTargets(string json) => JsonSerializer.Deserialize<List<ScopedTarget>>(json, _json) ?? [];
}
