using System.Runtime.ExceptionServices;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Metrics;
using SecFlow.Execution.Sandboxing;
using SecFlow.Execution.Sandboxing.Network;

namespace SecFlow.Execution.Tools;

/// <summary>
/// Runs a tool in a sandbox of its own.
/// 1. The sandbox has the read-only system, /in, /target, a private sized /out and /tmp, an environment of four variables and a user of its own. Nothing of it is left afterwards.
/// 2. stdout and stderr are read to their end whatever happens, and kept up to the limit.
/// 3. When its time is over, or the caller cancels: SIGINT for every process, after <see cref="Grace"/> SIGKILL for all but the sandbox's process 1, which still hands out the files; then everything is killed.
/// 4. Reaching a limit is an outcome with a code, never an exception; a sandbox that cannot start is one (SF4030, SF7003).
/// </summary>
public sealed class ToolRunner(Sandbox sandbox, TimeProvider time)
{
    /// <summary>Between asking a tool to stop and killing it.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);

    internal TimeProvider Time => time;

    // Reading out the files of a tool that has ended.
    private static readonly TimeSpan _reading = TimeSpan.FromSeconds(60);

    /// <summary>Runs it to its end. Throws OperationCanceledException when <paramref name="ct"/> is cancelled (nothing runs any more by then).</summary>
    public async Task<ToolResult> RunAsync(ToolRequest request, CancellationToken ct)
    {
        using var span = SecFlowMeter.Spans.StartActivity("tool");
        span?.SetTag("secflow.tool", request.Program.Name).SetTag("secflow.tool.version", request.Program.Version);
        SecFlowMeter.SandboxExecution(request.Program.Name, sandbox.Report.Level.ToString());
        var started = time.GetTimestamp();
        await using var process = await SandboxedProcess.StartAsync(sandbox, ToolSandbox.Spec(request), ct);
        var freezer = request.Freezer ?? new SandboxFreezer(time);
        using var care = freezer.Add(process);
        var stood = freezer.StoodStill;
        using var stdout = new ToolSpool(request.Limits.OutputBytes);
        using var stderr = new ToolSpool(request.Limits.OutputBytes);
        var pumps = Task.WhenAll(stdout.DrainAsync(process.StandardOutput), stderr.DrainAsync(process.StandardError));
        ToolReport? report = null;
        try
        {
            var over = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var feed = FeedAsync(process, request.Stdin);
            var lines = request.OnLines is { } onLines ? FollowAsync(process, stdout, onLines, ct) : Task.FromResult<Exception?>(null);
            var reading = ToolReport.ReadAsync(process.Report, request.Files, request.Limits.OutputBytes, () => over.TrySetResult(), CancellationToken.None);
            var timedOut = await WaitAsync(process, over.Task, freezer, request.Timeout, ct);
            if (!await EndsAsync(reading, _reading))
            {
                process.Kill();
            }

            report = await reading;
            process.Kill();
            var exit = await process.Exit;
            await pumps;
            await feed;
            if (await lines is { } failure && !ct.IsCancellationRequested)
            {
                ExceptionDispatchInfo.Throw(failure);
            }

            ct.ThrowIfCancellationRequested();
            RequireSame(request.Program);
            return Result(request, report, exit, stdout, stderr, timedOut, time.GetElapsedTime(started) - (freezer.StoodStill - stood), request.Network is null ? null : process.NetworkCount);
        }
        catch
        {
            process.Kill();
            await pumps;
            foreach (var file in (report?.Files.Values ?? []).Append(stdout.File).Append(stderr.File))
            {
                await file.DisposeAsync();
            }

            throw;
        }
    }

    /// <summary>Until the tool has ended; true when its time was over before.</summary>
    private async Task<bool> WaitAsync(SandboxedProcess process, Task over, SandboxFreezer freezer, TimeSpan timeout, CancellationToken ct)
    {
        var ended = Task.WhenAny(over, process.Exit);
        try
        {
            await freezer.WaitAsync(ended, timeout, ct);
            return false;
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            process.Interrupt();
            if (!await EndsAsync(ended, Grace))
            {
                process.Terminate();
                if (!await EndsAsync(ended, Grace))
                {
                    process.Kill();
                }
            }

            return e is TimeoutException;
        }
    }

    private async Task<bool> EndsAsync(Task task, TimeSpan within)
    {
        try
        {
            await task.WaitAsync(within, time);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private static async Task FeedAsync(SandboxedProcess process, Stream? stdin)
    {
        try
        {
            if (stdin is not null)
            {
                await stdin.CopyToAsync(process.StandardInput);
            }

            await process.StandardInput.DisposeAsync();
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The tool has ended, or does not read: that is its affair.
        }
    }

    /// <summary>A reader of lines that fails ends the tool; its failure is the caller's.</summary>
    private static async Task<Exception?> FollowAsync(SandboxedProcess process, ToolSpool spool, Func<IReadOnlyList<string>, CancellationToken, Task> lines, CancellationToken ct)
    {
        try
        {
            await ToolLines.FollowAsync(spool, lines, ct);
            return null;
        }
        catch (Exception e)
        {
            process.Kill();
            return e;
        }
    }

    /// <summary>Exactly the file that was hashed was executed: its change time would tell anything else, between hashing and starting as well as while it ran.</summary>
    private static void RequireSame(ToolProgram program)
    {
        if (program.Identity is { } identity && Sandboxing.LinuxCalls.Identity(program.Path) != identity)
        {
            throw new SecFlowException(Codes.ToolChanged, $"The tool '{program.Name}' at {program.Path} was changed while it ran; what it said is not used. Run the node again when its installation has ended.");
        }
    }

    private static ToolResult Result(ToolRequest request, ToolReport report, SandboxExit exit, ToolSpool stdout, ToolSpool stderr, bool timedOut, TimeSpan wall, NetworkCount? network)
    {
        if (report.ExitCode is null && !timedOut && exit.End is SandboxEnd.StartFailed)
        {
            throw new SecFlowException(Codes.HostStartFailed, $"The sandbox of {request.Program.Name} did not start (exit code {exit.ExitCode}). Run 'secflow doctor'.");
        }

        var limit = ToolEnds.Limit(request, report, exit, timedOut);
        if (limit is not null || report.ExitCode is not 0)
        {
            SecFlowMeter.ToolFailure(request.Program.Name, limit?.Code ?? "exit");
        }

        if (limit is not null)
        {
            SecFlowMeter.SandboxLimit(request.Program.Name, limit.Code);
        }

        return new ToolResult
        {
            ExitCode = report.ExitCode,
            Stdout = stdout.File,
            Stderr = stderr.File,
            Files = report.Files,
            TimedOut = timedOut,
            Truncated = stdout.Truncated || stderr.Truncated || report.Truncated,
            Limit = limit,
            Network = network,
            Wall = wall,
            Cpu = exit.Cpu,
            PeakBytes = exit.PeakBytes,
        };
    }
}
