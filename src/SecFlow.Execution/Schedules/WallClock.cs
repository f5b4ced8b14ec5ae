namespace SecFlow.Execution.Schedules;

/// <summary>From times on a wall to instants.</summary>
internal static class WallClock
{
    /// <summary>The instant of a wall time: one that the clock leaves out is the moment at which it jumps, one that exists twice is the first.</summary>
    public static DateTimeOffset First(TimeZoneInfo zone, DateTime wall)
    {
        wall = DateTime.SpecifyKind(wall, DateTimeKind.Unspecified);
        if (zone.IsInvalidTime(wall))
        {
            // The offset of a day before and of a day after stand on both sides of the jump.
            var (before, after) = (new DateTimeOffset(wall.AddDays(-1), TimeSpan.Zero), new DateTimeOffset(wall.AddDays(1), TimeSpan.Zero));
            return JumpBetween(zone, before, after);
        }

        if (zone.IsAmbiguousTime(wall))
        {
            return new DateTimeOffset(wall, zone.GetAmbiguousTimeOffsets(wall).Max()).ToUniversalTime();
        }

        return new DateTimeOffset(wall, zone.GetUtcOffset(wall)).ToUniversalTime();
    }

    /// <summary>The first instant with another offset than <paramref name="from"/>'s, when <paramref name="until"/> has another one.</summary>
    public static DateTimeOffset JumpBetween(TimeZoneInfo zone, DateTimeOffset from, DateTimeOffset until)
    {
        var offset = zone.GetUtcOffset(from);
        var (low, high) = (from.UtcTicks, until.UtcTicks);
        while (high - low > 1)
        {
            var middle = low + ((high - low) / 2);
            if (zone.GetUtcOffset(new DateTimeOffset(middle, TimeSpan.Zero)) == offset)
            {
                low = middle;
            }
            else
            {
                high = middle;
            }
        }

        return new DateTimeOffset(high, TimeSpan.Zero);
    }
}
