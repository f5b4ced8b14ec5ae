using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Targets;

namespace SecFlow.Execution.Tests.Targets;

/// <summary>Handshakes with real servers on loopback.</summary>
public sealed class TargetTlsTests
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(20);
    private readonly TargetTls _tls = new(TimeProvider.System, new TargetRates(TimeProvider.System));

    [Fact]
    public async Task Look_SelfSignedTls12Only_SaysVersionsChainAndWhyNot()
    {
        using var certificate = Certificate("CN=shop.example", names => names.AddDnsName("shop.example"));
        await using var server = new TlsServer(certificate, SslProtocols.Tls12);

        var facts = await LookAsync(server.Port);

        facts.Versions.Select(v => v.Name).ShouldBe(["Tls13", "Tls12", "Tls11", "Tls10"]);
        facts.Versions.Single(v => v.Name == "Tls12").Answer.ShouldBe(TlsAnswer.Accepted);
        facts.Versions.Single(v => v.Name == "Tls12").Cipher!.ShouldStartWith("TLS_");
        facts.Versions.Single(v => v.Name == "Tls13").Answer.ShouldBe(TlsAnswer.Refused);
        facts.Versions.Where(v => v.Name is "Tls10" or "Tls11").ShouldAllBe(v => v.Answer != TlsAnswer.Accepted && v.Reason != null);
        var leaf = facts.Chain.ShouldHaveSingleItem();
        (leaf.Subject, leaf.Issuer, leaf.SelfSigned, leaf.KeyType, leaf.KeyBits).ShouldBe(("CN=shop.example", "CN=shop.example", true, "RSA", 2048));
        leaf.Names.ShouldBe(["shop.example"]);
        leaf.SignatureAlgorithm.ShouldContain("sha256", Case.Insensitive);
        facts.HostnameMatches.ShouldBeFalse();
        facts.Trusted.ShouldBeFalse();
        facts.TrustProblems.ShouldContain("UntrustedRoot");
    }

    [Fact]
    public async Task Look_ExpiredForTheRightAddress_SaysBoth()
    {
        var now = DateTimeOffset.UtcNow;
        using var certificate = Certificate("CN=old", names => names.AddIpAddress(IPAddress.Loopback), from: now.AddDays(-60), until: now.AddDays(-30));
        await using var server = new TlsServer(certificate, SslProtocols.Tls12 | SslProtocols.Tls13);

        var facts = await LookAsync(server.Port);

        facts.Versions.Where(v => v.Answer == TlsAnswer.Accepted).Select(v => v.Name).ShouldBe(["Tls13", "Tls12"]);
        facts.HostnameMatches.ShouldBeTrue();
        facts.Chain[0].NotAfter.ShouldBeLessThan(now);
        facts.Chain[0].Names.ShouldBe(["127.0.0.1"]);
        facts.TrustProblems.ShouldContain("NotTimeValid");
    }

    [Fact]
    public async Task Look_EllipticKeyWithIssuer_GivesTheChainAsSent()
    {
        using var rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var rootRequest = new CertificateRequest("CN=A root", rootKey, HashAlgorithmName.SHA256);
        rootRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var root = rootRequest.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(10));
        using var middleKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var middleRequest = new CertificateRequest("CN=Between", middleKey, HashAlgorithmName.SHA256);
        middleRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var middlePublic = middleRequest.Create(root, DateTimeOffset.UtcNow.AddHours(-2), DateTimeOffset.UtcNow.AddDays(8), [9, 9]);
        using var middle = middlePublic.CopyWithPrivateKey(middleKey);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        using var signed = new CertificateRequest("CN=leaf", key, HashAlgorithmName.SHA384).Create(middle, DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddDays(5), [1, 2, 3]);
        using var certificate = Exported(signed.CopyWithPrivateKey(key));
        await using var server = new TlsServer(certificate, SslProtocols.Tls12 | SslProtocols.Tls13, [middlePublic]);

        var facts = await LookAsync(server.Port);

        facts.Chain.Select(c => (c.Subject, c.KeyType, c.KeyBits)).ShouldBe([("CN=leaf", "ECDSA", 384), ("CN=Between", "ECDSA", 256)]);
        facts.Chain[0].SelfSigned.ShouldBeFalse();
        facts.ChainCut.ShouldBeFalse();
    }

    [Fact]
    public async Task Look_RsaOf1024Bits_GivesItsSize_WhereTheLibraryShakesHandsAtAll()
    {
        using var certificate = Certificate("CN=weak", names => names.AddDnsName("weak"), bits: 1024);
        await using var server = new TlsServer(certificate, SslProtocols.Tls12 | SslProtocols.Tls13);
        try
        {
            (await LookAsync(server.Port)).Chain[0].KeyBits.ShouldBe(1024);
        }
        catch (SecFlowException e)
        {
            // libraries of a higher security level refuse such a key on one side or the other
            e.Code.ShouldBe(Codes.TargetProtocol);
        }
    }

    [Fact]
    public async Task Look_NothingListens_IsUnreachable() =>
        (await Should.ThrowAsync<SecFlowException>(() => LookAsync(DeadPort()))).Code.ShouldBe(Codes.TargetUnreachable);

    [Fact]
    public async Task Look_SilentServer_TimesOut()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        (await Should.ThrowAsync<SecFlowException>(() => LookAsync(((IPEndPoint)listener.LocalEndpoint).Port, TimeSpan.FromMilliseconds(300)))).Code.ShouldBe(Codes.TargetTimeout);
    }

    [Fact]
    public async Task Look_PlainTextServer_IsNoTls()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        _ = Task.Run(async () =>
        {
            while (true)
            {
                using var client = await listener.AcceptTcpClientAsync();
                await client.GetStream().WriteAsync("HTTP/1.1 400 Bad Request\r\n\r\n"u8.ToArray());
            }
        });
        (await Should.ThrowAsync<SecFlowException>(() => LookAsync(((IPEndPoint)listener.LocalEndpoint).Port))).Code.ShouldBe(Codes.TargetProtocol);
    }

    [Fact]
    public async Task Look_OutsideTheScope_IsRefusedBeforeAnyConnection()
    {
        var scope = await Scopes.PinAsync(Scopes.Url("https://127.0.0.1:8443/"));
        (await Should.ThrowAsync<SecFlowException>(() => _tls.LookAsync(scope, new Uri("https://127.0.0.1:8444/"), _patience, default))).Code.ShouldBe(Codes.OutOfScope);
    }

    private async Task<TlsFacts> LookAsync(int port, TimeSpan? timeout = null)
    {
        var url = new Uri($"https://127.0.0.1:{port}/");
        return await _tls.LookAsync(await Scopes.PinAsync(Scopes.Url(url.ToString())), url, timeout ?? _patience, default);
    }

    private static int DeadPort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static X509Certificate2 Certificate(string subject, Action<SubjectAlternativeNameBuilder> names, DateTimeOffset? from = null, DateTimeOffset? until = null, int bits = 2048)
    {
        using var key = RSA.Create(bits);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var builder = new SubjectAlternativeNameBuilder();
        names(builder);
        request.CertificateExtensions.Add(builder.Build());
        using var made = request.CreateSelfSigned(from ?? DateTimeOffset.UtcNow.AddDays(-1), until ?? DateTimeOffset.UtcNow.AddDays(20));
        return Exported(made);
    }

    private static X509Certificate2 Exported(X509Certificate2 made) => X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);

    private sealed class TlsServer : IAsyncDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly CancellationTokenSource _stop = new();
        private readonly Task _serving;

        public TlsServer(X509Certificate2 certificate, SslProtocols protocols, X509Certificate2Collection? more = null)
        {
            _listener.Start();
            var context = SslStreamCertificateContext.Create(certificate, more, offline: true);
            _serving = Task.Run(async () =>
            {
                try
                {
                    while (true)
                    {
                        using var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                        await using var ssl = new SslStream(client.GetStream());
                        try
                        {
                            await ssl.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificateContext = context, EnabledSslProtocols = protocols });
                        }
                        catch (Exception e) when (e is AuthenticationException or IOException)
                        {
                            // a version that this server refuses
                        }
                    }
                }
                catch (OperationCanceledException)
                {
                    // the test is over
                }
            });
        }

        public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _serving;
            _listener.Stop();
            _stop.Dispose();
        }
    }
}
