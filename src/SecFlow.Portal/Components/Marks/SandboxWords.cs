using SecFlow.Execution.Sandboxing;

namespace SecFlow.Portal.Components.Marks;

/// <summary>What a sandbox level enforces, in one line.</summary>
public static class SandboxWords
{
    public static string Of(SandboxLevel level) => level switch
    {
        SandboxLevel.L3 => "Namespaces without a network, seccomp, and limits by control groups. What a plugin asks of a target, the engine asks for it, inside the scope.",
        SandboxLevel.L2 => "Namespaces without a network, seccomp and limits by rlimit. Memory of a whole process tree is not bounded by a cgroup.",
        SandboxLevel.L1 => "Self-applied seccomp, Landlock and rlimits: plugins only, external tools are refused.",
        _ => "Nothing confines a plugin: all of them are refused.",
    };
}
