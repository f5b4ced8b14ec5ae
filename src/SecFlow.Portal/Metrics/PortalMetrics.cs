using System.Net;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using SecFlow.Data.Teams;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Teams;
using SecFlow.Portal.Api;
using SecFlow.Portal.Web;

namespace SecFlow.Portal.Metrics;

/// <summary>Meter and activity source <c>SecFlow</c>: <c>/metrics</c> for Prometheus, OTLP over HTTP when <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> is set.</summary>
public static class PortalMetrics
{
    private const string Source = "SecFlow";

    private static readonly string[] _proxied = ["Forwarded", "X-Forwarded-For", "X-Real-IP", "Via"];

    public static IServiceCollection AddPortalMetrics(this IServiceCollection services)
    {
        services.AddSingleton(_ => new MetricsPipeline(Endpoint()));
        services.AddHostedService(provider => provider.GetRequiredService<MetricsPipeline>());
        return services;
    }

    // As the specification of OpenTelemetry says: unset or empty = nothing is exported.
    private static Uri? Endpoint() => Environment.GetEnvironmentVariable("OTEL_EXPORTER_OTLP_ENDPOINT") is { Length: > 0 } text && Uri.TryCreate(text, UriKind.Absolute, out var url) ? url : null;

    /// <summary>For this machine without a token, for others with one of the installation: the labels name workflows of every team.</summary>
    public static void MapPrometheus(this WebApplication app) => app.MapGet("/metrics", async (HttpContext context, MetricsPipeline pipeline, TokenStore tokens) =>
    {
        if (!IsLocal(context))
        {
            var token = ApiTokenHandler.TextOf(context.Request) is { } text ? await tokens.FindAsync(text, context.RequestAborted) : null;
            if (token is null)
            {
                context.Response.Headers.WWWAuthenticate = "Bearer";
                await Problems.WriteAsync(context, StatusCodes.Status401Unauthorized, Codes.Unauthenticated, "Metrics need an API token, or a request from this machine.");
                return;
            }

            if (!token.Scopes.Split(' ').Intersect([Permission.ReadMetrics.Scope, Permission.HoldInstallation.Scope], StringComparer.Ordinal).Any())
            {
                await Problems.WriteAsync(context, StatusCodes.Status403Forbidden, Codes.TokenScopeMissing, $"Metrics are those of every team: a token with the scope {Permission.ReadMetrics.Scope} is needed, which an administrator of the installation creates.");
                return;
            }
        }

        context.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
        await context.Response.WriteAsync(pipeline.Read(), context.RequestAborted);
    }).AllowAnonymous().ExcludeFromDescription();

    // What a proxy on this machine passes on does not come from this machine.
    private static bool IsLocal(HttpContext context) => context.Connection.RemoteIpAddress is { } address && IPAddress.IsLoopback(address)
        && !_proxied.Any(context.Request.Headers.ContainsKey);

    /// <summary>Starts and stops the providers.</summary>
    /// <param name="otlp">Base of an OTLP receiver (HTTP, protobuf): metrics go to <c>v1/metrics</c> below it each minute, spans to <c>v1/traces</c> in batches; null = nothing is exported.</param>
    public sealed class MetricsPipeline(Uri? otlp) : IHostedService, IDisposable
    {
        private readonly Lock _reading = new();
        private readonly PrometheusText _text = new();
        private BaseExportingMetricReader? _reader;
        private MeterProvider? _meters;
        private TracerProvider? _traces;

        public Task StartAsync(CancellationToken cancellationToken)
        {
            _reader = new BaseExportingMetricReader(_text);
            var meters = Sdk.CreateMeterProviderBuilder().ConfigureResource(Name).AddMeter(Source).AddReader(_reader);
            _meters = (otlp is null ? meters : meters.AddOtlpExporter(exporter => To(exporter, "v1/metrics"))).Build();
            _traces = otlp is null ? null : Sdk.CreateTracerProviderBuilder().ConfigureResource(Name).AddSource(Source).AddOtlpExporter(exporter => To(exporter, "v1/traces")).Build();
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken)
        {
            _meters?.ForceFlush(2_000);
            _traces?.ForceFlush(2_000);
            return Task.CompletedTask;
        }

        /// <summary>Collects now.</summary>
        public string Read()
        {
            lock (_reading)
            {
                _reader?.Collect(2_000);
                return _text.Text;
            }
        }

        private static void Name(ResourceBuilder resource) => resource.AddService("secflow");

        private void To(OtlpExporterOptions exporter, string path) =>
            (exporter.Protocol, exporter.Endpoint) = (OtlpExportProtocol.HttpProtobuf, new Uri(new Uri(otlp!.AbsoluteUri.TrimEnd('/') + "/"), path));

        public void Dispose()
        {
            _meters?.Dispose();
            _traces?.Dispose();
            _text.Dispose();
        }
    }
}
