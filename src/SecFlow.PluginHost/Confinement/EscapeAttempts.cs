using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace SecFlow.PluginHost.Confinement;

/// <summary>
/// <c>SecFlow.PluginHost probe [names]</c>: tries to do what no plugin host may do and says, one line each, <c>NAME blocked|open DETAIL</c>.
/// The engine and the tests run it inside the sandbox: what holds is what was tried. The attempts that kill the process
/// (<c>exec</c>, <c>ptrace</c>, <c>mount</c>) run only when named.
/// </summary>
public static partial class EscapeAttempts
{
    private static readonly Dictionary<string, Action> Attempts = new(StringComparer.Ordinal)
    {
        ["read-passwd"] = () => File.ReadAllText("/etc/passwd"),
        ["read-environ"] = () => File.ReadAllText("/proc/1/environ"),
        ["write-tmp"] = () => File.WriteAllText(Path.Combine(Path.GetTempPath(), "secflow-escape"), "x"),
        ["socket"] = () => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp).Dispose(),
        ["fork"] = () => Check(Fork()),
    };

    private static readonly Dictionary<string, Action> Deadly = new(StringComparer.Ordinal)
    {
        ["exec"] = () => Check(Execve("/bin/true", 0, 0)),
        ["ptrace"] = () => Check((int)Ptrace(0, 0, 0, 0)),
        ["mount"] = () => Check(Mount("none", "/tmp", "tmpfs", 0, 0)),
    };

    /// <summary>Exit code 0 when every attempt was blocked, 1 otherwise.</summary>
    public static int Run(IReadOnlyList<string> applied, IReadOnlyList<string> names, TextWriter output)
    {
        ArgumentNullException.ThrowIfNull(applied);
        ArgumentNullException.ThrowIfNull(names);
        ArgumentNullException.ThrowIfNull(output);
        output.WriteLine("confinement " + string.Join(',', applied));
        var open = 0;
        foreach (var name in names.Count > 0 ? names : [.. Attempts.Keys])
        {
            output.Flush();
            if ((Attempts.GetValueOrDefault(name) ?? Deadly.GetValueOrDefault(name)) is not { } attempt)
            {
                output.WriteLine($"{name} open unknown attempt");
                open++;
                continue;
            }

            try
            {
                attempt();
                output.WriteLine($"{name} open");
                open++;
            }
            catch (Exception e)
            {
                output.WriteLine($"{name} blocked {e.GetType().Name}");
            }
        }

        output.Flush();
        return open == 0 ? 0 : 1;
    }

    private static void Check(int result)
    {
        if (result == 0 && Environment.ProcessId != Getpid())
        {
            // The child of a fork that should not have worked.
            Environment.FailFast("forked");
        }

        if (result < 0)
        {
            throw new InvalidOperationException("errno " + Marshal.GetLastPInvokeError());
        }
    }

    [LibraryImport("libc", EntryPoint = "fork", SetLastError = true)]
    private static partial int Fork();

    [LibraryImport("libc", EntryPoint = "getpid")]
    private static partial int Getpid();

    [LibraryImport("libc", EntryPoint = "execve", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Execve(string path, nint arguments, nint environment);

    [LibraryImport("libc", EntryPoint = "ptrace", SetLastError = true)]
    private static partial long Ptrace(long request, long process, nint address, nint data);

    [LibraryImport("libc", EntryPoint = "mount", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Mount(string source, string target, string type, ulong flags, nint data);
}
