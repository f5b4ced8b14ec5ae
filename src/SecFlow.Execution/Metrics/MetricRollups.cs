using System.Diagnostics.Metrics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using SecFlow.Data.Metrics;

namespace SecFlow.Execution.Metrics;

/// <summary>
/// Adds up what the instruments measure, per minute and team, and stores each minute when it is over.
/// 1. A measurement costs an addition under a lock; nothing is written where it is taken.
/// 2. Bounded: at most <see cref="MostSeries"/> series wait; beyond that new ones are dropped and counted. What cannot be stored waits for the next minute.
/// 3. The last, unfinished minute is stored at the stop. A crash loses at most a minute of charts, never of results: those are rows of their own.
/// </summary>
public sealed partial class MetricRollups : BackgroundService
{
    private const int MostSeries = 20_000;
    private static readonly TimeSpan _oldEvery = TimeSpan.FromHours(1);

    private readonly MetricStore _store;
    private readonly SecFlowMeter _meter;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly string _instance;
    private readonly MeterListener _listener;
    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _storing = new(1, 1);
    private readonly Dictionary<(long Minute, Guid Team, string Instrument, string Labels), Series> _open = [];
    private long _dropped;

    public MetricRollups(MetricStore store, SecFlowMeter meter, EngineOptions options, TimeProvider time, ILogger<MetricRollups> logger)
    {
        (_store, _meter, _time, _logger, _instance) = (store, meter, time, logger, options.InstanceId);
        _listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == SecFlowMeter.Name)
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
    }

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        _listener.Start();
        return base.StartAsync(cancellationToken);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        _listener.RecordObservableInstruments();
        _listener.Dispose();
        await TryStoreAsync(wholeMinutesOnly: false, cancellationToken);
    }

    public override void Dispose()
    {
        _listener.Dispose();
        _storing.Dispose();
        base.Dispose();
    }

    /// <summary>Stores what was measured until now; the current minute is added to later.</summary>
    public Task FlushAsync(CancellationToken ct) => StoreAsync(wholeMinutesOnly: false, ct);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(15));
        var cleaned = _time.GetTimestamp() - (long)(_oldEvery.TotalSeconds * _time.TimestampFrequency);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                _listener.RecordObservableInstruments();
                await TryStoreAsync(wholeMinutesOnly: true, stoppingToken);
                if (_time.GetElapsedTime(cleaned) >= _oldEvery)
                {
                    cleaned = _time.GetTimestamp();
                    await RemoveOldAsync(stoppingToken);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The engine stops; StopAsync stores the rest.
        }
    }

    private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var gauge = instrument.IsObservable;
        var key = (_time.GetUtcNow().UtcTicks / TimeSpan.TicksPerMinute, gauge ? Guid.Empty : SecFlowMeter.CurrentTeam, instrument.Name, Labels(tags));
        var measured = instrument is Histogram<double>;
        lock (_lock)
        {
            if (!_open.TryGetValue(key, out var series))
            {
                if (_open.Count >= MostSeries)
                {
                    _dropped++;
                    return;
                }

                _open[key] = series = new Series(measured);
            }

            series.Add(value);
        }
    }

    private static string Labels(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (tags.Length == 0)
        {
            return "";
        }

        var text = new System.Text.StringBuilder();
        foreach (var (name, value) in tags)
        {
            text.Append(text.Length == 0 ? "" : ",").Append(name).Append('=').Append(value);
        }

        return text.Length > 400 ? text.ToString(0, 400) : text.ToString();
    }

    private async Task TryStoreAsync(bool wholeMinutesOnly, CancellationToken ct)
    {
        try
        {
            await StoreAsync(wholeMinutesOnly, ct);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The engine stops.
        }
        catch (Exception e)
        {
            // Charts may wait; what was measured is still here and goes with the next minute.
            StoreFailed(_logger, e);
        }
    }

    private async Task StoreAsync(bool wholeMinutesOnly, CancellationToken ct)
    {
        await _storing.WaitAsync(ct);
        try
        {
            var now = _time.GetUtcNow().UtcTicks / TimeSpan.TicksPerMinute;
            List<KeyValuePair<(long Minute, Guid Team, string Instrument, string Labels), Series>> taken;
            lock (_lock)
            {
                taken = [.. _open.Where(s => !wholeMinutesOnly || s.Key.Minute < now)];
                foreach (var (key, _) in taken)
                {
                    _open.Remove(key);
                }

                if (_dropped > 0)
                {
                    Dropped(_logger, _dropped, MostSeries);
                    _dropped = 0;
                }
            }

            try
            {
                await _store.AddAsync([.. taken.Select(s => s.Value.ToRow(s.Key.Minute, s.Key.Team, s.Key.Instrument, s.Key.Labels, _instance))], ct);
            }
            catch
            {
                PutBack(taken);
                throw;
            }
        }
        finally
        {
            _storing.Release();
        }
    }

    private void PutBack(List<KeyValuePair<(long Minute, Guid Team, string Instrument, string Labels), Series>> taken)
    {
        lock (_lock)
        {
            foreach (var (key, series) in taken)
            {
                if (_open.TryGetValue(key, out var since))
                {
                    series.Add(since);
                }

                _open[key] = series;
            }
        }
    }

    private async Task RemoveOldAsync(CancellationToken ct)
    {
        try
        {
            _meter.Reclaimed("metric-rollups", await _store.RemoveOldAsync(ct));
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            StoreFailed(_logger, e);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "What was measured could not be stored; it is tried again within a minute")]
    private static partial void StoreFailed(ILogger logger, Exception error);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} measurements were dropped: more than {Most} different series in a minute")]
    private static partial void Dropped(ILogger logger, long count, int most);

    /// <summary>What one series came to in one minute.</summary>
    private sealed class Series(bool histogram)
    {
        private readonly long[] _buckets = histogram ? new long[Histogram.Count] : [];
        private long _count;
        private double _sum;
        private double _max;

        public void Add(double value)
        {
            (_count, _sum, _max) = (_count + 1, _sum + value, Math.Max(_max, value));
            if (_buckets.Length > 0)
            {
                _buckets[Histogram.BucketOf(value)]++;
            }
        }

        public void Add(Series other)
        {
            (_count, _sum, _max) = (_count + other._count, _sum + other._sum, Math.Max(_max, other._max));
            for (var i = 0; i < _buckets.Length; i++)
            {
                _buckets[i] += other._buckets[i];
            }
        }

        public MetricRollup ToRow(long minute, Guid team, string instrument, string labels, string instance) => new()
        {
            Seconds = MetricStore.Minute,
            At = new DateTimeOffset(minute * TimeSpan.TicksPerMinute, TimeSpan.Zero),
            TeamId = team,
            Instrument = instrument,
            Labels = labels,
            Instance = instance,
            Count = _count,
            Sum = _sum,
            Max = _max,
            Buckets = _buckets.Length == 0 ? "" : Histogram.Write(_buckets),
        };
    }
}
