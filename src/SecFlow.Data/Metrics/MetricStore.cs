using Microsoft.EntityFrameworkCore;

namespace SecFlow.Data.Metrics;

/// <summary>
/// Rollups of the instruments.
/// 1. A minute is written once by its engine, and added to its hour in the same transaction: both or none.
/// 2. Minutes are kept for <see cref="MinutesKept"/>, hours for <see cref="HoursKept"/>.
/// </summary>
public sealed class MetricStore(Database database)
{
    public const int Minute = 60;
    public const int Hour = 3600;

    public static readonly TimeSpan MinutesKept = TimeSpan.FromHours(48);
    public static readonly TimeSpan HoursKept = TimeSpan.FromDays(400);

    /// <summary>Adds what was measured to the minutes and hours that it falls into.</summary>
    /// <param name="minutes">Rows of <see cref="Minute"/> of one engine, at most one per key.</param>
    /// <param name="ct">Cancels before the commit.</param>
    public Task AddAsync(IReadOnlyList<MetricRollup> minutes, CancellationToken ct) => minutes.Count == 0 ? Task.CompletedTask : database.WriteAsync(
        async write =>
        {
            var instance = minutes[0].Instance;
            var times = minutes.Select(m => m.At).Concat(minutes.Select(m => HourOf(m.At))).Distinct().ToList();
            var there = (await write.Db.MetricRollups.Where(r => r.Instance == instance && times.Contains(r.At)).ToListAsync(ct)).ToDictionary(Key);
            foreach (var minute in minutes)
            {
                Add(minute);
                Add(new MetricRollup
                {
                    Seconds = Hour,
                    At = HourOf(minute.At),
                    TeamId = minute.TeamId,
                    Instrument = minute.Instrument,
                    Labels = minute.Labels,
                    Instance = minute.Instance,
                    Count = minute.Count,
                    Sum = minute.Sum,
                    Max = minute.Max,
                    Buckets = minute.Buckets,
                });
            }

            void Add(MetricRollup row)
            {
                if (there.TryGetValue(Key(row), out var known))
                {
                    (known.Count, known.Sum, known.Max) = (known.Count + row.Count, known.Sum + row.Sum, Math.Max(known.Max, row.Max));
                    known.Buckets = row.Buckets.Length == 0 ? known.Buckets : Histogram.Write([.. Histogram.Read(known.Buckets).Zip(Histogram.Read(row.Buckets), (a, b) => a + b)]);
                }
                else
                {
                    write.Db.MetricRollups.Add(there[Key(row)] = row);
                }
            }
        },
        ct);

    /// <summary>Rows of some instruments of a team, oldest first.</summary>
    public async Task<IReadOnlyList<MetricRollup>> ReadAsync(Guid teamId, IReadOnlyCollection<string> instruments, int seconds, DateTimeOffset since, CancellationToken ct) => await database.ReadAsync(
        db => db.MetricRollups.Where(r => r.TeamId == teamId && instruments.Contains(r.Instrument) && r.Seconds == seconds && r.At >= since).OrderBy(r => r.At).ToListAsync(ct),
        ct);

    /// <summary>Removes what is older than it is kept; how many rows.</summary>
    public Task<int> RemoveOldAsync(CancellationToken ct) => database.WriteAsync(
        async write =>
        {
            var (minutes, hours) = (write.Now - MinutesKept, write.Now - HoursKept);
            return await write.Db.MetricRollups.Where(r => (r.Seconds == Minute && r.At < minutes) || (r.Seconds == Hour && r.At < hours)).ExecuteDeleteAsync(ct);
        },
        ct);

    private static DateTimeOffset HourOf(DateTimeOffset at) => new(at.UtcTicks - (at.UtcTicks % TimeSpan.TicksPerHour), TimeSpan.Zero);

    private static (int Seconds, DateTimeOffset At, Guid Team, string Instrument, string Labels) Key(MetricRollup row) => (row.Seconds, row.At, row.TeamId, row.Instrument, row.Labels);
}
