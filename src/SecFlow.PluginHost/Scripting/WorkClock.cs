using SecFlow.PluginHost.Conversation;
using SecFlow.PluginProtocol;

namespace SecFlow.PluginHost.Scripting;

/// <summary>
/// Watches one start's work from a thread of its own.
/// 1. Script and native parsers run between <see cref="Begin"/> and <see cref="End"/>; each step must end within the callback limit. The interpreter
///    checks the time itself per statement; a native call (a regex, <c>join</c> of a billion items) cannot be interrupted, so when it overruns by
///    <see cref="Grace"/> the watch reports the limit and ends the process.
/// 2. While the host waits for the engine the clock stands still.
/// 3. <c>alive</c> is sent only in these two legitimate states; after <see cref="Dispose"/> nothing is sent any more.
/// </summary>
public sealed class WorkClock : IDisposable
{
    /// <summary>How much longer than the limit a native call may take before the process ends.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan AliveEach = TimeSpan.FromMilliseconds(1500);

    private readonly Lock _lock = new();
    private readonly TimeProvider _clock;
    private readonly TimeSpan _limit;
    private readonly Action _onTick;
    private readonly Action _onOverrun;
    private readonly EngineLink _link;
    private readonly ManualResetEventSlim _stop = new();
    private readonly Thread _thread;
    private long _since;
    private State _state = State.Waiting;

    public WorkClock(EngineLink link, TimeSpan limit, TimeProvider clock, Action onTick, Action onOverrun)
    {
        _link = link;
        _limit = limit;
        _clock = clock;
        _onTick = onTick;
        _onOverrun = onOverrun;
        _thread = new Thread(Watch, 512 * 1024) { IsBackground = true, Name = "clock" };
        _thread.Start();
    }

    private enum State
    {
        Waiting,
        Running,
        Ended,
    }

    /// <summary>Peak of the managed heap as seen at each tick, bytes.</summary>
    public long PeakBytes { get; private set; }

    /// <summary>A step begins: full time.</summary>
    public void Begin() => Set(State.Running);

    /// <summary>The step is over, or the host waits for the engine.</summary>
    public void End() => Set(State.Waiting);

    /// <summary>Stops the clock for a write; the time already used stays used. Returns a mark for <see cref="Resume"/>.</summary>
    public (long At, long Used) Pause()
    {
        lock (_lock)
        {
            var now = _clock.GetTimestamp();
            _state = _state == State.Ended ? State.Ended : State.Waiting;
            return (now, now - _since);
        }
    }

    /// <summary>Goes on after <see cref="Pause"/>; returns how long it stood still.</summary>
    public TimeSpan Resume((long At, long Used) mark)
    {
        lock (_lock)
        {
            var now = _clock.GetTimestamp();
            _state = _state == State.Ended ? State.Ended : State.Running;
            _since = now - mark.Used;
            return _clock.GetElapsedTime(mark.At, now);
        }
    }

    public void Dispose()
    {
        Set(State.Ended);
        _stop.Set();
        _thread.Join();
        _stop.Dispose();
    }

    private void Set(State state)
    {
        lock (_lock)
        {
            _state = _state == State.Ended ? State.Ended : state;
            _since = _clock.GetTimestamp();
        }
    }

    private void Watch()
    {
        var lastAlive = _clock.GetTimestamp();
        try
        {
            while (!_stop.Wait(Tick))
            {
                PeakBytes = Math.Max(PeakBytes, GC.GetTotalMemory(false));
                lock (_lock)
                {
                    // Decided under the lock, so that a step that ends right now is not reported as overrun.
                    if (_state == State.Running && _clock.GetElapsedTime(_since) > _limit + Grace)
                    {
                        _state = State.Ended;
                        _onOverrun();
                        return;
                    }
                }

                _onTick();
                if (_clock.GetElapsedTime(lastAlive) >= AliveEach)
                {
                    lastAlive = _clock.GetTimestamp();
                    _link.Send(new AliveMessage());
                }
            }
        }
        catch (Exception e) when (e is EngineGoneException or ObjectDisposedException)
        {
            // Nobody listens: the reader ends the process.
        }
    }
}
