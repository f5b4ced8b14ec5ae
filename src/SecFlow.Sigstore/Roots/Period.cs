using System.Globalization;

namespace SecFlow.Sigstore.Roots;

/// <summary>A span of time, both ends inclusive; an open end is null.</summary>
public sealed record Period(DateTimeOffset Start, DateTimeOffset? End)
{
    public bool Covers(DateTimeOffset time) => time >= Start && (End is null || time <= End);

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Text(Start)}..{(End is { } end ? Text(end) : "")}");

    /// <summary>A time as every message of this library writes it.</summary>
    internal static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFF'Z'", CultureInfo.InvariantCulture);
}
