using System.Globalization;
using System.Runtime.InteropServices;

namespace SecFlow.Execution.Sandboxing;

/// <summary>How the plugin host is put into the sandbox: the .NET runtime, its own folder, and nothing else.</summary>
public static class PluginHostProgram
{
    private const string Folder = "/app";
    private const string Runtime = "/dotnet";

    /// <summary>Where the build puts it.</summary>
    public static string DefaultPath => Path.Combine(AppContext.BaseDirectory, "plugin-host", "SecFlow.PluginHost.dll");

    /// <summary>
    /// The specification for one host.
    /// The garbage collector's hard limit ends a memory bomb in an orderly way (exit code 75); the data segment, twice as large, is the backstop for native memory.
    /// </summary>
    /// <param name="sandbox">This machine's sandbox.</param>
    /// <param name="hostPath">Path of SecFlow.PluginHost.dll.</param>
    /// <param name="heapBytes">Managed heap; null = default, never above the ceiling of <see cref="Limits.HostHeapBytes"/>.</param>
    /// <param name="cpuSeconds">Processor time of the session; null = default.</param>
    public static SandboxSpec Spec(Sandbox sandbox, string hostPath, long? heapBytes = null, long? cpuSeconds = null) => Spec(sandbox.Means.Level, hostPath, heapBytes, cpuSeconds);

    internal static SandboxSpec Spec(SandboxLevel level, string hostPath, long? heapBytes = null, long? cpuSeconds = null)
    {
        var heap = Limits.HostHeapBytes.Or(heapBytes);
        var folder = Sandbox.Readable(Path.GetDirectoryName(Path.GetFullPath(hostPath))!);
        var dotnet = Sandbox.Readable(DotnetRoot());
        var file = Path.GetFileName(hostPath);
        var bubblewrap = level >= SandboxLevel.L2;
        var root = bubblewrap ? Runtime : dotnet;
        var readOnly = SystemLibraries.Binds();
        readOnly[Folder] = folder;
        readOnly[Runtime + "/dotnet"] = Path.Combine(dotnet, "dotnet");
        readOnly[Runtime + "/host"] = Path.Combine(dotnet, "host");
        readOnly[Runtime + "/shared/Microsoft.NETCore.App"] = Path.Combine(dotnet, "shared", "Microsoft.NETCore.App");
        return new SandboxSpec
        {
            Program = root + "/dotnet",
            Arguments = [Path.Combine(bubblewrap ? Folder : folder, file)],
            ReadOnly = readOnly,
            Links = SystemLibraries.Links(),
            WorkingDirectory = bubblewrap ? Folder : folder,
            ConfinesItself = true,
            CpuSeconds = Limits.HostCpuSeconds.Or(cpuSeconds),
            DataBytes = 2 * heap,
            Environment = new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["PATH"] = "/usr/bin",
                ["DOTNET_ROOT"] = root,
                ["DOTNET_GCHeapHardLimit"] = "0x" + heap.ToString("x", CultureInfo.InvariantCulture),
                ["DOTNET_EnableDiagnostics"] = "0",
                ["DOTNET_TieredPGO"] = "0",
                ["DOTNET_gcServer"] = "0",
                ["DOTNET_gcConcurrent"] = "0",
                ["DOTNET_SYSTEM_GLOBALIZATION_INVARIANT"] = "1",
                ["SECFLOW_REQUIRE_CONFINEMENT"] = bubblewrap ? "seccomp" : "seccomp,landlock",
            },
        };
    }

    /// <summary>Folder of the runtime that this program runs on: <c>ROOT/shared/Microsoft.NETCore.App/VERSION/</c>, three up.</summary>
    private static string DotnetRoot() => Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
}

/// <summary>The system's shared libraries, as few as the layout allows.</summary>
internal static class SystemLibraries
{
    private static readonly string[] Roots = ["/lib", "/lib64", "/bin"];

    /// <summary>Read-only binds of library folders: path inside -> path outside.</summary>
    public static Dictionary<string, string> Binds()
    {
        string[] multiarch = [.. new[] { "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu" }.Where(Directory.Exists)];
        var folders = multiarch.Length > 0 ? multiarch : ["/usr/lib"];
        var binds = folders.Append("/usr/lib64").Where(Directory.Exists).ToDictionary(path => path, path => path, StringComparer.Ordinal);
        foreach (var root in Roots[..2].Where(root => Directory.Exists(root) && new DirectoryInfo(root).LinkTarget is null))
        {
            binds[root] = root;
        }

        return binds;
    }

    /// <summary>/lib, /lib64 and /bin are links where the system has merged them into /usr.</summary>
    public static Dictionary<string, string> Links() =>
        Roots.Select(root => (Root: root, Target: new DirectoryInfo(root).LinkTarget)).Where(link => link.Target is not null).ToDictionary(link => link.Root, link => link.Target!, StringComparer.Ordinal);
}
