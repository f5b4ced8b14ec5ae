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
    private readonly ConcurrentDictionary<string, TlsNote> _tls = new(StringComparer.Ordinal);
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
            SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = NoteProblem, CertificateChainPolicy = TargetSocket.ChainPolicy() },
        });
    }

    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage message, CancellationToken ct) => _invoker.SendAsync(message, ct);

    /// <summary>What was negotiated with that server; null for plain HTTP.</summary>
    public TlsNote? Tls(Uri url) => url.Scheme == Uri.UriSchemeHttps ? _tls.GetValueOrDefault(url.Authority) : null;

    public void Dispose() => _invoker.Dispose();

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken ct) =>
        await TargetSocket.OpenAsync(_scope, context.InitialRequestMessage.RequestUri!, ct).ConfigureAwait(false);

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
            _tls[context.InitialRequestMessage.RequestUri!.Authority] = new TlsNote(ssl.SslProtocol.ToString(), _problems.TryGetValue(ssl, out var problem) ? problem : null);
        }

        return ValueTask.FromResult(context.PlaintextStream);
    }
}

/// <summary>Protocol such as <c>Tls13</c>, and what is wrong with the certificate.</summary>
internal sealed record TlsNote(string Protocol, string? Problem);
