namespace SecFlow.Execution.Tests.Runs.Crashes;

/// <summary>Processes as <c>pid:start</c>, so that a number that is used again is not taken for the same process.</summary>
internal static class ProcessTree
{
    /// <summary>Every descendant of a process that lives now.</summary>
    public static IReadOnlyList<string> Below(int root)
    {
        var all = Directory.EnumerateDirectories("/proc").Select(path => Path.GetFileName(path)).Where(name => char.IsAsciiDigit(name[0])).Select(Read).OfType<Entry>().ToList();
        var below = new List<Entry>();
        var parents = new HashSet<string>(StringComparer.Ordinal) { root.ToString() };
        while (all.Where(one => parents.Contains(one.Parent) && !below.Contains(one)).ToList() is { Count: > 0 } more)
        {
            below.AddRange(more);
            parents.UnionWith(more.Select(one => one.Pid));
        }

        return [.. below.Select(one => $"{one.Pid}:{one.Start}")];
    }

    public static bool Lives(string process) => Read(process.Split(':')[0]) is { State: not ("Z" or "X") } entry && $"{entry.Pid}:{entry.Start}" == process;

    private static Entry? Read(string pid)
    {
        try
        {
            // 4711 (name with spaces) S parent ... 22nd field: start time
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return new Entry(pid, fields[0], fields[1], fields[19]);
        }
        catch (IOException)
        {
            return null;
        }
    }

    private sealed record Entry(string Pid, string State, string Parent, string Start);
}
