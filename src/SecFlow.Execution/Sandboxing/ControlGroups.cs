using System.Globalization;

namespace SecFlow.Execution.Sandboxing;

/// <summary>
/// Memory and process limits by the kernel's control groups, where this process may make groups: version 2 with both controllers delegated, or version 1 hierarchies that can be written.
/// Groups of one engine lie under <c>secflow-PID-START</c>; those of dead engines are removed at the next start.
/// </summary>
internal sealed class ControlGroups
{
    private const string Root = "/sys/fs/cgroup";
    private static readonly string[] _controllers = ["memory", "pids"];
    private static int _number;
    private readonly string[] _parents;
    private readonly bool _unified;

    private ControlGroups(bool unified, string[] parents)
    {
        _unified = unified;
        _parents = parents;
    }

    public string Version => _unified ? "v2" : "v1";

    /// <summary>Tries to make a group; null with the reason when that is not possible.</summary>
    public static (ControlGroups? Groups, string Reason) Open() => Open(Root, File.Exists("/proc/self/cgroup") ? File.ReadAllLines("/proc/self/cgroup") : []);

    /// <param name="root">Where the hierarchies are mounted.</param>
    /// <param name="own">Lines of <c>/proc/self/cgroup</c>.</param>
    internal static (ControlGroups? Groups, string Reason) Open(string root, IReadOnlyList<string> own)
    {
        var (unified, candidates, why) = Candidates(root, own);
        foreach (var homes in candidates)
        {
            try
            {
                return (Make(unified, homes), $"cgroup {(unified ? "v2" : "v1")}: memory and processes of each sandbox are limited and counted as a group");
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                why = $"cgroup {(unified ? "v2" : "v1")}: a group could not be made below {homes[0]}: {e.Message}";
            }
        }

        return (null, why);
    }

    private static ControlGroups Make(bool unified, string[] homes)
    {
        foreach (var home in homes)
        {
            if (unified && !Words(Path.Combine(home, "cgroup.subtree_control")).IsSupersetOf(_controllers))
            {
                HandDown(home);
            }

            Sweep(home);
        }

        var name = $"secflow-{Environment.ProcessId}-{ProcessTable.StartTime(Environment.ProcessId)}";
        var parents = homes.Select(home => Directory.CreateDirectory(Path.Combine(home, name)).FullName).ToArray();
        if (unified)
        {
            File.WriteAllText(Path.Combine(parents[0], "cgroup.subtree_control"), "+memory +pids");
        }

        return new ControlGroups(unified, parents);
    }

    // A group with processes in it cannot hand controllers down. A delegated one (a service with Delegate=yes, a container) holds this engine: it moves into a leaf first.
    private static void HandDown(string home)
    {
        var leaf = Directory.CreateDirectory(Path.Combine(home, "engine")).FullName;
        File.WriteAllText(Path.Combine(leaf, "cgroup.procs"), Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
        File.WriteAllText(Path.Combine(home, "cgroup.subtree_control"), "+memory +pids");
    }

    /// <summary>A new group with these limits.</summary>
    public ControlGroup Create(long memoryBytes, int processes)
    {
        var name = Interlocked.Increment(ref _number).ToString(CultureInfo.InvariantCulture);
        var paths = _parents.Select(parent => Directory.CreateDirectory(Path.Combine(parent, name)).FullName).ToArray();
        var group = new ControlGroup(_unified, paths);
        group.Limit(memoryBytes, processes);
        return group;
    }

    /// <summary>Removes this engine's own folder; groups with processes in them stay.</summary>
    public void Close()
    {
        foreach (var parent in _parents)
        {
            ControlGroup.TryRemove(parent);
        }
    }

    private static (bool Unified, IReadOnlyList<string[]> Homes, string Why) Candidates(string root, IReadOnlyList<string> lines)
    {
        var own = lines.Select(line => line.Split(':', 3)).Where(parts => parts.Length == 3);
        if (File.Exists(Path.Combine(root, "cgroup.controllers")))
        {
            var path = own.FirstOrDefault(parts => parts[0] == "0")?[2] ?? "/";
            var parent = Home(Path.GetDirectoryName(path) ?? "/");
            List<string[]> homes = [];
            if (Offers(parent, "cgroup.subtree_control"))
            {
                homes.Add([parent]);
            }

            if (Offers(Home(path), "cgroup.controllers"))
            {
                homes.Add([Home(path)]);
            }

            return (true, homes, "cgroup v2 is mounted, but the memory and pids controllers are not delegated to this process");
        }

        string[] hierarchies = [.. _controllers.Select(controller => Path.Combine(root, controller)).Where(Directory.Exists)];
        return (false, hierarchies.Length == 2 ? [hierarchies] : [], "neither cgroup v2 nor the v1 memory and pids hierarchies are mounted");

        string Home(string group) => group == "/" ? root : root + group;

        static bool Offers(string home, string file) => File.Exists(Path.Combine(home, file)) && Words(Path.Combine(home, file)).IsSupersetOf(_controllers);
    }

    private static HashSet<string> Words(string file) => [.. File.ReadAllText(file).Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries)];

