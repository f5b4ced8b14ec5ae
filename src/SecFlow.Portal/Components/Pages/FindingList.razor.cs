using System.Globalization;
using Microsoft.AspNetCore.Components;
using Radzen;
using Radzen.Blazor;
using SecFlow.Data.Audit;
using SecFlow.Data.Findings;
using SecFlow.Data.Targets;
using SecFlow.Execution.Findings;
using SecFlow.Execution.Targets;

namespace SecFlow.Portal.Components.Pages;

/// <summary>What must I do? The address holds every filter, the order and the page; the database does the work.</summary>
public sealed partial class FindingList
{
    private const int PageSize = 25;

    private FindingPage? _page;
    private FindingCounts? _counts;
    private IReadOnlyList<Target> _targets = [];
    private RadzenDataGrid<Finding>? _grid;
    private bool _gridAsked;

    [Inject]
    public FindingService Findings { get; set; } = null!;

    [Inject]
    public TargetService Targets { get; set; } = null!;

    [SupplyParameterFromQuery(Name = "severity")]
    public string? SeverityText { get; set; }

    [SupplyParameterFromQuery(Name = "status")]
    public string? StatusText { get; set; }

    [SupplyParameterFromQuery(Name = "target")]
    public string? TargetText { get; set; }

    [SupplyParameterFromQuery(Name = "run")]
    public string? RunText { get; set; }

    [SupplyParameterFromQuery(Name = "text")]
    public string? Text { get; set; }

    [SupplyParameterFromQuery(Name = "sort")]
    public string? Sort { get; set; }

    [SupplyParameterFromQuery(Name = "page")]
    public int? PageNumber { get; set; }

    protected override object? Key => (SeverityText, StatusText, TargetText, RunText, Text, Sort, PageNumber);

    private FindingQuery Query => FindingAddress.Read(SeverityText, StatusText, TargetText, RunText, Text, Sort, PageNumber, PageSize);

    private bool Filtered => Query is { Severities.Count: > 0 } or { Statuses.Count: > 0 } or { TargetId: not null } or { RunId: not null } or { Text: not null };

    protected override async Task LoadAsync(Actor actor)
    {
        _page = await Findings.ListAsync(actor, Query, Left);
        _counts = await Findings.CountAsync(actor, Left);
        if (_targets.Count == 0)
        {
            _targets = await Targets.ListAsync(actor, Left);
        }
    }

    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (_grid is not null && _gridAsked && _grid.CurrentPage != Query.Skip / PageSize)
        {
            await _grid.GoToPage(Query.Skip / PageSize);
        }
    }

    /// <summary>The grid asks for rows when it is first shown (they are there already) and when its order or page was changed: then the address changes, and with it the rows.</summary>
    private void LoadDataAsync(LoadDataArgs args)
    {
        if (!_gridAsked)
        {
            _gridAsked = true;
            return;
        }

        var sort = args.Sorts?.FirstOrDefault() is { } by ? FindingAddress.SortOf(by.Property ?? "", by.SortOrder == SortOrder.Descending) : Query.Sort;
        Go(Query with { Skip = args.Skip ?? 0, Sort = sort });
    }

    private SortOrder? Order(string name) =>
        Query.Sort == name ? (name == "severity" ? SortOrder.Descending : SortOrder.Ascending)
        : Query.Sort == "-" + name ? (name == "severity" ? SortOrder.Ascending : SortOrder.Descending)
        : null;

    private void Open(Finding finding) => Navigation.NavigateTo($"findings/{finding.Id}");

    private void Toggle(Severity severity) => Go(Query with { Severities = Toggled(Query.Severities, severity), Skip = 0 });

    private void Toggle(FindingStatus status) => Go(Query with { Statuses = Toggled(Query.Statuses, status), Skip = 0 });

    private void Go(FindingQuery query)
    {
        var address = FindingAddress.Write(query);
        if (address != FindingAddress.Write(Query))
        {
            Navigation.NavigateTo(address);
        }
    }

    private static T[] Toggled<T>(IReadOnlyList<T> list, T value) => list.Contains(value) ? [.. list.Where(v => !Equals(v, value))] : [.. list, value];

    private static string? Trimmed(ChangeEventArgs e) => e.Value?.ToString()?.Trim() is { Length: > 0 } text ? text : null;

    private static Guid? Parse(ChangeEventArgs e) => Guid.TryParse(e.Value?.ToString(), CultureInfo.InvariantCulture, out var id) ? id : null;
}
