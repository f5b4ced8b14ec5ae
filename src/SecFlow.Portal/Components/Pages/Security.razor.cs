using Microsoft.AspNetCore.Components;
using SecFlow.Data.Audit;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Sandboxing;
using SecFlow.Execution.Teams;
using SecFlow.Execution.Trust;

namespace SecFlow.Portal.Components.Pages;

/// <summary>What is enforced here?</summary>
public sealed partial class Security
{
    [Inject]
    public Execution.Engine Engine { get; set; } = null!;

    [Inject]
    public Access Access { get; set; } = null!;

    [Inject]
    public TrustPolicyService Policies { get; set; } = null!;

    [Inject]
    public AuditLog Log { get; set; } = null!;

    private const int Shown = 10;

    private const int Searched = 200;

    private SandboxReport? Report { get; set; }

    private IReadOnlyList<Diagnostic> PolicyProblems { get; set; } = [];

    private IReadOnlyList<AuditEvent> Violations { get; set; } = [];

    private IReadOnlyList<AuditEvent> Refused { get; set; } = [];

    protected override async Task LoadAsync(Actor actor)
    {
        await Access.RequireAsync(actor, Permission.ReadRuns, null, "security", Left);
        Report = Engine.Sandbox;
        await Policies.CurrentAsync(Left);
        PolicyProblems = Policies.Problems;
        if (May(Permission.ReadAudit))
        {
            var quarantined = await Log.ListAsync(new AuditQuery(actor.TeamId) { Installation = true, Action = "quarantine", Take = Shown }, Left);
            var denied = await Log.ListAsync(new AuditQuery(actor.TeamId) { Installation = true, Outcome = AuditOutcome.Denied, Take = Searched }, Left);
            Violations = quarantined.Events;
            Refused = [.. denied.Events.Take(Shown)];
        }
    }
}
