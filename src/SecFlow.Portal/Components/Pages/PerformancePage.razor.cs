using System.Globalization;
using Microsoft.AspNetCore.Components;
using SecFlow.Data.Audit;
using SecFlow.Execution.Metrics;
using SecFlow.Execution.Runs;
using SecFlow.Portal.Live;

namespace SecFlow.Portal.Components.Pages;

/// <summary>What do runs cost in time, and what became slower? Live: reads again when a run of the team ended, at most each two seconds.</summary>
public sealed partial class PerformancePage
{
    private static readonly TimeSpan _between = TimeSpan.FromSeconds(2);

    private static readonly (PerformanceSpan Span, string Title)[] Spans = [(PerformanceSpan.Hour, "Hour"), (PerformanceSpan.Day, "Day"), (PerformanceSpan.Week, "Week")];

    private PerformanceView? _view;
    private long _readAt;

    [Inject]
    public PerformanceService Performance { get; set; } = null!;

    [Inject]
    public RunSignals Signals { get; set; } = null!;

    [SupplyParameterFromQuery(Name = "span")]
    public string? SpanText { get; set; }

    protected override object? Key => SpanText;

    private PerformanceSpan Span => Enum.TryParse<PerformanceSpan>(SpanText, ignoreCase: true, out var span) && Enum.IsDefined(span) ? span : PerformanceSpan.Day;

    private string Overhead => _view!.ToolSeconds + _view.OverheadSeconds is > 0 and var all ? (_view.OverheadSeconds / all).ToString("0.0%", CultureInfo.InvariantCulture) : "-";

    protected override IDisposable Subscribe(Actor viewer) => new TeamFeed(Signals, viewer.TeamId, Time, RefreshSlowlyAsync);

    protected override async Task LoadAsync(Actor actor) => (_view, _readAt) = (await Performance.ReadAsync(actor, Span, Left), Time.GetTimestamp());

    private async Task RefreshSlowlyAsync()
    {
        // A busy run commits many times a second; the figures change when something ends.
        if (Time.GetElapsedTime(_readAt) is var since && since < _between)
        {
            await Task.Delay(_between - since, Time, Left);
        }

        await RefreshAsync();
    }

    private bool HasPoints => _view!.Points.Any(p => p.RunP50 is not null || p.NodeP50 is not null || p.QueueP95 is not null);

    private List<ChartPoint> Line(Func<PerformancePoint, double?> value) => [.. _view!.Points.Where(p => value(p) is not null).Select(p => new ChartPoint(p.At.UtcDateTime, value(p)!.Value))];

    private List<ChartPoint> Line(Func<PerformancePoint, double> value) => [.. _view!.Points.Select(p => new ChartPoint(p.At.UtcDateTime, value(p)))];

    private string At(object time) => time is DateTime at ? at.ToString(Span == PerformanceSpan.Week ? "ddd HH:mm" : "HH:mm", CultureInfo.InvariantCulture) : "";

    private static string SecondsText(object value) => Text(Convert.ToDouble(value, CultureInfo.InvariantCulture));

    private static string NumberText(object value) => Convert.ToDouble(value, CultureInfo.InvariantCulture).ToString("0.##", CultureInfo.InvariantCulture);

    private static string Time50(Quantiles took) => took.P50 is { } seconds ? Text(seconds) : "-";

    private static string Time95(Quantiles took) => took.P95 is { } seconds ? Text(seconds) : "-";

    private static string Text(double seconds) => seconds <= 0 ? "0 s" : Marks.Words.Duration(TimeSpan.FromSeconds(seconds));

    /// <summary>One point of a chart.</summary>
    internal sealed record ChartPoint(DateTime At, double Value);
}
