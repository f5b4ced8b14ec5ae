using Microsoft.AspNetCore.Components;
using SecFlow.Data.Audit;
using SecFlow.Execution.Teams;

namespace SecFlow.Portal.Components.Pages;

/// <summary>Who did what, and can I prove it?</summary>
public sealed partial class AuditList
{
    private const int PageSize = 50;

    private AuditPage? _page;
    private AuditVerification? _verification;
    private AuditCheckpoint? _checkpoint;
    private bool _working;

    [Inject]
    public AuditLog Log { get; set; } = null!;

    [Inject]
    public Access Access { get; set; } = null!;

    [SupplyParameterFromQuery(Name = "actor")]
    public string? Actor { get; set; }

    [SupplyParameterFromQuery(Name = "action")]
    public string? Action { get; set; }

    [SupplyParameterFromQuery(Name = "outcome")]
    public string? Outcome { get; set; }

    [SupplyParameterFromQuery(Name = "resource")]
    public string? Resource { get; set; }

    [SupplyParameterFromQuery(Name = "skip")]
    public int? SkipText { get; set; }

    protected override object? Key => (Actor, Action, Outcome, Resource, SkipText);

    private int Skip => Math.Clamp(SkipText ?? 0, 0, 100_000_000);

    private AuditOutcome? OutcomeFilter => Enum.TryParse<AuditOutcome>(Outcome, ignoreCase: true, out var outcome) && Enum.IsDefined(outcome) ? outcome : null;

    private bool Filtered => !string.IsNullOrEmpty(Actor) || !string.IsNullOrEmpty(Action) || !string.IsNullOrEmpty(Resource) || OutcomeFilter is not null;

    protected override async Task LoadAsync(Actor actor)
    {
        await Access.RequireAsync(actor, Permission.ReadAudit, null, "audit", Left);
        _page = await Log.ListAsync(
            new AuditQuery(actor.TeamId) { Installation = true, Action = Action, Actor = Actor, Resource = Resource, Outcome = OutcomeFilter, Skip = Skip, Take = PageSize },
            Left);
    }

    private string Href(int skip) =>
        $"audit?skip={skip}&actor={Uri.EscapeDataString(Actor ?? "")}&action={Uri.EscapeDataString(Action ?? "")}&resource={Uri.EscapeDataString(Resource ?? "")}&outcome={OutcomeFilter}";

    private async Task VerifyAsync()
    {
        _working = true;
        await GuardAsync(async actor =>
        {
            await Access.RequireAsync(actor, Permission.ReadAudit, null, "audit", Left);
            _verification = await Log.VerifyAsync(Left);
        });
        _working = false;
    }

    private async Task CheckpointAsync()
    {
        _working = true;
        await GuardAsync(async actor =>
        {
            await Access.RequireAsync(actor, Permission.ReadAudit, null, "audit", Left);
            _checkpoint = await Log.CheckpointAsync(Left);
            await LoadAsync(actor);
        });
        _working = false;
    }
}
