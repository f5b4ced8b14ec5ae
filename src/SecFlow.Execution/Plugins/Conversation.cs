using System.Text;
using SecFlow.Data.Runs;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Sandboxing;
using SecFlow.PluginProtocol;

namespace SecFlow.Execution.Plugins;

/// <summary>
/// One work with a plugin host, from <c>start</c> to its end. Every frame of the host is hostile input.
/// 1. Frames are handled one by one in their order; the host waits while the engine is busy (credit, answers).
/// 2. Wall time, processor time, silence and cancellation are watched beside it; whichever strikes first kills the process, and the reading ends by that.
/// 3. What the protocol does not allow (unknown verdicts, more records than credit, calls out of order, floods) is a violation.
/// 4. While its run is paused the host gets no answer, and no time passes for it.
/// 5. Silence counts only while the engine waits for the host, never while the host waits for the engine.
/// </summary>
internal sealed class Conversation : IAsyncDisposable
{
    private static readonly Dictionary<string, Verdict> _verdicts = new(StringComparer.Ordinal)
    {
        ["completed"] = Verdict.Completed,
        ["partial"] = Verdict.Partial,
        ["unreachable"] = Verdict.Unreachable,
        ["misused"] = Verdict.Misused,
        ["failed"] = Verdict.Failed,
    };

    private readonly SandboxedHost _host;
    private readonly SandboxedProcess _process;
    private readonly TimeSpan _cpuBefore;
    private readonly PluginWork _work;
    private readonly IPluginOutput _output;
    private readonly Broker _broker;
    private readonly SessionLimits _limits;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly Dictionary<string, long> _records = new(StringComparer.Ordinal);
    private readonly SandboxFreezer _freezer;
    private readonly long _started;
    private readonly TimeSpan _stoodStill;
    private long _waitingSince;
    private TimeSpan _stoodWaiting;
    private volatile SessionEnd? _struck;
    private int _credit = SessionLimits.Credit;
    private int _lastCall;
    private int _frames;
    private int _verdictCount;
    private int _logLines;
    private long _lastProgress;

    public Conversation(SandboxedHost host, PluginWork work, IPluginOutput output, Broker broker, SessionLimits limits, TimeProvider time)
    {
        (_host, _process, _work, _output, _broker, _limits, _time) = (host, host.Process, work, output, broker, limits, time);
        _cpuBefore = host.Cpu;
        _freezer = work.Freezer ?? new SandboxFreezer(time);
        (_started, _stoodStill) = (time.GetTimestamp(), _freezer.StoodStill);
    }

    /// <summary>The host's last word; null when it ended without one.</summary>
    public DoneMessage? Done { get; private set; }

