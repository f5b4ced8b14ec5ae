using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text;

namespace SecFlow.Execution.Targets;

/// <summary>The connections of one scope. They are never shared with another scope: its names may be pinned to other addresses.</summary>
internal sealed class TargetConnections : IDisposable
{
    private const int HeaderKiB = 64;
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(5);
    private readonly TargetScope _scope;
    private readonly HttpMessageInvoker _invoker;
    private readonly ConcurrentDictionary<string, TargetTls> _tls = new(StringComparer.Ordinal);
    private readonly ConditionalWeakTable<SslStream, string> _problems = [];

    public TargetConnections(TargetScope scope)
    {
        _scope = scope;
        _invoker = new HttpMessageInvoker(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            UseCookies = false,
            UseProxy = false,
            PreAuthenticate = false,
            ActivityHeadersPropagator = null,
            MaxConnectionsPerServer = 8,
            MaxResponseHeadersLength = HeaderKiB,
            MaxResponseDrainSize = 0,
            PooledConnectionIdleTimeout = Idle,
            ResponseHeaderEncodingSelector = (_, _) => Encoding.Latin1,
            ConnectCallback = ConnectAsync,
            PlaintextStreamFilter = NoteTlsAsync,
            SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = NoteProblem },
        });
    }

    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage message, CancellationToken ct) => _invoker.SendAsync(message, ct);

    /// <summary>What was negotiated with that server; null for plain HTTP.</summary>
    public TargetTls? Tls(Uri url) => url.Scheme == Uri.UriSchemeHttps ? _tls.GetValueOrDefault(url.Authority) : null;

    public void Dispose() => _invoker.Dispose();

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken ct)
    {
        // Asked again at the moment of connecting: a lapsed authorisation or a changed rule counts at once.
        var answer = _scope.Check(context.InitialRequestMessage.RequestUri!);
        if (answer.Refusal is not null || answer.Addresses.Count == 0)
        {
            throw new SocketException((int)SocketError.HostNotFound);
        }

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync([.. answer.Addresses], context.DnsEndPoint.Port, ct).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private bool NoteProblem(object sender, object? certificate, object? chain, SslPolicyErrors errors)
    {
        if (errors != SslPolicyErrors.None)
        {
            _problems.AddOrUpdate((SslStream)sender, errors.ToString());
        }

        return true;
    }

    private ValueTask<Stream> NoteTlsAsync(SocketsHttpPlaintextStreamFilterContext context, CancellationToken ct)
    {
        if (context.PlaintextStream is SslStream ssl)
        {
            _tls[context.InitialRequestMessage.RequestUri!.Authority] = new TargetTls(ssl.SslProtocol.ToString(), _problems.TryGetValue(ssl, out var problem) ? problem : null);
        }

        return ValueTask.FromResult(context.PlaintextStream);
    }
}

/// <summary>Protocol such as <c>Tls13</c>, and what is wrong with the certificate.</summary>
internal sealed record TargetTls(string Protocol, string? Problem);
