using SecFlow.Execution.Sandboxing;

namespace SecFlow.Portal.Components.Marks;

/// <summary>What a sandbox level enforces, in one line.</summary>
public static class SandboxWords
{
    public static string Of(SandboxLevel level) => level switch
    {
        SandboxLevel.L3 => "Namespaces, seccomp, limits by control groups. A plugin has no network: the engine asks targets for it. A tool has one of its own, in which the kernel lets it reach the approved targets only.",
        SandboxLevel.L2 => "Namespaces, seccomp and limits by rlimit. Either memory of a whole process tree is not bounded by a cgroup, or tools that need the network are refused because it cannot be confined.",
        SandboxLevel.L1 => "Self-applied seccomp, Landlock and rlimits: plugins only, external tools are refused.",
        _ => "Nothing confines a plugin: all of them are refused.",
    };
}