    private static void Sweep(string home)
    {
        foreach (var folder in Directory.EnumerateDirectories(home, "secflow-*"))
        {
            var parts = Path.GetFileName(folder).Split('-');
            if (parts.Length == 3 && int.TryParse(parts[1], out var pid) && ProcessTable.StartTime(pid) != parts[2])
            {
                foreach (var group in Directory.EnumerateDirectories(folder))
                {
                    ControlGroup.KillAll(group);
                    ControlGroup.TryRemove(group);
                }

                ControlGroup.TryRemove(folder);
            }
        }
    }
}

/// <summary>The group of one sandbox.</summary>
internal sealed class ControlGroup(bool unified, string[] paths)
{
    public void Limit(long memoryBytes, int processes)
    {
        if (unified)
        {
            Write("memory.max", memoryBytes);
            Write("memory.swap.max", 0, optional: true);
            Write("pids.max", processes);
        }
        else
        {
            Write("memory.limit_in_bytes", memoryBytes);
            Write("memory.memsw.limit_in_bytes", memoryBytes, optional: true);
            Write("pids.max", processes);
        }
    }

    /// <summary>Moves a process that has no children yet into the group.</summary>
    public void Add(int pid)
    {
        foreach (var path in paths)
        {
            File.WriteAllText(Path.Combine(path, "cgroup.procs"), pid.ToString(CultureInfo.InvariantCulture));
        }
    }

    /// <summary>Freezes or thaws every process of the group; false where the kernel has no such switch.</summary>
    public bool TrySetFrozen(bool frozen)
    {
        if (!unified || !File.Exists(Path.Combine(paths[0], "cgroup.freeze")))
        {
            return false;
        }

        File.WriteAllText(Path.Combine(paths[0], "cgroup.freeze"), frozen ? "1" : "0");
        return true;
    }

    /// <summary>Highest use of memory, bytes; 0 when the kernel does not tell.</summary>
    public long PeakBytes() => long.TryParse(Read(unified ? "memory.peak" : "memory.max_usage_in_bytes"), out var bytes) ? bytes : 0;

    /// <summary>Whether the kernel killed a process of the group because of memory.</summary>
    public bool OutOfMemory() =>
        Read(unified ? "memory.events" : "memory.oom_control").Split('\n').Any(line => line.StartsWith("oom_kill ", StringComparison.Ordinal) && line.Split(' ')[1].Trim() != "0");

    /// <summary>Whether a process could not be started because of the group's limit.</summary>
    public bool OutOfProcesses() =>
        Read("pids.events").Split('\n').Any(line => line.StartsWith("max ", StringComparison.Ordinal) && line[4..].Trim() != "0");

    /// <summary>Removes the group once its processes are gone.</summary>
    public void Remove(TimeProvider time)
    {
        var started = time.GetTimestamp();
        while (!paths.Select(TryRemove).Aggregate(true, (all, one) => all && one) && time.GetElapsedTime(started) < TimeSpan.FromSeconds(2))
        {
            Thread.Yield();
        }
    }

    /// <summary>Kills what is left in the group of a dead engine.</summary>
    internal static void KillAll(string path)
    {
        // A process of another process namespace is shown as 0: not ours to kill.
        var file = Path.Combine(path, "cgroup.procs");
        foreach (var line in File.Exists(file) ? File.ReadAllLines(file) : [])
        {
            if (int.TryParse(line, CultureInfo.InvariantCulture, out var pid) && pid > 0)
            {
                LinuxCalls.Kill(pid, LinuxCalls.SigKill);
            }
        }
    }

    /// <summary>True when the folder is gone.</summary>
    internal static bool TryRemove(string path)
    {
        try
        {
            if (Directory.Exists(path))
            {
                LinuxCalls.RemoveFolder(path);
            }

            return !Directory.Exists(path);
        }
        catch (IOException)
        {
            return false;
        }
    }

    private string Read(string name)
    {
        var file = paths.Select(path => Path.Combine(path, name)).FirstOrDefault(File.Exists);
        return file is null ? "" : File.ReadAllText(file).Trim();
    }

    private void Write(string name, long value, bool optional = false)
    {
        var file = paths.Select(path => Path.Combine(path, name)).FirstOrDefault(File.Exists);
        if (file is not null)
        {
            File.WriteAllText(file, value.ToString(CultureInfo.InvariantCulture));
        }
        else if (!optional)
        {
            throw new IOException($"The control group has no {name}.");
        }
    }
}
