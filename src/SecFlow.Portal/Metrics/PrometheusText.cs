using System.Globalization;
using System.Text;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace SecFlow.Portal.Metrics;

/// <summary>
/// Writes collected metrics in the Prometheus text format 0.0.4: dots become underscores, counters end in <c>_total</c>, histograms have cumulative buckets.
/// A family stands once: the same instrument of two meters (two engines in one process) is added up.
/// </summary>
public sealed class PrometheusText : BaseExporter<Metric>
{
    private readonly StringBuilder _text = new();

    /// <summary>What the newest collection wrote.</summary>
    public string Text { get; private set; } = "";

    public override ExportResult Export(in Batch<Metric> batch)
    {
        _text.Clear();
        var metrics = new List<Metric>();
        foreach (var metric in batch)
        {
            metrics.Add(metric);
        }

        foreach (var family in metrics.GroupBy(NameOf, StringComparer.Ordinal))
        {
            Write(family.Key, [.. family]);
        }

        Text = _text.ToString();
        return ExportResult.Success;
    }

    private static string NameOf(Metric metric) =>
        metric.Name.Replace('.', '_').Replace('-', '_') + (metric.Unit == "s" ? "_seconds" : "") + (IsCounter(metric) ? "_total" : "");

    private static bool IsCounter(Metric metric) => metric.MetricType is MetricType.LongSum or MetricType.DoubleSum;

    private void Write(string name, List<Metric> family)
    {
        var first = family[0];
        if (first.Description.Length > 0)
        {
            Line($"# HELP {name} {first.Description.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)}");
        }

        var histogram = first.MetricType is MetricType.Histogram;
        Line($"# TYPE {name} {(IsCounter(first) ? "counter" : histogram ? "histogram" : "gauge")}");
        if (histogram)
        {
            foreach (ref readonly var point in first.GetMetricPoints())
            {
                WriteHistogram(name, Labels(point), point);
            }

            return;
        }

        var values = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (var metric in family)
        {
            foreach (ref readonly var point in metric.GetMetricPoints())
            {
                var labels = Labels(point);
                values[labels] = values.GetValueOrDefault(labels) + Value(metric, point);
            }
        }

        foreach (var (labels, value) in values)
        {
            Line($"{name}{Braces(labels)} {Number(value)}");
        }
    }

    private void WriteHistogram(string name, string labels, in MetricPoint point)
    {
        long below = 0;
        foreach (var bucket in point.GetHistogramBuckets())
        {
            below += bucket.BucketCount;
            var bound = double.IsPositiveInfinity(bucket.ExplicitBound) ? "+Inf" : Number(bucket.ExplicitBound);
            Line($"{name}_bucket{Braces(labels.Length == 0 ? $"le=\"{bound}\"" : $"{labels},le=\"{bound}\"")} {below}");
        }

        Line($"{name}_sum{Braces(labels)} {Number(point.GetHistogramSum())}");
        Line($"{name}_count{Braces(labels)} {point.GetHistogramCount()}");
    }

    private static double Value(Metric metric, in MetricPoint point) => metric.MetricType switch
    {
        MetricType.LongSum or MetricType.LongSumNonMonotonic => point.GetSumLong(),
        MetricType.DoubleSum or MetricType.DoubleSumNonMonotonic => point.GetSumDouble(),
        MetricType.LongGauge => point.GetGaugeLastValueLong(),
        MetricType.DoubleGauge => point.GetGaugeLastValueDouble(),
        _ => double.NaN,
    };

    private static string Labels(in MetricPoint point)
    {
        var parts = new List<string>();
        foreach (var tag in point.Tags)
        {
            var value = Convert.ToString(tag.Value, CultureInfo.InvariantCulture) ?? "";
            parts.Add($"{tag.Key.Replace('.', '_')}=\"{value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)}\"");
        }

        return string.Join(',', parts);
    }

    private static string Braces(string labels) => labels.Length == 0 ? "" : "{" + labels + "}";

    private static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    private void Line(string line) => _text.Append(line).Append('\n');
}
