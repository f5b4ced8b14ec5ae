using SecFlow.Execution.Sandboxing;

namespace SecFlow.Execution.Tools;

/// <summary>The specification of a tool's sandbox: the system's programs and libraries, read-only, and of /etc only what the loader and the alternatives need.</summary>
internal static class ToolSandbox
{
    public const string Out = "/out";

    private const string Home = "/tmp/home";
    private static readonly string[] _bound = ["/usr", "/etc/alternatives", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d"];
    private static readonly string[] _merged = ["/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"];

    public static SandboxSpec Spec(ToolRequest request)
    {
        var limits = request.Limits;
        var readOnly = _bound.Where(Path.Exists).ToDictionary(path => path, path => path, StringComparer.Ordinal);
        var links = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var root in _merged.Where(Directory.Exists))
        {
            if (new DirectoryInfo(root).LinkTarget is { } target)
            {
                links[root] = target;
            }
            else
            {
                readOnly[root] = root;
            }
        }

        foreach (var (inside, outside) in request.TargetFolders)
        {
            readOnly[inside] = outside;
        }

        var program = Bound(readOnly, links, request.Program.Path);
        return new SandboxSpec
        {
            Program = ToolInit.Shell,
            Arguments = ToolInit.Arguments(request, program),
            ReadOnly = readOnly,
            Links = links,
            Copies = request.Inputs.ToDictionary(input => "/in/" + input.Key, input => input.Value.SafeFileHandle, StringComparer.Ordinal),
            Writable = new Dictionary<string, long>(StringComparer.Ordinal) { [Out] = limits.ScratchBytes / 4 * 3 },
            ScratchBytes = limits.ScratchBytes / 4,
            Folders = [Home],
            WorkingDirectory = Out,

            // The tool itself gets SIGXCPU at its limit, which says what happened; the hard one is for whoever ignores it.
            CpuSeconds = limits.CpuSeconds + 2,
            DataBytes = limits.MemoryBytes,
            Processes = limits.Processes,
            OpenFiles = limits.OpenFiles,
            FileBytes = limits.ScratchBytes,
            StreamsErrors = true,
            Reports = true,
            Network = request.Network,
            Environment = new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                ["HOME"] = Home,
                ["TMPDIR"] = "/tmp",
                ["LANG"] = "C.UTF-8",
            },
        };
    }

    /// <summary>A program outside of the system's folders (in a path that an administrator set) is bound alone, in a folder of its own: its own place may be one that the sandbox covers.</summary>
    private static string Bound(Dictionary<string, string> readOnly, Dictionary<string, string> links, string path)
    {
        var file = new FileInfo(path).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? path;
        if (readOnly.Keys.Concat(links.Keys).Any(root => file.StartsWith(root + "/", StringComparison.Ordinal)))
        {
            return path;
        }

        var inside = "/tool/" + Path.GetFileName(path);
        readOnly[inside] = file;
        return inside;
    }
}
