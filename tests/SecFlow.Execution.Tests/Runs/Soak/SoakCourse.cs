using System.Diagnostics;
using System.Globalization;
using SecFlow.Data;
using SecFlow.Execution.Tests.Runs.Crashes;
using SecFlow.TestKit;

namespace SecFlow.Execution.Tests.Runs.Soak;

/// <summary>How much.</summary>
/// <param name="Kills">Engines that are killed.</param>
/// <param name="Runs">Runs that there are at least in the end.</param>
/// <param name="Limit">Killing ends after this time, whatever came of it.</param>
internal sealed record SoakSize(int Kills, int Runs, TimeSpan Limit)
{
    /// <summary>As much as <c>./test --only soak</c> says, or little.</summary>
    public static readonly SoakSize Asked = int.TryParse(Environment.GetEnvironmentVariable("SECFLOW_SOAK_KILLS"), CultureInfo.InvariantCulture, out var kills)
        ? new(kills, 2 * kills, TimeSpan.FromMinutes(14))
        : new(2, 4, TimeSpan.FromMinutes(6));
}

/// <summary>Kills engines by SIGKILL at random moments, also while they start, and lets the last one work off what is left.</summary>
internal sealed class SoakCourse(CrashInstallation installation, int seed)
{
    private const double WhileStarting = 0.15;

    /// <summary>An engine is killed within this time after it was ready, or longer where its start took longer: on a crowded machine everything does.</summary>
    private static readonly TimeSpan _life = TimeSpan.FromSeconds(1.5);

    private readonly Random _random = new(seed);
    private readonly List<string> _processes = [];

    /// <summary>What was acknowledged: number of the request and id of its run.</summary>
    public Dictionary<int, Guid> Accepted { get; } = [];

    public int Killed { get; private set; }

    public int KilledWhileStarting { get; private set; }

    public TimeSpan Took { get; private set; }

    public static async Task<(SoakCourse Course, SoakState State)> RunAsync(DatabaseKind kind, SoakSize size, int seed)
    {
        await using var installation = await CrashInstallation.PrepareAsync(kind == DatabaseKind.Postgres ? await TestDatabase.NewPostgresAsync() : null, SoakState.Own, SoakState.Common);
        var course = new SoakCourse(installation, seed);
        var began = Stopwatch.GetTimestamp();
        while (course.Killed < size.Kills && Stopwatch.GetElapsedTime(began) < size.Limit)
        {
            await course.KillOneAsync();
        }

        await course.WorkOffAsync(Math.Max(size.Runs, course.Accepted.Count));
        course.Took = Stopwatch.GetElapsedTime(began);
        await CrashCourse.ShouldBeGoneAsync(course._processes, "any moment");
        return (course, await SoakState.ReadAsync(installation, course.Accepted));
    }

    private async Task KillOneAsync()
    {
        var started = Stopwatch.GetTimestamp();
        using var process = Start();
        var ready = new TaskCompletionSource();
        var reading = ReadAsync(process, ready);
        var errors = process.StandardError.ReadToEndAsync();
        var early = _random.NextDouble() < WhileStarting;
        if (early)
        {
            await Task.Delay(_random.Next(50, 1500));
        }
        else
        {
            await Task.WhenAny(ready.Task, reading).WaitAsync(TimeSpan.FromMinutes(2));
            var took = Stopwatch.GetElapsedTime(started);
            await Task.Delay(_random.NextDouble() * (took > _life ? took : _life));
        }

        process.HasExited.ShouldBeFalse(process.HasExited ? await errors : "");
        _processes.AddRange(ProcessTree.Below(process.Id));
        process.Kill();
        await process.WaitForExitAsync();
        await reading;
        Killed++;
        KilledWhileStarting += ready.Task.IsCompleted ? 0 : 1;
    }

    private async Task WorkOffAsync(int runs)
    {
        using var process = Start();
        var reading = ReadAsync(process, new TaskCompletionSource());
        var errors = process.StandardError.ReadToEndAsync();
        await process.StandardInput.WriteLineAsync(runs.ToString(CultureInfo.InvariantCulture));
        await process.StandardInput.FlushAsync();
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(10));
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
        }

        await reading;
        process.ExitCode.ShouldBe(0, await errors);
    }

    private Process Start()
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        foreach (var argument in new[] { typeof(SoakHost).Assembly.Location, SoakHost.Command, installation.Folder, installation.Team.ToString(), installation.Workflow.ToString(), installation.Target.ToString(), Accepted.Count.ToString(CultureInfo.InvariantCulture) })
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment[DatabaseVariable.Name] = installation.Database?.ConnectionString ?? "";
        return Process.Start(start)!;
    }

    private async Task ReadAsync(Process process, TaskCompletionSource ready)
    {
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line == SoakHost.Ready)
            {
                ready.SetResult();
            }
            else if (line.Split(' ') is [SoakHost.Accepted, var number, var id] && Guid.TryParse(id, out var run))
            {
                Accepted.Add(int.Parse(number, CultureInfo.InvariantCulture), run);
            }
        }
    }
}
