namespace SecFlow.PortalKit;

/// <summary>The real clock, moved ahead by as much as a test says. For whole programs, whose schedulers and cookies need a clock that runs.</summary>
public sealed class ShiftedTime : TimeProvider
{
    private long _ticks;

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + TimeSpan.FromTicks(Interlocked.Read(ref _ticks));

    public void Advance(TimeSpan by) => Interlocked.Add(ref _ticks, by.Ticks);
}
