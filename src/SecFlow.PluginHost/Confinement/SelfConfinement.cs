using System.Runtime.InteropServices;

namespace SecFlow.PluginHost.Confinement;

/// <summary>
/// The process takes its own rights away before it reads a plugin; the sandbox around it does so again from outside.
/// 1. Landlock first: it needs to open the folders that stay readable. Before ABI 8 it covers this thread and those it creates later.
/// 2. seccomp second, for all threads at once.
/// 3. A layer that cannot be applied is left out of the answer; whether that is acceptable is the engine's decision.
/// </summary>
public static class SelfConfinement
{
    public const string Seccomp = "seccomp";
    public const string Landlock = "landlock";

    public static IReadOnlyList<string> Apply()
    {
        var applied = new List<string>();
        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != Architecture.X64)
        {
            return applied;
        }

        if (!NativeConfinement.DropFutureRights())
        {
            return applied;
        }

        if (NativeConfinement.RestrictFiles(ReadableFolders()))
        {
            applied.Add(Landlock);
        }

        if (NativeConfinement.InstallFilter(SystemCallFilter.Build(Environment.ProcessId)))
        {
            applied.Add(Seccomp);
        }

        return applied;
    }

    /// <summary>What the runtime still needs: itself, the libraries, this program, its own process folder.</summary>
    private static IReadOnlyList<string> ReadableFolders()
    {
        // <root>/shared/Microsoft.NETCore.App/<version>/ -> <root>
        var framework = RuntimeEnvironment.GetRuntimeDirectory();
        var root = Path.GetFullPath(Path.Combine(framework, "..", "..", ".."));
        return [root, "/usr/lib", "/usr/lib64", AppContext.BaseDirectory, "/proc/self", "/proc/meminfo"];
    }
}
