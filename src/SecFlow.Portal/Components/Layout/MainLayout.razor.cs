using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;
using SecFlow.Data.Teams;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Sandboxing;
using SecFlow.Portal.Teams;

namespace SecFlow.Portal.Components.Layout;

/// <summary>The frame: rail, team, sandbox level, theme, account, and a banner only for what needs action.</summary>
public sealed partial class MainLayout
{
    private ErrorBoundary? _boundary;

    [Inject]
    public CurrentActor Actors { get; set; } = null!;

    [Inject]
    public TeamStore Teams { get; set; } = null!;

    [Inject]
    public NavigationManager Navigation { get; set; } = null!;

    [Inject]
    public Execution.Engine Engine { get; set; } = null!;

    [CascadingParameter]
    public Task<Microsoft.AspNetCore.Components.Authorization.AuthenticationState> Authentication { get; set; } = null!;

    private FrameView? View { get; set; }

    private string Page => Navigation.ToBaseRelativePath(Navigation.Uri);

    /// <summary>False while the page is only drawn and its circuit has not answered yet: its buttons would do nothing.</summary>
    private bool Live => RendererInfo.IsInteractive || AssignedRenderMode is null;

    protected override async Task OnParametersSetAsync()
    {
        _boundary?.Recover();
        var principal = (await Authentication).User;
        if (CurrentActor.UserIdOf(principal) is not { } userId)
        {
            return;
        }

        var teams = await Teams.ListOfUserAsync(userId, CancellationToken.None);
        try
        {
            var actor = await Actors.OfUserAsync(principal, CancellationToken.None);
            View = new FrameView(actor.Name, actor.Role, actor.TeamId, [.. teams.Select(t => t.Team)], Engine.Sandbox.Level);
        }
        catch (SecFlowException)
        {
            // The membership ended: the page says so; the frame still offers the other teams and the way out.
            View = new FrameView(principal.Identity?.Name ?? "-", TeamRole.Viewer, Guid.Empty, [.. teams.Select(t => t.Team)], null);
        }
    }

    /// <summary>What the frame shows.</summary>
    private sealed record FrameView(string Name, TeamRole Role, Guid TeamId, IReadOnlyList<Team> Teams, SandboxLevel? Level)
    {
        public string TeamName => Teams.FirstOrDefault(t => t.Id == TeamId)?.Name ?? "-";

        public string? Banner => Level switch
        {
            SandboxLevel.L0 => "Nothing confines plugins on this machine: they are refused.",
            SandboxLevel.L1 => "Plugins run with a weak sandbox (L1); external tools are refused.",
            _ => null,
        };
    }
}
