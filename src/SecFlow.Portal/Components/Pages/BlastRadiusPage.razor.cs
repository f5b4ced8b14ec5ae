using Microsoft.AspNetCore.Components;
using SecFlow.Data.Audit;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Teams;

namespace SecFlow.Portal.Components.Pages;

/// <summary>What did this package, signer or key touch?</summary>
public sealed partial class BlastRadiusPage
{
    private BlastRadius? _radius;

    [Inject]
    public BlastRadiusService Radius { get; set; } = null!;

    [Inject]
    public Access Access { get; set; } = null!;

    [SupplyParameterFromQuery(Name = "of")]
    public string? Of { get; set; }

    protected override object? Key => Of;

    protected override async Task LoadAsync(Actor actor)
    {
        _radius = null;
        if (string.IsNullOrWhiteSpace(Of))
        {
            await Access.RequireAsync(actor, Permission.ReadAudit, null, "blast-radius", Left);
            return;
        }

        _radius = await Radius.FindAsync(actor, Of, Left);
    }

    private string Team(Guid team) => _radius is { EveryTeam: true } radius && radius.Teams.TryGetValue(team, out var name) ? $", team {name}" : "";

    private static string Times(TouchedThing thing) => thing.Uses == 1 ? thing.Name : $"{thing.Name} ({thing.Uses} times)";

    private static string List(IEnumerable<string> words) => string.Join(", ", words) is { Length: > 0 } text ? text : "none";
}
