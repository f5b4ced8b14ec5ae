using System.Text.Json;

namespace SecFlow.Execution.Sandboxing;

// long: one process from its start to its end, all of it under one lock
/// <summary>What the watcher saw of a process that has ended.</summary>
/// <param name="ExitCode">128 + signal when a signal ended it.</param>
/// <param name="Started">Whether the payload was executed.</param>
/// <param name="Killed">Whether we killed it.</param>
/// <param name="OutOfMemory">Whether the control group's memory limit killed it or a process of its tree.</param>
/// <param name="OutOfProcesses">Whether the control group refused a process.</param>
internal sealed record SandboxEnded(int ExitCode, bool Started, bool Killed, bool OutOfMemory, bool OutOfProcesses, TimeSpan Cpu, long PeakBytes);

/// <summary>
/// Waits for one process: reads bubblewrap's status lines, puts the payload into its group, samples its memory, reaps it.
/// 1. bubblewrap writes <c>{"child-pid": N, ...}</c> when the payload's process exists and <c>{"exit-code": N}</c> when it ended. No second line: it was never executed.
/// 2. Only a process descriptor that was checked to be bubblewrap's child is killed: a number alone may have been used again.
/// 3. A payload that is held back begins once it is in its group; one that is not held back is killed when it cannot be put there, and <see cref="Payload"/> completes after that.
/// 4. Peak memory is sampled, because the kernel's own figure begins with the memory of the engine that it was started from; the group's figure is used where there is one.
/// </summary>
internal sealed class SandboxWatch
{
    private const int FirstSampleMilliseconds = 2;
    private const int SampleMilliseconds = 100;
    private const int MostFreezeRounds = 200;
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(2);

    private readonly Lock _gate = new();
    private readonly TaskCompletionSource<SandboxEnded> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<int> _payload = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SandboxMeans _means;
    private readonly ControlGroup? _group;
    private readonly bool _bubblewrap;
    private readonly int _processFd;
    private int _statusFd;
    private int _releaseFd;
    private int _childFd = -1;
    private int _childPid;
    private int? _exitCode;
    private string _lines = "";
    private long _peak;
    private long _killedAt;
    private bool _reaped;
    private bool _grouped = true;
    private bool _frozen;

    public SandboxWatch(int pid, SandboxMeans means, ControlGroup? group, int statusFd, int releaseFd)
    {
        Id = pid;
        _means = means;
        _group = group;
        _bubblewrap = statusFd >= 0;
        _statusFd = statusFd;
        _releaseFd = releaseFd;
        _processFd = LinuxCalls.OpenProcess(pid);
        if (!_bubblewrap)
        {
            _childPid = pid;
        }

        new Thread(Run, 256 * 1024) { IsBackground = true, Name = "secflow sandbox watch" }.Start();
    }

    public int Id { get; }

    public Task<SandboxEnded> Ended => _ended.Task;

    /// <summary>Process id of the payload's process 1, once it is there and in its group; 0 when it ended before.</summary>
    public Task<int> Payload => _payload.Task;

    public TimeSpan Cpu
    {
        get
        {
            lock (_gate)
            {
                return _reaped || _childPid == 0 ? TimeSpan.Zero : ProcessTable.Cpu(_childPid);
            }
        }
    }

    public long ResidentBytes
    {
        get
        {
            lock (_gate)
            {
                return _reaped || _childPid == 0 ? 0 : (ProcessTable.StatusLine(_childPid, "VmRSS:") ?? 0) * 1024;
            }
        }
    }

    public void Kill()
    {
        lock (_gate)
        {
            if (_reaped || _killedAt != 0)
            {
                return;
            }

            _killedAt = _means.Time.GetTimestamp();
            KillPayload();
        }
    }

    /// <summary>Sends a signal to the payload's process 1, which gets only those that it has a handler for. False when it is not there (yet, or any more).</summary>
    public bool Signal(int signal)
    {
        lock (_gate)
        {
            return !_reaped && _childFd >= 0 && LinuxCalls.SignalProcess(_childFd, signal);
        }
    }

    /// <summary>The payload stands still; one that is not there yet will when it comes.</summary>
    public void Freeze()
    {
        lock (_gate)
        {
            _frozen = true;
            FreezePayload();
        }
    }

    public void Thaw()
    {
        lock (_gate)
        {
            _frozen = false;
            if (_reaped || _childPid == 0 || Switched(frozen: false))
            {
                return;
            }

            // From the bottom up: a parent does not see its children stand.
            foreach (var (pid, started, _) in ProcessTable.Tree(_childPid).Reverse())
            {
                Signal(pid, started, LinuxCalls.SigContinue);
            }
        }
    }

    private void FreezePayload()
    {
        if (_reaped || _childPid == 0 || _killedAt != 0 || Switched(frozen: true))
        {
            return;
        }

        // A process may have forked between the look and the signal: looked at again until all stand.
        for (var round = 0; round < MostFreezeRounds; round++)
        {
            var moving = ProcessTable.Tree(_childPid).Where(p => !p.Stopped).ToList();
            if (moving.Count == 0)
            {
                return;
            }

            foreach (var (pid, started, _) in moving)
            {
                Signal(pid, started, LinuxCalls.SigStop);
            }

            _ = LinuxCalls.Poll([], 1);
        }
    }

    private bool Switched(bool frozen)
    {
        try
        {
            return _group?.TrySetFrozen(frozen) ?? false;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The group went away with its processes, or may not be switched: signals do it.
            return false;
        }
    }

