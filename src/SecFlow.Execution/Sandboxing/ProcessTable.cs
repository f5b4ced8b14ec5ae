using System.Globalization;

namespace SecFlow.Execution.Sandboxing;

/// <summary>What the kernel tells of other processes in <c>/proc</c>.</summary>
internal static class ProcessTable
{
    // Linux shows times of processes in these steps to every program, whatever its own clock does.
    private const int TicksPerSecond = 100;

    /// <summary>Start time of a process in clock ticks since boot, so that a number used again is not taken for the same process; empty when there is none.</summary>
    public static string StartTime(int pid) => Stat(pid) is { Length: > 19 } stat ? stat[19] : "";

    /// <summary>Processor time so far; zero when there is no such process.</summary>
    public static TimeSpan Cpu(int pid) => Stat(pid) is { Length: > 12 } stat
        ? TimeSpan.FromSeconds((double)(long.Parse(stat[11], CultureInfo.InvariantCulture) + long.Parse(stat[12], CultureInfo.InvariantCulture)) / TicksPerSecond)
        : TimeSpan.Zero;

    /// <summary>A number of <c>/proc/PID/status</c>, such as <c>VmRSS:</c> in KiB; null when there is none.</summary>
    public static long? StatusLine(int pid, string name)
    {
        try
        {
            foreach (var line in File.ReadLines($"/proc/{pid.ToString(CultureInfo.InvariantCulture)}/status"))
            {
                if (line.StartsWith(name, StringComparison.Ordinal))
                {
                    return long.Parse(line.AsSpan(name.Length).Trim().TrimEnd("kB").Trim(), CultureInfo.InvariantCulture);
                }
            }
        }
        catch (IOException)
        {
            // It ended in the meantime.
        }

        return null;
    }

    /// <summary>The process and everything below it, from the top down, each with its start time and whether it stands still (or is dead already).</summary>
    public static IReadOnlyList<(int Pid, string Started, bool Stopped)> Tree(int root)
    {
        var all = new List<(int Pid, int Parent, string Started, bool Stopped)>();
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) && Stat(pid) is { Length: > 19 } stat)
            {
                all.Add((pid, int.Parse(stat[1], CultureInfo.InvariantCulture), stat[19], stat[0] is "T" or "t" or "Z" or "X"));
            }
        }

        var children = all.ToLookup(p => p.Parent);
        var tree = all.Where(p => p.Pid == root).Select(p => (p.Pid, p.Started, p.Stopped)).ToList();
        for (var i = 0; i < tree.Count; i++)
        {
            tree.AddRange(children[tree[i].Pid].Select(p => (p.Pid, p.Started, p.Stopped)));
        }

        return tree;
    }

    /// <summary>The fields after the name, which may hold anything: state is the first.</summary>
    private static string[]? Stat(int pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid.ToString(CultureInfo.InvariantCulture)}/stat");
            return stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (IOException)
        {
            return null;
        }
    }
}
