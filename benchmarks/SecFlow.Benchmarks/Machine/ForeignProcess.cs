using System.Diagnostics;

namespace SecFlow.Benchmarks.Machine;

/// <summary>A program of others that is part of a measurement; killed with its children when it is disposed of.</summary>
internal sealed class ForeignProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly Task<string> _errors;

    private ForeignProcess(Process process)
    {
        _process = process;
        _errors = process.StandardError.ReadToEndAsync();
    }

    public StreamReader Out => _process.StandardOutput;

    public StreamWriter In => _process.StandardInput;

    public bool HasExited => _process.HasExited;

    public static ForeignProcess Start(string program, IEnumerable<string> arguments, string? folder = null, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo(program)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = folder ?? "",
        };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var (name, value) in environment ?? new Dictionary<string, string>(StringComparer.Ordinal))
        {
            start.Environment[name] = value;
        }

        return new ForeignProcess(Process.Start(start)!);
    }

    /// <summary>Its output when it ends well; throws with its last words otherwise.</summary>
    public static async Task<string> RunAsync(string program, IEnumerable<string> arguments, CancellationToken ct, string? folder = null, IReadOnlyDictionary<string, string>? environment = null)
    {
        await using var process = Start(program, arguments, folder, environment);
        process.In.Close();
        var output = await process.Out.ReadToEndAsync(ct);
        await process._process.WaitForExitAsync(ct);
        return process._process.ExitCode == 0 ? output : throw new InvalidOperationException($"{program} ended with {process._process.ExitCode}: {Tail(await process._errors)}");
    }

    /// <summary>Whether a program of this name is on the path.</summary>
    public static bool Exists(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Concat(["/usr/sbin", "/sbin"]).Any(folder => File.Exists(Path.Combine(folder, program)));

    public async Task<string> ErrorsAsync() => Tail(await _errors);

    /// <summary>Asks it to end and waits; it is killed with its children when it does not.</summary>
    public async Task StopAsync(TimeSpan within)
    {
        if (!_process.HasExited)
        {
            using var kill = Process.Start(new ProcessStartInfo("kill") { ArgumentList = { "-TERM", _process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture) } })!;
            await kill.WaitForExitAsync();
            using var limit = new CancellationTokenSource(within);
            try
            {
                await _process.WaitForExitAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                _process.Kill(entireProcessTree: true);
                await _process.WaitForExitAsync(CancellationToken.None);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    private static string Tail(string text) => text.Length > 500 ? text[^500..] : text;
}
