using System.Text.Json;
using System.Text.Json.Nodes;
using SecFlow.Data.Findings;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Findings;
using SecFlow.Portal.Teams;

namespace SecFlow.Portal.Api;

/// <summary>A finding as the API shows it. <see cref="Record"/> is the author-set part (contracts 9), only in the detail.</summary>
public sealed record ApiFinding(
    Guid Id, string Fingerprint, string RuleId, string Title, Severity Severity, int Confidence, string Location, FindingStatus Status, Guid TargetId, string Target, string Plugin, string PluginVersion,
    string PluginDigest, string Signer, string TrustRule, string Tool, string ToolVersion, string PolicyRevision, string TrustRoot, string Provenance, Guid FirstRunId, Guid LastRunId, DateTimeOffset FirstSeenAt, DateTimeOffset LastSeenAt, double? Risk, string? Assignee, string? TraceId)
{
    public JsonNode? Record { get; init; }

    /// <summary>Why a filter hid it in the run that was asked for; absent otherwise.</summary>
    public string? HiddenReason { get; init; }

    public static ApiFinding Of(Finding finding) => new(
        finding.Id, finding.Fingerprint, finding.RuleId, finding.Title, finding.Severity, finding.Confidence, finding.Location, finding.Status, finding.TargetId, finding.Target, finding.PluginId, finding.PluginVersion,
        finding.PluginDigest, finding.Signer, finding.TrustRule, finding.Tool, finding.ToolVersion, finding.PolicyRevision, finding.TrustRoot, Execution.Plugins.Provenance.Of(finding).ToString(), finding.FirstRunId, finding.LastRunId, finding.FirstSeenAt, finding.LastSeenAt, finding.Risk, finding.Assignee, finding.TraceId);
}

public sealed record ApiFindingChange(DateTimeOffset Time, string Actor, string Field, string? From, string? To, string Reason);

public sealed record ApiFindingDetail(ApiFinding Finding, IReadOnlyList<Guid> Runs, IReadOnlyList<ApiFindingChange> Changes);

/// <summary>Findings: list with filters, read.</summary>
public static class FindingsApi
{
    private static readonly HashSet<string> Sorts = new(StringComparer.Ordinal) { "severity", "-severity", "lastSeen", "-lastSeen", "firstSeen", "-firstSeen", "title", "-title" };

    public static void MapFindings(this RouteGroupBuilder api)
    {
        api.MapGet("/findings", ListAsync).WithName("listFindings").Produces<ApiPage<ApiFinding>>();
        api.MapGet("/findings/{id:guid}", GetAsync).WithName("getFinding").Produces<ApiFindingDetail>();
    }

    private static async Task<ApiPage<ApiFinding>> ListAsync(
        string? severity, string? status, Guid? targetId, Guid? runId, bool? hidden, string? plugin, string? text, string? sort, string? cursor, int? limit,
        HttpContext context, CurrentActor actors, FindingService findings, CancellationToken ct)
    {
        if (sort is not null && !Sorts.Contains(sort))
        {
            throw new SecFlowException(Codes.RequestInvalid, $"sort={sort}: one of {string.Join(", ", Sorts)} was expected.");
        }

        if (text is { Length: > 200 })
        {
            throw new SecFlowException(Codes.RequestInvalid, "text is longer than 200 characters.");
        }

        var query = new FindingQuery
        {
            Severities = Words<Severity>("severity", severity),
            Statuses = Words<FindingStatus>("status", status),
            TargetId = targetId,
            RunId = runId,
            Hidden = hidden ?? false,
            PluginId = plugin,
            Text = text,
            Sort = sort ?? "severity",
            Skip = Cursor.Read(cursor),
            Take = Cursor.Limit(limit),
        };
        var page = await findings.ListAsync(await actors.OfRequestAsync(context, ct), query, ct);
        var end = query.Skip + page.Rows.Count;
        return new ApiPage<ApiFinding>([.. page.Rows.Select(f => ApiFinding.Of(f) with { HiddenReason = page.HiddenReasons.GetValueOrDefault(f.Id) })], end < page.Total && page.Rows.Count > 0 ? Cursor.At(end) : null, page.Total);
    }

    private static async Task<ApiFindingDetail> GetAsync(Guid id, HttpContext context, CurrentActor actors, FindingService findings, CancellationToken ct)
    {
        var detail = await findings.GetAsync(await actors.OfRequestAsync(context, ct), id, ct);
        return new ApiFindingDetail(
            ApiFinding.Of(detail.Finding) with { Record = JsonNode.Parse(detail.Finding.Record) },
            [.. detail.Occurrences.Select(o => o.RunId)],
            [.. detail.Changes.Select(c => new ApiFindingChange(c.Time, c.Actor, c.Field, c.From, c.To, c.Reason))]);
    }

    /// <summary>Comma-separated words of an enum, as JSON writes them. Throws SF1501 naming what is possible.</summary>
    private static T[] Words<T>(string name, string? text)
        where T : struct, Enum
    {
        if (string.IsNullOrEmpty(text))
        {
            return [];
        }

        var known = Enum.GetValues<T>().ToDictionary(v => JsonNamingPolicy.SnakeCaseLower.ConvertName(v.ToString()), StringComparer.Ordinal);
        return [.. text.Split(',').Select(word => known.TryGetValue(word, out var value)
            ? value
            : throw new SecFlowException(Codes.RequestInvalid, $"{name}={word}: one or more of {string.Join(",", known.Keys)} was expected."))];
    }
}
