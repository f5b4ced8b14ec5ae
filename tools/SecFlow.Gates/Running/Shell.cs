using System.Diagnostics;
using System.Text;

namespace SecFlow.Gates.Running;

/// <summary>How a program ended, and its last lines.</summary>
internal sealed record ShellResult(int ExitCode, string Output, TimeSpan Wall)
{
    public bool Succeeded => ExitCode == 0;

    /// <summary>The last lines, for a report.</summary>
    public string Tail(int lines) => string.Join('\n', Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).TakeLast(lines));
}

/// <summary>Runs programs and never leaves one behind: the tree is killed at the time limit and when this process is asked to stop.</summary>
internal static class Shell
{
    private const int OutputCharactersKept = 4_000_000;
    private static readonly Lock Gate = new();
    private static readonly HashSet<Process> Running = [];
    private static volatile bool _stopping;

    /// <summary>Exit code of a program that was killed at its time limit, as `timeout` has it.</summary>
    public const int TimedOut = 124;

    /// <summary>Exit code of a program that is not there, as a shell has it.</summary>
    public const int NotFound = 127;

    /// <summary>Exit code after Ctrl-C, as a shell has it.</summary>
    public const int Stopped = 130;

    public static async Task<ShellResult> RunAsync(string folder, TimeSpan limit, string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null, bool cleaningUp = false)
    {
        if (_stopping && !cleaningUp)
        {
            return new ShellResult(Stopped, "stopped", TimeSpan.Zero);
        }

        var start = new ProcessStartInfo(program) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true, UseShellExecute = false };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var (name, value) in environment ?? new Dictionary<string, string>(StringComparer.Ordinal))
        {
            start.Environment[name] = value;
        }

        // Servers of the compiler would outlive the run and keep the pipes open.
        start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        start.Environment["DOTNET_NOLOGO"] = "1";
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";

        // Code that counts its own calls pays off after minutes; tests start hundreds of programs that live for seconds.
        start.Environment["DOTNET_TieredPGO"] = "0";

        var watch = Stopwatch.StartNew();
        using var process = new Process { StartInfo = start };
        var output = new StringBuilder();
        process.OutputDataReceived += (_, line) => Append(output, line.Data);
        process.ErrorDataReceived += (_, line) => Append(output, line.Data);
        try
        {
            process.Start();
        }
        catch (System.ComponentModel.Win32Exception missing)
        {
            return new ShellResult(NotFound, $"{program}: {missing.Message}", watch.Elapsed);
        }

        process.StandardInput.Close();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        lock (Gate)
        {
            Running.Add(process);
        }

        try
        {
            using var timeout = new CancellationTokenSource(limit);
            await process.WaitForExitAsync(timeout.Token).ConfigureAwait(false);
            lock (output)
            {
                return new ShellResult(process.ExitCode, output.ToString(), watch.Elapsed);
            }
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            lock (output)
            {
                return new ShellResult(TimedOut, $"{output}\nkilled after {limit.TotalSeconds:0} s", watch.Elapsed);
            }
        }
        finally
        {
            lock (Gate)
            {
                Running.Remove(process);
            }
        }
    }

    /// <summary>Kills every tree that is running and starts nothing more but what cleans up: for Ctrl-C and SIGTERM.</summary>
    public static void Stop()
    {
        _stopping = true;
        lock (Gate)
        {
            foreach (var process in Running.Where(p => !p.HasExited))
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }

    private static void Append(StringBuilder output, string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (output)
        {
            if (output.Length < OutputCharactersKept)
            {
                output.AppendLine(line);
            }
        }
    }
}
