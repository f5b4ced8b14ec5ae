using System.Globalization;
using System.Text;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace SecFlow.Portal.Metrics;

/// <summary>Writes collected metrics in the Prometheus text format 0.0.4: dots become underscores, counters end in <c>_total</c>, histograms have cumulative buckets.</summary>
public sealed class PrometheusText : BaseExporter<Metric>
{
    private readonly StringBuilder _text = new();

    /// <summary>What the newest collection wrote.</summary>
    public string Text { get; private set; } = "";

    public override ExportResult Export(in Batch<Metric> batch)
    {
        _text.Clear();
        foreach (var metric in batch)
        {
            Write(metric);
        }

        Text = _text.ToString();
        return ExportResult.Success;
    }

    private void Write(Metric metric)
    {
        var counter = metric.MetricType is MetricType.LongSum or MetricType.DoubleSum;
        var histogram = metric.MetricType is MetricType.Histogram;
        var name = metric.Name.Replace('.', '_').Replace('-', '_') + (metric.Unit == "s" ? "_seconds" : "") + (counter ? "_total" : "");
        if (metric.Description.Length > 0)
        {
            Line($"# HELP {name} {metric.Description.Replace('\n', ' ')}");
        }

        Line($"# TYPE {name} {(counter ? "counter" : histogram ? "histogram" : "gauge")}");
        foreach (ref readonly var point in metric.GetMetricPoints())
        {
            var labels = Labels(point);
            if (histogram)
            {
                WriteHistogram(name, labels, point);
                continue;
            }

            Line($"{name}{Braces(labels)} {Value(metric, point)}");
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

    private static string Value(Metric metric, in MetricPoint point) => metric.MetricType switch
    {
        MetricType.LongSum or MetricType.LongSumNonMonotonic => point.GetSumLong().ToString(CultureInfo.InvariantCulture),
        MetricType.DoubleSum or MetricType.DoubleSumNonMonotonic => Number(point.GetSumDouble()),
        MetricType.LongGauge => point.GetGaugeLastValueLong().ToString(CultureInfo.InvariantCulture),
        MetricType.DoubleGauge => Number(point.GetGaugeLastValueDouble()),
        _ => "NaN",
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
