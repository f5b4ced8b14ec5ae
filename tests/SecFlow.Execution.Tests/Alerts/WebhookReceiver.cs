using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace SecFlow.Execution.Tests.Alerts;

/// <summary>What receives a webhook: keeps requests, answers with a status.</summary>
internal sealed class WebhookReceiver : IAsyncDisposable
{
    private readonly HttpListener _listener = new();
    private readonly Task _loop;
    private bool _over;

    public WebhookReceiver()
    {
        using (var probe = new TcpListener(IPAddress.Loopback, 0))
        {
            probe.Start();
            Port = ((IPEndPoint)probe.LocalEndpoint).Port;
        }

        _listener.Prefixes.Add($"http://127.0.0.1:{Port}/");
        _listener.Start();
        _loop = ReceiveAsync();
    }

    public int Port { get; }

    public string Url => $"http://127.0.0.1:{Port}/hook";

    public HttpStatusCode Answer { get; set; } = HttpStatusCode.OK;

    public ConcurrentQueue<(string Body, string Timestamp, string Signature, string Delivery)> Received { get; } = [];

    public async ValueTask DisposeAsync()
    {
        if (!_over)
        {
            _over = true;
            _listener.Stop();
            await _loop;
            _listener.Close();
        }
    }

    private async Task ReceiveAsync()
    {
        while (true)
        {
            HttpListenerContext context;
            try
            {
                context = await _listener.GetContextAsync();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                return;
            }

            using var reader = new StreamReader(context.Request.InputStream, Encoding.UTF8);
            var headers = context.Request.Headers;
            Received.Enqueue((await reader.ReadToEndAsync(), headers["SecFlow-Timestamp"]!, headers["SecFlow-Signature"]!, headers["SecFlow-Delivery"]!));
            context.Response.StatusCode = (int)Answer;
            if (Answer == HttpStatusCode.Redirect)
            {
                context.Response.RedirectLocation = "http://127.0.0.1:1/elsewhere";
            }

            context.Response.Close();
        }
    }
}
