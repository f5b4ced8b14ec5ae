using System.Diagnostics;
using System.Globalization;
using SecFlow.Benchmarks.Machine;

namespace SecFlow.Benchmarks.Starts;

/// <summary>./start as a person runs it, on a free port.</summary>
internal sealed class StartedPortal : IAsyncDisposable
{
    public const string Password = "bench-Password-1";

    private readonly ForeignProcess _process;

    private StartedPortal(ForeignProcess process, Uri url, TimeSpan took) => (_process, Url, Took) = (process, url, took);

    public Uri Url { get; }

    /// <summary>From the start of the script to "SecFlow is ready at".</summary>
    public TimeSpan Took { get; }

    public static async Task<StartedPortal> StartAsync(Bench bench, string dataFolder, CancellationToken ct)
    {
        var began = Stopwatch.GetTimestamp();
        var command = bench.Portal ?? [Path.Combine(Bench.Repository, "start")];
        var process = ForeignProcess.Start(
            command[0],
            [.. command.Skip(1), "--port", FreePort.Next().ToString(CultureInfo.InvariantCulture), "--data", dataFolder],
            Bench.Repository,
            new Dictionary<string, string>(StringComparer.Ordinal) { ["SECFLOW_ADMIN_PASSWORD"] = Password });
        try
        {
            while (await process.Out.ReadLineAsync(ct) is { } line)
            {
                const string Ready = "SecFlow is ready at ";
                if (line.IndexOf(Ready, StringComparison.Ordinal) is >= 0 and var at)
                {
                    var took = Stopwatch.GetElapsedTime(began);
                    _ = process.Out.ReadToEndAsync(CancellationToken.None);
                    return new StartedPortal(process, new Uri(line[(at + Ready.Length)..].Split(' ')[0]), took);
                }
            }

            throw new InvalidOperationException("./start ended before it was ready: " + await process.ErrorsAsync());
        }
        catch
        {
            await process.StopAsync(TimeSpan.FromSeconds(20));
            await process.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _process.StopAsync(TimeSpan.FromSeconds(30));
        await _process.DisposeAsync();
    }
}
