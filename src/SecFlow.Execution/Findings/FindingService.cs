using System.Text.Json.Nodes;
using SecFlow.Data.Audit;
using SecFlow.Data.Findings;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Teams;

namespace SecFlow.Execution.Findings;

/// <summary>What is asked of the findings list; every part is applied in the database.</summary>
public sealed record FindingQuery
{
    public IReadOnlyList<Severity> Severities { get; init; } = [];

    public IReadOnlyList<FindingStatus> Statuses { get; init; } = [];

    public Guid? TargetId { get; init; }

    public Guid? RunId { get; init; }

    /// <summary>With <see cref="RunId"/>: the findings that a filter hid in that run, instead of the others.</summary>
    public bool Hidden { get; init; }

    public string? PluginId { get; init; }

    /// <summary>Part of title, location or rule id.</summary>
    public string? Text { get; init; }

    /// <summary><c>severity</c> (default), <c>lastSeen</c>, <c>firstSeen</c>, <c>title</c>; a leading <c>-</c> turns it round.</summary>
    public string Sort { get; init; } = "severity";

    public int Skip { get; init; }

    /// <summary>1..200.</summary>
    public int Take { get; init; } = 50;
}

/// <summary>One page and the number of all rows that match.</summary>
public sealed record FindingPage(IReadOnlyList<Finding> Rows, int Total)
{
    /// <summary>By finding, of a page of hidden ones: why.</summary>
    public IReadOnlyDictionary<Guid, string> HiddenReasons { get; init; } = new Dictionary<Guid, string>();
}

public sealed record FindingDetail(Finding Finding, IReadOnlyList<Occurrence> Occurrences, IReadOnlyList<FindingChange> Changes);

/// <summary>Counts for the facets and the overview.</summary>
public sealed record FindingCounts(IReadOnlyDictionary<Severity, int> OpenBySeverity, IReadOnlyDictionary<FindingStatus, int> ByStatus);

/// <summary>Findings of the actor's team.</summary>
public sealed class FindingService(FindingStore findings, Access access)
{
    private static readonly Dictionary<string, FindingOrder> _orders = new(StringComparer.OrdinalIgnoreCase)
    {
        ["severity"] = FindingOrder.Severity,
        ["lastSeen"] = FindingOrder.LastSeen,
        ["firstSeen"] = FindingOrder.FirstSeen,
        ["title"] = FindingOrder.Title,
    };

    /// <summary>One page. Throws SF1501 for an order that is not known or a page outside 1..200.</summary>
    public async Task<FindingPage> ListAsync(Actor actor, FindingQuery query, CancellationToken ct)
    {
        await access.RequireAsync(actor, Permission.ReadFindings, null, "findings", ct);
        if (!_orders.TryGetValue(query.Sort.TrimStart('-'), out var order))
        {
            throw new SecFlowException(Codes.RequestInvalid, $"Findings cannot be sorted by '{query.Sort}'. Known: {string.Join(", ", _orders.Keys)}, each with a leading '-' to turn it round.");
        }

        if (query.Hidden && query.RunId is null)
        {
            throw new SecFlowException(Codes.RequestInvalid, "Findings are hidden in a run: name the run as well.");
        }

        if (query.Take is < 1 or > 200 || query.Skip < 0)
        {
            throw new SecFlowException(Codes.RequestInvalid, $"A page has 1 to 200 findings and starts at 0 or later; asked for {query.Take} from {query.Skip}.");
        }

        var filter = new FindingFilter(actor.TeamId)
        {
            Severities = query.Severities,
            Statuses = query.Statuses,
            TargetId = query.TargetId,
            RunId = query.RunId,
            Hidden = query.Hidden,
            PluginId = query.PluginId,
            Text = query.Text,
        };
        var (rows, total) = await findings.ListAsync(filter, order, query.Sort.StartsWith('-'), query.Skip, query.Take, ct);
        return new FindingPage(rows, total)
        {
            HiddenReasons = query is { Hidden: true, RunId: { } run } ? await findings.HiddenReasonsAsync(run, [.. rows.Select(r => r.Id)], ct) : new Dictionary<Guid, string>(),
        };
    }

    public async Task<FindingDetail> GetAsync(Actor actor, Guid findingId, CancellationToken ct)
    {
        var finding = await FindAsync(actor, Permission.ReadFindings, findingId, ct);
        var (occurrences, changes) = await findings.HistoryAsync(findingId, ct);
        return new FindingDetail(finding, occurrences, changes);
    }

    public async Task<FindingCounts> CountAsync(Actor actor, CancellationToken ct)
    {
        await access.RequireAsync(actor, Permission.ReadFindings, null, "findings", ct);
        var (open, status) = await findings.CountAsync(actor.TeamId, ct);
        return new FindingCounts(open, status);
    }

    /// <summary>Changes the status with a reason (1..500 characters); audited and kept as a <see cref="FindingChange"/>.</summary>
    public async Task<Finding> SetStatusAsync(Actor actor, Guid findingId, FindingStatus status, string reason, CancellationToken ct)
    {
        var finding = await FindAsync(actor, Permission.TriageFindings, findingId, ct);
        if (string.IsNullOrWhiteSpace(reason) || reason.Length > 500)
        {
            throw new SecFlowException(Codes.RequestInvalid, $"A change of status needs a reason of 1 to 500 characters; found {reason?.Length ?? 0}.");
        }

        return await findings.SetStatusAsync(
            finding.Id,
            status,
            actor.Name,
            reason.Trim(),
            (row, before) => new AuditEntry(actor, "triage.finding", "finding", row.Id.ToString(), row.Title)
            {
                Before = new JsonObject { ["status"] = before.ToString() },
                After = new JsonObject { ["status"] = status.ToString() },
                Details = new JsonObject { ["reason"] = reason.Trim() },
            },
            ct);
    }

    private async Task<Finding> FindAsync(Actor actor, Permission permission, Guid findingId, CancellationToken ct)
    {
        var finding = await findings.FindAsync(findingId, ct);
        await access.RequireAsync(actor, permission, finding?.TeamId, $"finding/{findingId}", ct);
        return finding ?? throw new SecFlowException(Codes.NotFound, $"There is no finding {findingId}.");
    }
}
