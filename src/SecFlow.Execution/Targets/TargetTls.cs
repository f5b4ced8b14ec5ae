using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using SecFlow.Execution.Diagnostics;

namespace SecFlow.Execution.Targets;

/// <summary>
/// Looks at the TLS of a target, one handshake per version; nothing is sent after it.
/// 1. The same scope, pinned addresses and rate as <see cref="TargetHttp"/>; each handshake is one turn of the target's rate.
/// 2. Bounded: a timeout per handshake (connecting included), <see cref="MostCertificates"/> certificates, nothing fetched to judge them.
/// 3. A version that this machine cannot speak is said to be untested, never refused.
/// Throws SF3003, SF3005, SF3008 (refused), SF5101 (no connection), SF5103 (listens, but no TLS), SF5104 (too slow).
/// </summary>
public sealed class TargetTls(TimeProvider time, TargetRates rates)
{
    public const int MostCertificates = 16;

    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(10);

#pragma warning disable SYSLIB0039, CA5397, CA5398 // old versions are offered to learn whether a server still accepts them
    private static readonly (string Name, SslProtocols Protocol)[] _versions =
        [("Tls13", SslProtocols.Tls13), ("Tls12", SslProtocols.Tls12), ("Tls11", SslProtocols.Tls11), ("Tls10", SslProtocols.Tls)];
#pragma warning restore SYSLIB0039, CA5397, CA5398

    /// <param name="url">Host and port; its scheme is https.</param>
    /// <param name="timeout">Per handshake.</param>
    public async Task<TlsFacts> LookAsync(TargetScope scope, Uri url, TimeSpan timeout, CancellationToken ct)
    {
        var started = time.GetTimestamp();
        var versions = new List<TlsVersion>();
        Presented? presented = null;
        var unreachable = 0;
        foreach (var (name, protocol) in _versions)
        {
            if (!TlsAbility.Can(protocol))
            {
                versions.Add(new TlsVersion(name, TlsAnswer.Untested, null, "the TLS library of the machine that scans does not offer this version"));
                continue;
            }

            var answer = scope.Check(url);
            await rates.WaitAsync(answer.Refusal is { } refusal ? throw new SecFlowException(refusal) : answer.Target!, ct).ConfigureAwait(false);
            var (version, certificate, error) = await TryAsync(scope, url, name, protocol, timeout, ct).ConfigureAwait(false);
            versions.Add(version);
            presented ??= certificate;
            if (error is { Code: Codes.TargetUnreachable or Codes.TargetTimeout } && presented is null && ++unreachable == 2)
            {
                // Twice no connection, or no word: the other versions would wait as long for nothing.
                throw error;
            }
        }

        if (presented is null)
        {
            throw new SecFlowException(Codes.TargetProtocol, $"{url.Authority} accepts a connection but none of the versions of TLS that were tried: {string.Join("; ", versions.Select(v => $"{v.Name} {v.Reason}"))}. Expected a TLS server; see whether the port is right.");
        }

        return presented.ToFacts(url, versions, time.GetElapsedTime(started));
    }

    private async Task<(TlsVersion Version, Presented? Certificate, SecFlowException? Error)> TryAsync(TargetScope scope, Uri url, string name, SslProtocols protocol, TimeSpan timeout, CancellationToken ct)
    {
        using var limit = new CancellationTokenSource(timeout, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(ct, limit.Token);
        Presented? seen = null;
        var connected = false;
        try
        {
            await using var socket = await TargetSocket.OpenAsync(scope, url, linked.Token).ConfigureAwait(false);
            connected = true;
            await using var ssl = new SslStream(socket);
            await ssl.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    TargetHost = url.IdnHost,
                    EnabledSslProtocols = protocol,
                    CertificateChainPolicy = TargetSocket.ChainPolicy(),
                    AllowRenegotiation = false,
#pragma warning disable CA5359 // to look at a wrong certificate is the purpose; nothing is sent over the connection
                    RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
                    {
                        seen = Presented.Of(certificate as X509Certificate2, chain, errors);
                        return true;
                    },
#pragma warning restore CA5359
                },
                linked.Token).ConfigureAwait(false);
            return (new TlsVersion(name, TlsAnswer.Accepted, ssl.NegotiatedCipherSuite.ToString(), null), seen, null);
        }
        catch (OperationCanceledException e) when (!ct.IsCancellationRequested)
        {
            var error = new SecFlowException(Codes.TargetTimeout, $"{url.Authority} did not finish a TLS handshake within {timeout.TotalSeconds:0.#} s. Expected a TLS server; raise the timeout or look at the target.", e);
            return (new TlsVersion(name, TlsAnswer.Untested, null, "the handshake did not end in time"), seen, error);
        }
        catch (SocketException e) when (!connected)
        {
            var error = new SecFlowException(Codes.TargetUnreachable, $"{url.Authority} could not be reached: {e.Message}. Expected a listening server; see whether the target is up and its port is right.", e);
            return (new TlsVersion(name, TlsAnswer.Untested, null, "no connection"), seen, error);
        }
        catch (Exception e) when (e is AuthenticationException or IOException or SocketException)
        {
            return (new TlsVersion(name, TlsAnswer.Refused, null, Reason(e)), seen, null);
        }
    }

    private static string Reason(Exception e)
    {
        var innermost = e;
        while (innermost.InnerException is { } inner)
        {
            innermost = inner;
        }

        var text = innermost.Message.Trim().TrimEnd('.');
        return text.Length > 200 ? text[..200] : text;
    }

    /// <summary>What a server showed, read while the handshake's own objects live.</summary>
    private sealed record Presented(IReadOnlyList<TlsCertificate> Chain, bool Cut, IReadOnlyList<string> Problems, bool HostnameMatches)
    {
        public static Presented? Of(X509Certificate2? certificate, X509Chain? chain, SslPolicyErrors errors)
        {
            if (certificate is null)
            {
                return null;
            }

            // The extra store holds what the server sent beside its own certificate; the chain's own elements would add roots of this machine.
            var sent = new List<X509Certificate2> { certificate };
            sent.AddRange(chain?.ChainPolicy.ExtraStore.Where(c => c.Thumbprint != certificate.Thumbprint) ?? []);
            return new Presented(
                [.. sent.Take(MostCertificates).Select(CertificateFacts.Of)],
                sent.Count > MostCertificates,
                [.. chain?.ChainStatus.Select(s => s.Status.ToString()).Distinct().Take(20) ?? []],
                !errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch));
        }

        public TlsFacts ToFacts(Uri url, IReadOnlyList<TlsVersion> versions, TimeSpan elapsed) =>
            new(url.Host, url.Port, versions, Chain, Cut, Problems.Count == 0, Problems, HostnameMatches, elapsed);
    }
}
