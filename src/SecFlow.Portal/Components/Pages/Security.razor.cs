using Microsoft.AspNetCore.Components;
using SecFlow.Data.Audit;
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

    private SandboxReport? Report { get; set; }

    protected override async Task LoadAsync(Actor actor)
    {
        await Access.RequireAsync(actor, Permission.ReadRuns, null, "security", Left);
        Report = Engine.Sandbox;
        await Policies.CurrentAsync(Left);
        Problems = Policies.Problems;
    }
}
