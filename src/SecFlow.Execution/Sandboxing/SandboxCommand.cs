using System.Globalization;

namespace SecFlow.Execution.Sandboxing;

/// <summary>Programs of the system that make a sandbox; absolute paths, null when missing.</summary>
internal sealed record SandboxPrograms(string? Bubblewrap, string? Prlimit, string? Setpriv)
{
    private static readonly string[] Folders = ["/usr/bin", "/bin", "/usr/sbin", "/usr/local/bin", "/run/current-system/sw/bin"];

    public static SandboxPrograms Find() => new(Find("bwrap"), Find("prlimit"), Find("setpriv"));

    internal static string? Find(string name) => Folders.Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
}

/// <summary>
/// The command line of one sandbox (measured flags, see docs/security/threat-model.md).
/// 1. <c>setpriv</c> first when the engine is root: limits of processes and ownership depend on the real user. Each start takes the next user id of a range that nobody uses.
/// 2. <c>prlimit</c> next: data segment, processor seconds (hard = soft, because process 1 ignores SIGXCPU), files, no core.
/// 3. <c>bwrap</c> with an empty environment of its own and the payload as process 1: else the payload sees the engine's environment in /proc/1 and bubblewrap leaves zombies.
/// 4. The root and /dev are remounted read-only; the one writable place is a sized tmpfs.
/// </summary>
internal static class SandboxCommand
{
    public const int StatusFd = 8;
    public const int FilterFd = 9;
    public const int BlockFd = 10;

    // With their number: files that are copied in; below 64, where the engine's own ends begin.
    public const int FirstCopyFd = 16;
    public const int MostCopies = 40;

    // 60578-61183 are left alone by Debian's policy and by systemd.
    private const int FirstUser = 60600;
    private const int Users = 512;
    private static int _users;

    public static int NextUser() => FirstUser + (int)((uint)Interlocked.Increment(ref _users) % Users);

    /// <summary>Whether the payload is held back until it is in its control group. One that takes its own rights away is not: it gets nothing to read before (<see cref="SandboxedProcess.StartAsync(Sandbox, SandboxSpec, CancellationToken)"/>).</summary>
    public static bool Holds(SandboxSpec spec, bool grouped) => grouped && !spec.ConfinesItself;

    /// <summary>Bubblewrap around the payload (levels 2 and 3); <paramref name="enter"/> = the command that enters another network first.</summary>
    public static List<string> Confined(SandboxPrograms programs, SandboxSpec spec, bool grouped, IReadOnlyList<string>? enter = null)
    {
        var line = Outside(programs, spec, diesWithParent: false, NumberOfProcesses(spec, grouped));
        line.AddRange(enter ?? []);
        line.AddRange([programs.Bubblewrap!, "--as-pid-1", "--unshare-user", "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--clearenv", "--hostname", "sandbox"]);

        // The holder of a network keeps the one user namespace that owns it: a second one below, as for everyone else, would have no rights over the rules.
        line.AddRange(spec.HoldsNetwork ? ["--uid", "0", "--gid", "0", "--cap-add", "CAP_NET_ADMIN"] : ["--uid", "65534", "--gid", "65534", "--disable-userns"]);
        if (enter is not null)
        {
            line.Add("--share-net");
        }

        foreach (var (name, value) in spec.Environment.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            line.AddRange(["--setenv", name, value]);
        }

        var limiter = programs.Prlimit!;
        var readOnly = new SortedDictionary<string, string>(spec.ReadOnly.ToDictionary(StringComparer.Ordinal), StringComparer.Ordinal);
        if (!LinuxCalls.IsRoot)
        {
            readOnly.TryAdd(limiter, limiter);
        }

        foreach (var (inside, outside) in readOnly)
        {
            line.AddRange(["--ro-bind", outside, inside]);
        }

        foreach (var (link, target) in spec.Links.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            line.AddRange(["--symlink", target, link]);
        }

        var copy = FirstCopyFd;
        foreach (var (inside, _) in spec.Copies.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            line.AddRange(["--perms", "0444", "--ro-bind-data", Text(copy++), inside]);
        }

        line.AddRange(["--proc", "/proc", "--dev", "/dev", "--size", Text(spec.ScratchBytes), "--tmpfs", "/tmp"]);
        foreach (var (folder, bytes) in spec.Writable.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            line.AddRange(["--size", Text(bytes), "--tmpfs", folder]);
        }

        foreach (var folder in spec.Folders)
        {
            line.AddRange(["--dir", folder]);
        }

        line.AddRange(["--chdir", spec.WorkingDirectory, "--remount-ro", "/dev", "--remount-ro", "/"]);
        line.AddRange(["--json-status-fd", Text(StatusFd), "--seccomp", Text(FilterFd)]);
        if (Holds(spec, grouped))
        {
            line.AddRange(["--block-fd", Text(BlockFd)]);
        }

        // Without root the real user is the person who runs the engine, with any number of processes outside. Inside the new user namespace the kernel counts only the sandbox.
        if (!LinuxCalls.IsRoot)
        {
            line.AddRange(["--", limiter, $"--nproc={Text(NumberOfProcesses(spec, grouped))}"]);
        }

        line.AddRange(["--", spec.Program, .. spec.Arguments]);
        return line;
    }

    /// <summary>No bubblewrap (level 1): the payload confines itself; we only take away rights and set limits.</summary>
    public static List<string> SelfConfined(SandboxPrograms programs, SandboxSpec spec)
    {
        var line = Outside(programs, spec, diesWithParent: true, spec.Processes);
        line.AddRange([spec.Program, .. spec.Arguments]);
        return line;
    }

    private static List<string> Outside(SandboxPrograms programs, SandboxSpec spec, bool diesWithParent, int processes)
    {
        var line = new List<string>(spec.Before);
        if (LinuxCalls.IsRoot)
        {
            var user = Text(spec.User ?? NextUser());
            line.AddRange([programs.Setpriv!, "--reuid", user, "--regid", user, "--clear-groups", "--inh-caps=-all"]);
        }

        if (diesWithParent)
        {
            line.AddRange(LinuxCalls.IsRoot ? [] : [programs.Setpriv!]);
            line.AddRange(["--no-new-privs", "--pdeathsig", "KILL"]);
        }

        if (diesWithParent || LinuxCalls.IsRoot)
        {
            line.Add("--");
        }

        line.AddRange([programs.Prlimit!, $"--data={Text(spec.DataBytes)}", $"--cpu={Text(spec.CpuSeconds)}:{Text(spec.CpuSeconds)}", $"--nofile={Text(spec.OpenFiles)}", "--core=0"]);
        if (spec.FileBytes is { } fileBytes)
        {
            line.Add($"--fsize={Text(fileBytes)}");
        }

        if (LinuxCalls.IsRoot)
        {
            line.Add($"--nproc={Text(processes)}");
        }

        line.Add("--");
        return line;
    }

    // Where a control group counts, it strikes first: it says so, and the user's limit does not.
    private static int NumberOfProcesses(SandboxSpec spec, bool grouped) => spec.Processes + (grouped ? 16 : 0);

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
