using SecFlow.Data.Audit;
using SecFlow.Data.Findings;

namespace SecFlow.Execution.Findings;

/// <summary>What is asked of the findings list; every part is applied in the database.</summary>
public sealed record FindingQuery
{
    public IReadOnlyList<Severity> Severities { get; init; } = [];

    public IReadOnlyList<FindingStatus> Statuses { get; init; } = [];

    public Guid? TargetId { get; init; }

    public Guid? RunId { get; init; }

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
public sealed record FindingPage(IReadOnlyList<Finding> Rows, int Total);

public sealed record FindingDetail(Finding Finding, IReadOnlyList<Occurrence> Occurrences, IReadOnlyList<FindingChange> Changes);

/// <summary>Counts for the facets and the overview.</summary>
public sealed record FindingCounts(IReadOnlyDictionary<Severity, int> OpenBySeverity, IReadOnlyDictionary<FindingStatus, int> ByStatus);

public sealed class FindingService
{
    public Task<FindingPage> ListAsync(Actor actor, FindingQuery query, CancellationToken ct) => throw new NotSupportedException();

    public Task<FindingDetail> GetAsync(Actor actor, Guid findingId, CancellationToken ct) => throw new NotSupportedException();

    public Task<FindingCounts> CountAsync(Actor actor, CancellationToken ct) => throw new NotSupportedException();

    /// <summary>Changes the status with a reason (1..500 characters); audited and kept as a <see cref="FindingChange"/>.</summary>
    public Task<Finding> SetStatusAsync(Actor actor, Guid findingId, FindingStatus status, string reason, CancellationToken ct) => throw new NotSupportedException();
}