    // The descriptor first: what is compared is then what gets the signal.
    private static void Signal(int pid, string started, int signal)
    {
        var process = LinuxCalls.OpenProcess(pid);
        if (ProcessTable.StartTime(pid) == started)
        {
            _ = process >= 0 ? LinuxCalls.SignalProcess(process, signal) : LinuxCalls.Kill(pid, signal);
        }

        LinuxCalls.Close(process);
    }

    private void Run()
    {
        try
        {
            var usage = WaitForEnd();
            var peak = Math.Max(Math.Max(_peak, _group?.PeakBytes() ?? 0), usage.MaxRssBytes > HighWater(Environment.ProcessId) ? usage.MaxRssBytes : 0);
            var outOfMemory = _group?.OutOfMemory() ?? false;
            var outOfProcesses = _group?.OutOfProcesses() ?? false;
            _group?.Remove(_means.Time);
            _ended.SetResult(new SandboxEnded(_exitCode ?? usage.ExitCode, !_bubblewrap || (_exitCode is not null && _grouped), _killedAt != 0, outOfMemory, outOfProcesses, usage.Cpu, peak));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or System.ComponentModel.Win32Exception or JsonException)
        {
            // Something outside went wrong (the group vanished, the status was cut): the process must not outlive its watch.
            LinuxCalls.Kill(Id, LinuxCalls.SigKill);
            if (!_reaped)
            {
                _ = LinuxCalls.Wait(Id, block: true);
            }

            _group?.Remove(_means.Time);
            _ended.TrySetResult(new SandboxEnded(1, Started: false, _killedAt != 0, OutOfMemory: false, OutOfProcesses: false, TimeSpan.Zero, _peak));
        }
        finally
        {
            _payload.TrySetResult(0);
            LinuxCalls.Close(_processFd);
            LinuxCalls.Close(_childFd);
            LinuxCalls.Close(_statusFd);
            LinuxCalls.Close(_releaseFd);
        }
    }

    private LinuxCalls.WaitResult WaitForEnd()
    {
        var pause = FirstSampleMilliseconds;
        Span<LinuxCalls.PollFd> fds = stackalloc LinuxCalls.PollFd[2];
        while (true)
        {
            fds[0] = new LinuxCalls.PollFd { Fd = _processFd, Events = LinuxCalls.PollIn };
            fds[1] = new LinuxCalls.PollFd { Fd = _statusFd, Events = LinuxCalls.PollIn };
            _ = LinuxCalls.Poll(fds, pause);
            pause = Math.Min(pause * 2, SampleMilliseconds);
            if (fds[1].Revents != 0)
            {
                ReadStatus();
            }

            _peak = Math.Max(_peak, HighWater(_childPid));
            lock (_gate)
            {
                if (_killedAt != 0 && _means.Time.GetElapsedTime(_killedAt) > StartPatience)
                {
                    LinuxCalls.Kill(Id, LinuxCalls.SigKill);
                }

                if (LinuxCalls.Wait(Id, block: false) is { } usage)
                {
                    _reaped = true;
                    while (_statusFd >= 0)
                    {
                        ReadStatus();
                    }

                    return usage;
                }
            }
        }
    }

    private void ReadStatus()
    {
        Span<byte> buffer = stackalloc byte[1024];
        var read = LinuxCalls.Read(_statusFd, buffer);
        if (read <= 0)
        {
            LinuxCalls.Close(_statusFd);
            _statusFd = -1;
            return;
        }

        _lines += System.Text.Encoding.UTF8.GetString(buffer[..read]);
        while (_lines.IndexOf('\n', StringComparison.Ordinal) is var end and >= 0)
        {
            using var line = JsonDocument.Parse(_lines[..end]);
            _lines = _lines[(end + 1)..];
            if (line.RootElement.TryGetProperty("exit-code", out var code))
            {
                _exitCode = code.GetInt32();
            }
            else if (line.RootElement.TryGetProperty("child-pid", out var child))
            {
                Adopt(child.GetInt32());
            }
        }
    }

    private void Adopt(int pid)
    {
        lock (_gate)
        {
            _childFd = LinuxCalls.OpenProcess(pid);
            if (!IsChild(pid))
            {
                return;
            }

            _childPid = pid;
            _grouped = TryAdd(pid);
            if (_killedAt != 0 || !_grouped)
            {
                KillPayload();
            }
            else if (_frozen)
            {
                FreezePayload();
            }
        }

        _payload.TrySetResult(pid);
        if (_releaseFd >= 0 && _grouped)
        {
            LinuxCalls.WriteAll(_releaseFd, [1]);
            LinuxCalls.Close(_releaseFd);
            _releaseFd = -1;
        }
    }

    // Without its group's limits it does not run. It may also be dead already (bubblewrap failed): then there is nothing to add.
    private bool TryAdd(int pid)
    {
        try
        {
            _group?.Add(pid);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private void KillPayload()
    {
        if (!_bubblewrap)
        {
            LinuxCalls.Kill(-Id, LinuxCalls.SigKill);
            LinuxCalls.Kill(Id, LinuxCalls.SigKill);
        }
        else if (_childPid != 0 && (_childFd < 0 || !LinuxCalls.SignalProcess(_childFd, LinuxCalls.SigKill)))
        {
            // No process descriptors on this kernel: bubblewrap's death takes the payload along.
            LinuxCalls.Kill(Id, LinuxCalls.SigKill);
        }
    }

    private bool IsChild(int pid) => ProcessTable.StatusLine(pid, "PPid:") is { } parent && parent == Id;

    /// <summary>Highest resident memory so far, bytes; 0 when it is gone.</summary>
    private static long HighWater(int pid) => pid == 0 ? 0 : (ProcessTable.StatusLine(pid, "VmHWM:") ?? 0) * 1024;
}