    public async Task<SessionEnd> RunAsync(StartMessage start, CancellationToken ct)
    {
        using var cancelled = ct.Register(() => _ = CancelAsync());
        await using var watch = _time.CreateTimer(_ => Watch(), null, TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(100));
        try
        {
            await SendAsync(start, _stop.Token);
            while (await NextAsync() is { } message)
            {
                if (message is DoneMessage done)
                {
                    Done = done;
                    return _struck ?? SessionEnds.Of(done);
                }

                await _freezer.WhenThawedAsync(_stop.Token);
                if (await HandleAsync(message) is { } end)
                {
                    _process.Kill();
                    return _struck ?? end;
                }
            }

            return _struck ?? SessionEnds.Of(await _process.Exit);
        }
        catch (OperationCanceledException) when (_struck is not null || ct.IsCancellationRequested)
        {
            return _struck ?? new SessionEnd(null);
        }
        catch (ProtocolException e)
        {
            return _struck ?? await AfterBreachAsync(e);
        }
        catch (IOException)
        {
            // the process is gone while something was being written to it
            return _struck ?? SessionEnds.Of(await GoneAsync());
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _stop.Dispose();
    }

    /// <summary>One frame at a time: a cancellation may come in the middle of an answer.</summary>
    private async Task SendAsync(EngineMessage message, CancellationToken ct)
    {
        await _writing.WaitAsync(ct);
        try
        {
            await Frames.WriteAsync(_process.StandardInput, message, ct);
        }
        finally
        {
            _writing.Release();
        }
    }

    private async Task<HostMessage?> NextAsync()
    {
        _stoodWaiting = _freezer.StoodStill;
        Volatile.Write(ref _waitingSince, _time.GetTimestamp());
        try
        {
            return await Frames.ReadHostMessageAsync(_process.StandardOutput, _stop.Token);
        }
        finally
        {
            Volatile.Write(ref _waitingSince, 0);
        }
    }

    private void Watch()
    {
        if (_struck is not null)
        {
            return;
        }

        var since = Volatile.Read(ref _waitingSince);
        if (_time.GetElapsedTime(_started) - (_freezer.StoodStill - _stoodStill) >= _work.Timeout)
        {
            Strike(SessionEnds.Limit(Codes.LimitWall, "wall", $"The plugin did not finish within {_work.Timeout.TotalSeconds:0.#} s and was killed."));
        }
        else if (_host.Cpu - _cpuBefore >= TimeSpan.FromSeconds(_limits.CpuSeconds))
        {
            Strike(SessionEnds.Limit(Codes.LimitCpu, "cpu", "The plugin used up its processor time."));
        }
        else if (since != 0 && _time.GetElapsedTime(since) - (_freezer.StoodStill - _stoodWaiting) >= _limits.Silent)
        {
            Strike(SessionEnds.Limit(Codes.LimitSilent, "silent", $"The plugin host said nothing for {_limits.Silent.TotalSeconds:0.#} s and was killed."));
        }
    }

    /// <summary>Ends the work now, whatever it is doing.</summary>
    public void Strike(SessionEnd end)
    {
        _struck ??= end;
        _process.Kill();
        _stop.Cancel();
    }

    private async Task CancelAsync()
    {
        try
        {
            // a plugin that asks ctx.cancelled() may clean up; one that does not is killed
            await SendAsync(new CancelMessage(), CancellationToken.None).WaitAsync(SessionLimits.CancelGrace, _time);
            await _process.Exit.WaitAsync(SessionLimits.CancelGrace, _time);
        }
        catch (Exception e) when (e is TimeoutException or IOException or ObjectDisposedException)
        {
            // it did not listen
        }

        _process.Kill();
        try
        {
            await _stop.CancelAsync();
        }
        catch (ObjectDisposedException)
        {
            // the work has ended by itself in the meantime
        }
    }

    /// <summary>A frame cut off by the death of its writer is told by how it died; anything else is a breach.</summary>
    private async Task<SessionEnd> AfterBreachAsync(ProtocolException breach)
    {
        var exit = await GoneAsync();
        return exit.End is SandboxEnd.Killed || (exit.End == SandboxEnd.Exited && exit.ExitCode == HostExitCodes.Normal)
            ? SessionEnds.Breach(breach.Message)
            : SessionEnds.Of(exit);
    }

    /// <summary>How it ended when it is ending by itself, else after killing it.</summary>
    private async Task<SandboxExit> GoneAsync()
    {
        try
        {
            return await _process.Exit.WaitAsync(TimeSpan.FromMilliseconds(300), _time);
        }
        catch (TimeoutException)
        {
            _process.Kill();
            return await _process.Exit;
        }
    }

    private async Task<SessionEnd?> HandleAsync(HostMessage message)
    {
        if (++_frames > SessionLimits.Frames)
        {
            return SessionEnds.Limit(Codes.LimitOutput, "frames", $"The plugin sent more than {SessionLimits.Frames} messages.");
        }

        return message switch
        {
            EmitMessage emit => await EmitAsync(emit),
            CallMessage call => await CallAsync(call),
            VerdictMessage verdict => await VerdictAsync(verdict),
            LogMessage log => await LogAsync(log),
            ProgressMessage progress => await ProgressAsync(progress),
            AliveMessage => null,
            _ => SessionEnds.Breach($"a '{message.GetType().Name}' makes no sense here."),
        };
    }

    private async Task<SessionEnd?> EmitAsync(EmitMessage emit)
    {
        _credit -= emit.Records?.Count ?? int.MaxValue;
        if (_credit < 0 || emit.Records is not { Count: > 0 } || emit.Port is not { Length: > 0 and <= 64 })
        {
            return SessionEnds.Breach("it emits more records than it has credit for, or none.");
        }

        var before = _records.GetValueOrDefault(emit.Port);
        var count = _records[emit.Port] = before + emit.Records.Count;
        var most = emit.Port == "findings" ? Limits.FindingsPerNode.Default : Limits.RecordsPerDataset.Default;
        if (count > most || _records.Count > 64)
        {
            if (before < most && _records.Count <= 64)
            {
                // up to the limit they count
                await _output.EmitAsync(emit.Port, [.. emit.Records.Take((int)(most - before))], _stop.Token);
            }

            return SessionEnds.Limit(Codes.LimitRecords, "records", $"The plugin emitted more than {most} records to '{Shown(emit.Port)}', or to more than 64 ports.");
        }

        await _output.EmitAsync(emit.Port, emit.Records, _stop.Token);
        _credit += emit.Records.Count;
        await SendAsync(new CreditMessage(emit.Records.Count), _stop.Token);
        return null;
    }

    private async Task<SessionEnd?> CallAsync(CallMessage call)
    {
        if (call.Id <= _lastCall)
        {
            return SessionEnds.Breach("its calls are out of order.");
        }

        _lastCall = call.Id;
        if (await _broker.AnswerAsync(call, _stop.Token) is not { } answer)
        {
            return SessionEnds.Breach("it calls a method that does not exist.");
        }

        if (_broker.RefusedCalls > SessionLimits.RefusedCalls)
        {
            return SessionEnds.Limit(Codes.LimitRefusedCalls, "refused", $"The plugin went on after {SessionLimits.RefusedCalls} refused calls.");
        }

        await SendAsync(answer, _stop.Token);
        return null;
    }

    private async Task<SessionEnd?> VerdictAsync(VerdictMessage verdict)
    {
        if (verdict.Kind is null || !_verdicts.TryGetValue(verdict.Kind, out var kind) || verdict.Checks is not { Count: <= 10_000 } || verdict.Target?.Length > 4096
            || verdict.Checks.Any(c => c is not { Length: <= 200 }))
        {
            return SessionEnds.Breach("a verdict has not the form of one.");
        }

        if (++_verdictCount > SessionLimits.Verdicts)
        {
            return SessionEnds.Limit(Codes.LimitOutput, "verdicts", $"The plugin gave more than {SessionLimits.Verdicts} verdicts.");
        }

        await _output.VerdictAsync(kind, Shown(verdict.Reason ?? "", 1000), verdict.Target, verdict.Checks, _stop.Token);
        return null;
    }

    private async Task<SessionEnd?> LogAsync(LogMessage log)
    {
        if (log.Level is not ("debug" or "info" or "warn" or "error") || log.Text is null || Encoding.UTF8.GetByteCount(log.Text) > 4 * Limits.LogLineBytes.Default)
        {
            return SessionEnds.Breach("a log line has not the form of one.");
        }

        if (++_logLines <= SessionLimits.LogLines)
        {
            await _output.LogAsync(log.Level, Shown(log.Text, (int)Limits.LogLineBytes.Default), _stop.Token);
        }
        else if (_logLines == SessionLimits.LogLines + 1)
        {
            await _output.LogAsync("warn", $"Further log lines are dropped: a node keeps {SessionLimits.LogLines}.", _stop.Token);
        }

        return null;
    }

    private async Task<SessionEnd?> ProgressAsync(ProgressMessage progress)
    {
        if (!double.IsFinite(progress.Percent) || progress.Text is null)
        {
            return SessionEnds.Breach("a progress message has not the form of one.");
        }

        // at most ten a second are worth anybody's while; the last one counts
        var now = _time.GetTimestamp();
        if (_lastProgress == 0 || progress.Percent >= 100 || _time.GetElapsedTime(_lastProgress, now) >= TimeSpan.FromMilliseconds(100))
        {
            _lastProgress = now;
            await _output.ProgressAsync(Math.Clamp(progress.Percent, 0, 100), Shown(progress.Text, 200), _stop.Token);
        }

        return null;
    }

    /// <summary>Text of a plugin for people: bounded, without control characters other than line feed and tab.</summary>
    private static string Shown(string text, int most = 64)
    {
        var cut = text.Length > most ? text[..(char.IsHighSurrogate(text[most - 1]) ? most - 1 : most)] : text;
        return cut.Any(IsControl) ? new string([.. cut.Select(c => IsControl(c) ? '?' : c)]) : cut;
    }

    private static bool IsControl(char c) => char.IsControl(c) && c is not ('\n' or '\t');
}
