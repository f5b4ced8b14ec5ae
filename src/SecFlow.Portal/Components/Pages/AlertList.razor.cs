using Microsoft.AspNetCore.Components;
using SecFlow.Data.Alerts;
using SecFlow.Data.Audit;
using SecFlow.Execution.Alerts;
using SecFlow.Execution.Teams;

namespace SecFlow.Portal.Components.Pages;

/// <summary>What should somebody look at?</summary>
public sealed partial class AlertList
{
    private const int PageSize = 25;

    private IReadOnlyList<Alert>? _rows;
    private IReadOnlyList<AlertSilence> _silences = [];
    private bool _more;
    private bool _subscribed;
    private Alert? _silencing;
    private string _reach = "subject";
    private int _hours = 8;
    private string _reason = "";

    [Inject]
    public AlertService Alerts { get; set; } = null!;

    [SupplyParameterFromQuery(Name = "show")]
    public string? Show { get; set; }

    [SupplyParameterFromQuery(Name = "skip")]
    public int? SkipText { get; set; }

    protected override object? Key => (Show, SkipText);

    private bool Closed => Show == "all";

    private int Skip => Math.Clamp(SkipText ?? 0, 0, 1_000_000);

    protected override void OnAfterRender(bool firstRender)
    {
        if (firstRender && !_subscribed)
        {
            _subscribed = true;
            Alerts.Changed += Changed;
        }
    }

    protected override async Task LoadAsync(Actor actor)
    {
        var rows = await Alerts.ListAsync(actor, !Closed, Skip, PageSize + 1, Left);
        (_rows, _more) = ([.. rows.Take(PageSize)], rows.Count > PageSize);
        _silences = await Alerts.SilencesAsync(actor, Left);
    }

    protected override void Dispose(bool disposing)
    {
        Alerts.Changed -= Changed;
        base.Dispose(disposing);
    }

    private bool MayClose(Alert alert) => May(alert.TeamId == Guid.Empty ? Permission.HoldInstallation : Permission.StartRuns);

    private void Changed(object? sender, EventArgs e) => _ = RefreshAsync();

    private Task AcknowledgeAsync(Alert alert) => GuardAsync(async actor =>
    {
        await Alerts.AcknowledgeAsync(actor, alert.Id, null, Left);
        await LoadAsync(actor);
    });

    private void Silence(Alert alert) => (_silencing, _reach, _reason) = (alert, "subject", "");

    private Task SilenceAsync() => GuardAsync(async actor =>
    {
        await Alerts.SilenceAsync(actor, _silencing!.Kind, _reach == "kind" ? "" : _silencing.Subject, TimeSpan.FromHours(_hours), _reason, Left);
        _silencing = null;
        await LoadAsync(actor);
    });

    private Task EndSilenceAsync(AlertSilence silence) => GuardAsync(async actor =>
    {
        await Alerts.EndSilenceAsync(actor, silence.Id, Left);
        await LoadAsync(actor);
    });
}
