namespace SecFlow.Execution.Sandboxing;

/// <summary>
/// The pause of one run as its sandboxes feel it, and a clock that stands still meanwhile.
/// 1. Tools are frozen at once, wherever they are: by their control group where the kernel has that (version 2), else by SIGSTOP for the whole tree. One that starts while frozen is frozen before anybody waits for it.
/// 2. A plugin's script is not stopped in the middle of a statement (its interpreter counts time by the wall); it gets no answer any more and stands at its next call, after one callback's limit at the latest.
/// 3. Time limits of work in progress are asked of this clock: what stood still does not use them up.
/// 4. To kill works on frozen processes as on any.
/// </summary>
public sealed class SandboxFreezer(TimeProvider time)
{
    private static readonly TimeSpan _slice = TimeSpan.FromMilliseconds(250);

    private readonly Lock _lock = new();
    private readonly HashSet<SandboxedProcess> _processes = [];
    private TaskCompletionSource? _thawed;
    private long _frozenAt;
    private TimeSpan _stoodStill;

    /// <summary>How long it has been frozen without a break; zero when it is not.</summary>
    public TimeSpan FrozenFor
    {
        get
        {
            lock (_lock)
            {
                return _thawed is null ? TimeSpan.Zero : time.GetElapsedTime(_frozenAt);
            }
        }
    }

    public bool IsFrozen
    {
        get
        {
            lock (_lock)
            {
                return _thawed is not null;
            }
        }
    }

    /// <summary>All time that stood still so far.</summary>
    public TimeSpan StoodStill
    {
        get
        {
            lock (_lock)
            {
                return _stoodStill + (_thawed is null ? TimeSpan.Zero : time.GetElapsedTime(_frozenAt));
            }
        }
    }

    /// <summary>Freezes; true when it was not frozen.</summary>
    public bool Freeze()
    {
        lock (_lock)
        {
            if (_thawed is not null)
            {
                return false;
            }

            _thawed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _frozenAt = time.GetTimestamp();
            foreach (var process in _processes)
            {
                process.Freeze();
            }

            return true;
        }
    }

    /// <summary>Goes on; true when it was frozen.</summary>
    public bool Thaw()
    {
        lock (_lock)
        {
            if (_thawed is not { } thawed)
            {
                return false;
            }

            _stoodStill += time.GetElapsedTime(_frozenAt);
            _thawed = null;
            foreach (var process in _processes)
            {
                process.Thaw();
            }

            thawed.SetResult();
            return true;
        }
    }

    /// <summary>Kills what is in care now: at once when it is frozen, else when it is still there after a moment in which it may end by itself.</summary>
    public void Kill(TimeSpan grace)
    {
        List<SandboxedProcess> now;
        lock (_lock)
        {
            now = [.. _processes];
            if (_thawed is not null)
            {
                now.ForEach(process => process.Kill());
                return;
            }
        }

        _ = KillLaterAsync(now, grace);
    }

    private async Task KillLaterAsync(List<SandboxedProcess> processes, TimeSpan grace)
    {
        await Task.Delay(grace, time).ConfigureAwait(false);
        lock (_lock)
        {
            processes.Where(_processes.Contains).ToList().ForEach(process => process.Kill());
        }
    }

    /// <summary>Takes a process into care until the result is disposed of.</summary>
    public IDisposable Add(SandboxedProcess process)
    {
        lock (_lock)
        {
            _processes.Add(process);
            if (_thawed is not null)
            {
                process.Freeze();
            }
        }

        return new Care(this, process);
    }

    /// <summary>Returns when it is not frozen.</summary>
    public Task WhenThawedAsync(CancellationToken ct)
    {
        lock (_lock)
        {
            return _thawed?.Task.WaitAsync(ct) ?? Task.CompletedTask;
        }
    }

    /// <summary>Waits for the task; throws <see cref="TimeoutException"/> after so much time that did not stand still.</summary>
    public async Task WaitAsync(Task task, TimeSpan timeout, CancellationToken ct)
    {
        var (started, stood) = (time.GetTimestamp(), StoodStill);
        while (true)
        {
            var frozen = IsFrozen;
            var left = timeout - (time.GetElapsedTime(started) - (StoodStill - stood));
            if (left <= TimeSpan.Zero && !frozen)
            {
                throw new TimeoutException();
            }

            try
            {
                await task.WaitAsync(left < _slice && frozen ? _slice : left, time, ct).ConfigureAwait(false);
                return;
            }
            catch (TimeoutException)
            {
                // Looked at again with what stood still in the meantime.
            }
        }
    }

    private sealed class Care(SandboxFreezer owner, SandboxedProcess process) : IDisposable
    {
        public void Dispose()
        {
            lock (owner._lock)
            {
                owner._processes.Remove(process);
            }
        }
    }
}
