using System.Diagnostics;

namespace SecFlow.Plugins.Tests;

/// <summary>A fact that needs something of the machine; where that is missing it is skipped and says why.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class FactWithAttribute : FactAttribute
{
    /// <param name="file">A path from the repository's root that must exist, or null.</param>
    /// <param name="program">A program that must start, or null.</param>
    public FactWithAttribute(string? file, string? program)
    {
        if (file is not null && !File.Exists(Path.Combine(Repository.Root, file)))
        {
            Skip = $"{file} is not there.";
        }
        else if (program is not null && !Starts(program))
        {
            Skip = $"{program} does not start.";
        }
    }

    private static bool Starts(string program)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, "--version") { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true });
            return process is not null && process.WaitForExit(10_000) && process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
