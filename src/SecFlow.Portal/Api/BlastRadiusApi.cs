using SecFlow.Data.Findings;
using SecFlow.Data.Plugins;
using SecFlow.Data.Runs;
using SecFlow.Execution.Plugins;
using SecFlow.Portal.Teams;

namespace SecFlow.Portal.Api;

/// <param name="Team">Name of the team.</param>
/// <param name="Provenance">Bytes, signer, rule, policy and tools, as one line.</param>
public sealed record ApiTouchedNode(Guid RunId, string Team, string Workflow, RunStatus RunStatus, string StartedBy, string Node, NodeStatus Status, string Provenance, DateTimeOffset? StartedAt, DateTimeOffset? EndedAt);

public sealed record ApiTouchedFinding(Guid Id, string Team, string Title, Severity Severity, FindingStatus Status, string Target, DateTimeOffset LastSeenAt);

/// <param name="Action">What was done to the version: <c>approve.plugin</c>, <c>revoke.plugin</c>, <c>end.plugin</c>, ...</param>
public sealed record ApiTouchedEvent(long Seq, DateTimeOffset Time, string Actor, string Action, string Plugin, string? Code);

/// <summary>What one package, signer or key touched.</summary>
/// <param name="Of">What was asked for.</param>
/// <param name="EveryTeam">Whether every team was looked through.</param>
/// <param name="NodeCount">Node runs that began; at most 200, the newest, are listed.</param>
/// <param name="RunCount">Different runs.</param>
/// <param name="Running">Nodes that run now.</param>
/// <param name="Waiting">Nodes of accepted runs that have not begun.</param>
/// <param name="FindingCount">Findings that rest on these nodes; at most 200, the worst, are listed.</param>
/// <param name="Targets">Targets of the listed nodes.</param>
/// <param name="Hosts">Host and port that the engine reached for the listed nodes.</param>
/// <param name="Tools">Tools that they ran.</param>
/// <param name="Secrets">Names of the secrets that they were given.</param>
/// <param name="Resources">Resources that they read.</param>
/// <param name="Events">Who submitted, approved, enabled, revoked these versions.</param>
public sealed record ApiBlastRadius(
    string Of, bool EveryTeam, IReadOnlyList<ApiPlugin> Versions, int NodeCount, int RunCount, int Running, int Waiting, IReadOnlyList<ApiTouchedNode> Nodes, int FindingCount, IReadOnlyList<ApiTouchedFinding> Findings,
    IReadOnlyList<TouchedTarget> Targets, IReadOnlyList<TouchedThing> Hosts, IReadOnlyList<TouchedThing> Tools, IReadOnlyList<TouchedThing> Secrets, IReadOnlyList<TouchedThing> Resources, IReadOnlyList<ApiTouchedEvent> Events)
{
    public static ApiBlastRadius From(BlastRadius radius) => new(
        radius.Of, radius.EveryTeam, [.. radius.Traces.Versions.Select(ApiPlugin.Of)], radius.Traces.NodeCount, radius.Traces.RunCount, radius.Traces.Running, radius.Traces.Waiting,
        [.. radius.Traces.Nodes.Select(n => new ApiTouchedNode(
            n.Node.RunId, radius.Teams.GetValueOrDefault(n.TeamId, ""), n.Workflow, n.RunStatus, n.StartedBy, n.Node.NodeId, n.Node.Status, Provenance.Of(n.Node).ToString(), n.Node.StartedAt, n.Node.EndedAt))],
        radius.Findings,
        [.. radius.Traces.Findings.Select(f => new ApiTouchedFinding(f.Id, radius.Teams.GetValueOrDefault(f.TeamId, ""), f.Title, f.Severity, f.Status, f.Target, f.LastSeenAt))],
        radius.Targets, radius.Hosts, radius.Tools, radius.Secrets, radius.Resources,
        [.. radius.Traces.Events.Select(e => new ApiTouchedEvent(e.Seq, e.Time, e.ActorName, e.Action, e.ResourceName, e.ReasonCode))]);
}

/// <summary>What a package, signer or key touched.</summary>
public static class BlastRadiusApi
{
    public static void MapBlastRadius(this RouteGroupBuilder api) => api.MapGet("/blast-radius", FindAsync).WithName("findBlastRadius").Produces<ApiBlastRadius>();

    private static async Task<ApiBlastRadius> FindAsync(string? of, HttpContext context, CurrentActor actors, BlastRadiusService blasts, CancellationToken ct) =>
        ApiBlastRadius.From(await blasts.FindAsync(await actors.OfRequestAsync(context, ct), of, ct));
}
