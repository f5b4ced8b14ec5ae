namespace SecFlow.Execution.Tests.Sandboxing;

/// <summary>What sandboxes must not leave behind.</summary>
internal static class LeftOvers
{
    public static int Descriptors() => Directory.EnumerateFileSystemEntries("/proc/self/fd").Count();

    public static int TemporaryFiles() => Directory.EnumerateFileSystemEntries(Path.GetTempPath(), "secflow-sandbox-*").Count();

    /// <summary>No child of this process that is a zombie, and none named bwrap that nobody waits for (a process that another test runs just now ends by itself within a minute).</summary>
    public static async Task ShouldBeNoneAsync()
    {
        string[] left = [];
        for (var i = 0; i < 600; i++)
        {
            left = [.. Children()];
            if (left.Length == 0)
            {
                return;
            }

            await Task.Delay(100);
        }

        left.ShouldBeEmpty();
    }

    private static IEnumerable<string> Children()
    {
        var own = Environment.ProcessId.ToString();
        foreach (var folder in Directory.EnumerateDirectories("/proc").Where(path => char.IsAsciiDigit(Path.GetFileName(path)[0])))
        {
            string stat;
            try
            {
                stat = File.ReadAllText(folder + "/stat");
            }
            catch (IOException)
            {
                continue;
            }

            var rest = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            if (rest[1] == own && (rest[0] == "Z" || !IsThisProgram(folder)))
            {
                yield return stat;
            }
        }
    }

    // Tests start this program again, each for as long as it takes.
    private static bool IsThisProgram(string folder)
    {
        try
        {
            return File.ReadAllText(folder + "/cmdline").Contains("SecFlow.Execution.Tests.dll", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return true;
        }
    }
}
