using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using SecFlow.Execution.Metrics;
using SecFlow.Portal.Metrics;

namespace SecFlow.Portal.Tests.Metrics;

public sealed class OtlpTests
{
    [Fact]
    public async Task Pipeline_WithAnEndpoint_SendsMetricsAndTraces()
    {
        using var listener = Listen(out var url);
        var received = new ConcurrentDictionary<string, string>();
        var loop = ReceiveAsync(listener, received);
        using var meter = new SecFlowMeter();
        using (var pipeline = new PortalMetrics.MetricsPipeline(new Uri(url)))
        {
            await pipeline.StartAsync(CancellationToken.None);
            using (SecFlowMeter.Spans.StartActivity("run"))
            {
                meter.NodeEnded("scan.otlp", "Succeeded", TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(1));
            }

            pipeline.Read().ShouldContain("plugin=\"scan.otlp\"");
            await pipeline.StopAsync(CancellationToken.None);
        }

        listener.Stop();
        await loop;
        received["/v1/metrics"].ShouldContain("secflow.node.duration");
        received["/v1/metrics"].ShouldContain("scan.otlp");
        received["/v1/metrics"].ShouldContain("service.name");
        received["/v1/traces"].ShouldContain("SecFlow");
    }

    private static HttpListener Listen(out string url)
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        url = $"http://127.0.0.1:{((IPEndPoint)probe.LocalEndpoint).Port}/";
        probe.Stop();
        var listener = new HttpListener();
        listener.Prefixes.Add(url);
        listener.Start();
        return listener;
    }

    // The names in a protobuf message are plain UTF-8.
    private static async Task ReceiveAsync(HttpListener listener, ConcurrentDictionary<string, string> received)
    {
        while (listener.IsListening)
        {
            try
            {
                var context = await listener.GetContextAsync();
                using var body = new MemoryStream();
                await context.Request.InputStream.CopyToAsync(body);
                received.AddOrUpdate(context.Request.Url!.AbsolutePath, Encoding.UTF8.GetString(body.ToArray()), (_, before) => before + Encoding.UTF8.GetString(body.ToArray()));
                context.Response.StatusCode = 200;
                context.Response.Close();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                return;
            }
        }
    }
}
