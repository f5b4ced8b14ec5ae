using Microsoft.AspNetCore.Components;
using SecFlow.Data.Audit;
using SecFlow.Data.Holds;
using SecFlow.Execution.Holds;
using SecFlow.Execution.Teams;
using SecFlow.Portal.Live;

namespace SecFlow.Portal.Components.Holds;

/// <summary>The kill switch on the Security page: what stands, the acts of who may, the history. Follows what others do.</summary>
public sealed partial class HoldPanel
{
    private const int Shown = 20;

    private IReadOnlyList<Hold> _history = [];
    private IReadOnlyList<Hold> _standing = [];
    private HoldAct? _act;
    private HoldReach _reach;
    private string _expected = "";
    private string _reason = "";
    private string _confirm = "";
    private bool _saving;

    private enum HoldAct
    {
        Stop,
        Drain,
        Resume,
    }

    [Inject]
    public HoldService Holds { get; set; } = null!;

    [Inject]
    public HoldFeed Feed { get; set; } = null!;

    private string Heading => _act switch
    {
        HoldAct.Stop => $"End everything that runs {Whose}, and let nothing start",
        HoldAct.Drain => $"Let running work {Whose} finish, and nothing new start",
        _ => $"Let work {Whose} go on",
    };

    private string Verb => _act switch { HoldAct.Stop => "Stop everything", HoldAct.Drain => "Drain", _ => "Resume" };

    private string Whose => _reach == HoldReach.Installation ? "of every team" : "of this team";

    protected override async Task LoadAsync(Actor actor)
    {
        _history = await Holds.HistoryAsync(actor, 0, Shown, Left);
        _standing = [.. _history.Where(hold => hold.EndedAt is null)];
    }

    protected override IDisposable Subscribe(Actor viewer) => Feed.Subscribe(RefreshAsync);

    private static HoldReach ReachOf(Hold hold) => hold.OfInstallation ? HoldReach.Installation : HoldReach.Team;

    private bool MayResume(Hold hold) => May(hold.OfInstallation ? Permission.HoldInstallation : Permission.HoldTeam);

    private bool Stands(HoldReach reach) => _standing.Any(hold => ReachOf(hold) == reach && hold.Kind == HoldKind.Stop);

    private Task Ask(HoldAct act, HoldReach reach) => GuardAsync(async actor =>
    {
        _expected = await Holds.ConfirmationAsync(actor, reach, Left);
        (_act, _reach, _reason, _confirm) = (act, reach, "", "");
    });

    private void Close() => _act = null;

    private async Task ActAsync()
    {
        _saving = true;
        var done = await GuardAsync(async actor =>
        {
            _ = _act switch
            {
                HoldAct.Stop => await Holds.StopAsync(actor, _reach, _reason, _confirm, Left),
                HoldAct.Drain => await Holds.DrainAsync(actor, _reach, _reason, Left),
                _ => await Holds.ResumeAsync(actor, _reach, _reason, Left),
            };
            await LoadAsync(actor);
        });
        _act = done ? null : _act;
        _saving = false;
    }
}
