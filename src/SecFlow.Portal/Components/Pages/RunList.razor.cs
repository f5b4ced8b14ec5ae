using Microsoft.AspNetCore.Components;
using SecFlow.Data.Audit;
using SecFlow.Data.Metrics;
using SecFlow.Data.Runs;
using SecFlow.Execution.Runs;
using SecFlow.Portal.Live;

namespace SecFlow.Portal.Components.Pages;

/// <summary>What happened?</summary>
public sealed partial class RunList
{
    private const int PageSize = 25;

    // A status filter looks at a bounded number of runs and says so.
    private const int Looked = 200;

    private IReadOnlyList<Run>? _rows;
    private IReadOnlyDictionary<Guid, Timing> _timings = new Dictionary<Guid, Timing>();
    private bool _more;

    [Inject]
    public RunService Runs { get; set; } = null!;

    [Inject]
    public TimingStore Timings { get; set; } = null!;

    [Inject]
    public RunSignals Signals { get; set; } = null!;

    [SupplyParameterFromQuery(Name = "skip")]
    public int? SkipText { get; set; }

    [SupplyParameterFromQuery(Name = "status")]
    public string? Status { get; set; }

    private int Skip => Math.Clamp(SkipText ?? 0, 0, 1_000_000);

    private RunStatus? StatusFilter => Enum.TryParse<RunStatus>(Status, ignoreCase: true, out var status) && Enum.IsDefined(status) ? status : null;

    private bool Filtered => StatusFilter is not null || Status == "incomplete";

    protected override object? Key => (SkipText, Status);

    protected override IDisposable Subscribe(Actor viewer) => new TeamFeed(Signals, viewer.TeamId, Time, RefreshAsync);

    protected override async Task LoadAsync(Actor actor)
    {
        if (Filtered)
        {
            _rows = [.. (await Runs.ListAsync(actor, 0, Looked, Left)).Where(r => StatusFilter is { } status ? r.Status == status : RunSentence.IsIncomplete(r.Status))];
            _more = false;
            await CompareAsync();
            return;
        }

        var rows = await Runs.ListAsync(actor, Skip, PageSize + 1, Left);
        _rows = [.. rows.Take(PageSize)];
        _more = rows.Count > PageSize;
        await CompareAsync();
    }

    // Of the rows that the actor was given, and of no others.
    private async Task CompareAsync() => _timings = await Timings.OfRunsAsync([.. _rows!.Select(r => r.Id)], Left);
}
