using System.Text.Json;
using SecFlow.Data.Audit;
using SecFlow.Data.Findings;
using SecFlow.Data.Plugins;
using SecFlow.Data.Teams;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Runs;
using SecFlow.Execution.Targets;
using SecFlow.Execution.Teams;

namespace SecFlow.Execution.Plugins;

/// <summary>A target of a run in which the package worked, and in how many of its nodes.</summary>
public sealed record TouchedTarget(Guid Id, string Name, string Value, int Nodes);

/// <summary>Something that was used through the engine, and how often: a host that was reached, a tool, a secret by name, a resource.</summary>
public sealed record TouchedThing(string Name, int Uses);

/// <summary>What one package, signer or key touched.</summary>
/// <param name="Of">What was asked for.</param>
/// <param name="EveryTeam">True when the traces of every team were looked through.</param>
/// <param name="Traces">Runs, findings and events, as stored.</param>
/// <param name="Targets">Of the listed nodes, the most often touched first.</param>
/// <param name="Hosts">Host and port that the engine reached for it.</param>
/// <param name="Tools">Tools that it ran.</param>
/// <param name="Secrets">Names of the secrets that it was given.</param>
/// <param name="Resources">Resources that it read.</param>
/// <param name="Teams">Names of the teams, by id.</param>
public sealed record BlastRadius(
    string Of, bool EveryTeam, BlastTraces Traces, IReadOnlyList<TouchedTarget> Targets, IReadOnlyList<TouchedThing> Hosts, IReadOnlyList<TouchedThing> Tools, IReadOnlyList<TouchedThing> Secrets,
    IReadOnlyList<TouchedThing> Resources, IReadOnlyDictionary<Guid, string> Teams)
{
    public int Findings => Traces.FindingCounts.Values.Sum();

    public bool Nothing => Traces.Versions.Count == 0 && Traces.NodeCount == 0 && Traces.Waiting == 0;
}

/// <summary>
/// Answers, when a package turned out to be bad or a key was stolen: what did it touch?
/// 1. An admin of a team sees his team; an administrator of the installation every team.
/// 2. It rests on what was recorded when it happened (node runs, occurrences, audit events), never on what is installed now.
/// 3. Each question is an audit event.
/// </summary>
public sealed class BlastRadiusService(BlastRadiusStore store, TeamStore teams, Access access, AuditLog audit)
{
    public const int MostText = 500;

    /// <summary>Throws SF1501 for an empty or too long question, SF3001 and SF3010 for who may not read the audit log.</summary>
    public async Task<BlastRadius> FindAsync(Actor actor, string? of, CancellationToken ct)
    {
        await access.RequireAsync(actor, Permission.ReadAudit, null, "blast-radius", ct);
        var text = of?.Trim() ?? "";
        if (text.Length is 0 or > MostText)
        {
            throw new SecFlowException(Codes.RequestInvalid, $"of: 1 to {MostText} characters were expected: a package digest or key fingerprint (sha256:...), a signer as it is shown, the name of a key, or the identity of a certificate.");
        }

        var query = new BlastQuery(actor.OfInstallation ? null : actor.TeamId, text);
        var traces = await store.FindAsync(query, ct);
        await audit.AppendAsync(new AuditEntry(actor, "view.blast-radius", "plugin", text.Length > 256 ? text[..256] : text, $"{traces.NodeCount} nodes of {traces.RunCount} runs"), ct);
        var uses = traces.Uses.Select(Details).ToList();
        return new BlastRadius(
            text, actor.OfInstallation, traces, Targets(traces), Things(uses, "http", "tls"), Things(uses, "tool"), Things(uses, "secret"), Things(uses, "resource"),
            (await teams.ListAllAsync(ct)).ToDictionary(t => t.Id, t => t.Name));
    }

    private static List<TouchedTarget> Targets(BlastTraces traces) =>
        [.. traces.Nodes.SelectMany(n => RunContext.ReadTargets(n.Targets)).GroupBy(t => t.Id).Select(g => new TouchedTarget(g.Key, g.First().Name, g.First().Value, g.Count())).OrderByDescending(t => t.Nodes).ThenBy(t => t.Name, StringComparer.Ordinal)];

    /// <summary>The details of an event <c>use.broker</c>: <c>{http: {uses, of: {host: n}}, tool: {...}, ...}</c>.</summary>
    private static JsonElement Details(byte[] canonical)
    {
        using var json = JsonDocument.Parse(canonical);
        return json.RootElement.TryGetProperty("details", out var details) ? details.Clone() : default;
    }

    private static List<TouchedThing> Things(IReadOnlyList<JsonElement> uses, params string[] kinds)
    {
        var things = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var of in from use in uses where use.ValueKind == JsonValueKind.Object from kind in kinds where use.TryGetProperty(kind, out _) select use.GetProperty(kind).GetProperty("of"))
        {
            foreach (var one in of.EnumerateObject())
            {
                things[one.Name] = things.GetValueOrDefault(one.Name) + one.Value.GetInt32();
            }
        }

        return [.. things.Select(t => new TouchedThing(t.Key, t.Value)).OrderByDescending(t => t.Uses).ThenBy(t => t.Name, StringComparer.Ordinal)];
    }
}
