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

    private static string LevelWords(SandboxLevel level) => level switch
    {
        SandboxLevel.L3 => "Namespaces without a network, seccomp, and limits by control groups. What a plugin asks of a target, the engine asks for it, inside the scope.",
        SandboxLevel.L2 => "Namespaces, seccomp and limits by rlimit. Memory of a whole process tree is not bounded by a cgroup.",
        SandboxLevel.L1 => "Self-applied seccomp, Landlock and rlimits: plugins only, external tools are refused.",
        _ => "Nothing confines a plugin: all of them are refused.",
    };
}
