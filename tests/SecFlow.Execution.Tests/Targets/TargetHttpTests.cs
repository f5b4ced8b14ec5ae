using System.Diagnostics;
using System.IO.Compression;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Targets;

namespace SecFlow.Execution.Tests.Targets;

// long: one case each for every way out of the scope, over one fixture
public sealed class TargetHttpTests : IDisposable
{
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
    private readonly TargetHttp _http = new(TimeProvider.System);

    public void Dispose() => _http.Dispose();

    [Fact]
    public async Task Send_PlainRequest_SaysWhoItIsAndReturnsEverything()
    {
        await using var server = new HostileServer(_ => "HTTP/1.1 404 Not Found\r\nX-One: a\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nX-Odd: caf\u00e9\r\nContent-Type: text/plain\r\nContent-Length: 4\r\nConnection: close\r\n\r\ngone");

        var answer = await SendAsync(server, Get(server.Url("/a?b=c")));

        answer.Status.ShouldBe(404);
        Encoding.ASCII.GetString(answer.Body).ShouldBe("gone");
        answer.Truncated.ShouldBeFalse();
        answer.TlsProtocol.ShouldBeNull();
        answer.Headers.Where(header => header.Key == "Set-Cookie").Select(header => header.Value).ShouldBe(["a=1", "b=2"]);
        answer.Headers.ShouldContain(new KeyValuePair<string, string>("X-Odd", "caf\u00e9"));
        var request = server.Requests.Single();
        request.ShouldStartWith("GET /a?b=c HTTP/1.1\r\n");
        request.ShouldContain($"User-Agent: {TargetHttp.UserAgent}");
        request.ShouldNotContain("Cookie");
        request.ShouldNotContain("traceparent");
    }

    [Fact]
    public async Task Send_SecondRequest_CarriesNoCookieOfTheFirst()
    {
        await using var server = new HostileServer(_ => "HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        var scope = await ScopeAsync(server);

        await _http.SendAsync(scope, Get(server.Url()), CancellationToken.None);
        await _http.SendAsync(scope, Get(server.Url()), CancellationToken.None);

        server.Requests.Count.ShouldBe(2);
        server.Requests.ShouldAllBe(request => !request.Contains("Cookie:", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task Send_PostWithOwnAgent_SendsBodyAndKeepsTheIdentification()
    {
        await using var server = new HostileServer(async (head, stream, ct) =>
        {
            await stream.WriteAsync(Encoding.ASCII.GetBytes(Ok), ct);
        });

        await SendAsync(server, Get(server.Url()) with { Method = "post", Body = "a=1"u8.ToArray(), Headers = [new("User-Agent", "Curl"), new("Content-Type", "text/x"), new("X-A", "1"), new("X-A", "2")] });

        var request = server.Requests.Single();
        request.ShouldStartWith("POST / ");
        request.ShouldContain($"User-Agent: Curl {TargetHttp.UserAgent}");
        request.ShouldContain("Content-Type: text/x");
        request.ShouldContain("Content-Length: 3");
    }

    [Fact]
    public async Task Send_OutOfScope_NothingIsConnected()
    {
        await using var server = new HostileServer(_ => Ok);
        await using var other = new HostileServer(_ => Ok);

        (await FailsAsync(server, Get(other.Url()))).ShouldBe(Codes.OutOfScope);

        other.Requests.ShouldBeEmpty();
    }

    [Fact]
    public async Task Send_EndlessBody_IsCutAtTheLimit()
    {
        await using var server = new HostileServer(async (_, stream, ct) =>
        {
            await stream.WriteAsync("HTTP/1.1 200 OK\r\n\r\n"u8.ToArray(), ct);
            var piece = new byte[64 * 1024];
            while (true)
            {
                await stream.WriteAsync(piece, ct);
            }
        });

        var answer = await SendAsync(server, Get(server.Url()) with { MaxBodyBytes = 100_000 });

        answer.Body.Length.ShouldBe(100_000);
        answer.Truncated.ShouldBeTrue();
        (await FailsAsync(server, Get(server.Url()) with { MaxBodyBytes = 1000, FailWhenTooLarge = true })).ShouldBe(Codes.TargetResponseTooLarge);
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nX-Slow: ")]
    [InlineData("")]
    public async Task Send_SlowDrip_EndsAtTheTimeout(string head)
    {
        await using var server = new HostileServer(async (_, stream, ct) =>
        {
            await stream.WriteAsync(Encoding.ASCII.GetBytes(head), ct);
            while (true)
            {
                await stream.WriteAsync("x"u8.ToArray(), ct);
                await Task.Delay(50, ct);
            }
        });
        var watch = Stopwatch.StartNew();

        (await FailsAsync(server, Get(server.Url()) with { Timeout = TimeSpan.FromMilliseconds(500) })).ShouldBe(Codes.TargetTimeout);

        watch.Elapsed.ShouldBeLessThan(Crowd.Within(5));
    }

    [Fact]
    public async Task Send_CancelledByTheRun_IsACancellationAndNotATimeout()
    {
        await using var server = new HostileServer((_, _, ct) => Task.Delay(Timeout.Infinite, ct));
        using var cancel = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));

        await Should.ThrowAsync<OperationCanceledException>(async () => await _http.SendAsync(await ScopeAsync(server), Get(server.Url()), cancel.Token));
    }

    [Fact]
    public async Task Send_HeaderBomb_IsAProtocolError()
    {
        await using var server = new HostileServer(async (_, stream, ct) =>
        {
            await stream.WriteAsync("HTTP/1.1 200 OK\r\n"u8.ToArray(), ct);
            for (var i = 0; ; i++)
            {
                await stream.WriteAsync(Encoding.ASCII.GetBytes($"X-{i}: {new string('a', 1000)}\r\n"), ct);
            }
        });

        (await FailsAsync(server, Get(server.Url()))).ShouldBe(Codes.TargetProtocol);
    }

    [Theory]
    [InlineData("SSH-2.0-OpenSSH_9.2\r\n")]
    [InlineData("HTTP/1.1 abc OK\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nno colon\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Le")]
    [InlineData("\0\0\0\0\0\0")]
    public async Task Send_NoHttp_IsAProtocolError(string answer)
    {
        await using var server = new HostileServer(_ => answer);

        (await FailsAsync(server, Get(server.Url()))).ShouldBe(Codes.TargetProtocol);
    }

    [Fact]
    public async Task Send_NothingListens_IsUnreachable()
    {
        var server = new HostileServer(_ => Ok);
        var scope = await ScopeAsync(server);
        var url = server.Url();
        await server.DisposeAsync();

        var error = await Should.ThrowAsync<SecFlowException>(() => _http.SendAsync(scope, Get(url), CancellationToken.None));

        error.Code.ShouldBe(Codes.TargetUnreachable);
    }

    [Fact]
    public async Task Send_NameWithoutAddress_IsUnreachable()
    {
        var scope = await Scopes.PinAsync(Scopes.Host("gone.example"));

        var error = await Should.ThrowAsync<SecFlowException>(() => _http.SendAsync(scope, Get(new Uri("http://gone.example/")), CancellationToken.None));

        error.Code.ShouldBe(Codes.TargetUnreachable);
    }

    [Fact]
    public async Task Send_PinnedName_ConnectsToThePinnedAddressWithTheNamesHostHeader()
    {
        await using var server = new HostileServer(_ => Ok);
        var scope = await Scopes.PinAsync([Scopes.Url($"http://app.example:{server.Port}/", "127.0.0.1")], new Dictionary<string, string[]>(StringComparer.Ordinal) { ["app.example"] = ["127.0.0.1"] });

        var answer = await _http.SendAsync(scope, Get(new Uri($"http://app.example:{server.Port}/")), CancellationToken.None);

        answer.Status.ShouldBe(200);
        server.Requests.Single().ShouldContain($"Host: app.example:{server.Port}\r\n");
    }

    [Fact]
    public async Task Send_ConnectionThatBreaks_KeepsWhatCame()
    {
        await using var server = new HostileServer(_ => "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf");

        var answer = await SendAsync(server, Get(server.Url()));

        Encoding.ASCII.GetString(answer.Body).ShouldBe("half");
        answer.Truncated.ShouldBeTrue();
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    [InlineData("br")]
    public async Task Send_Compressed_IsDecoded(string encoding)
    {
        var packed = Pack(encoding, "hello hello hello"u8.ToArray());
        await using var server = Compressed(encoding, packed);

        var answer = await SendAsync(server, Get(server.Url()));

        Encoding.ASCII.GetString(answer.Body).ShouldBe("hello hello hello");
        answer.Truncated.ShouldBeFalse();
        server.Requests.Single().ShouldNotContain("Accept-Encoding");
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    public async Task Send_CompressionBomb_IsCutAtTheLimit(string encoding)
    {
        await using var server = Compressed(encoding, Pack(encoding, new byte[50_000_000]));
        var before = GC.GetTotalAllocatedBytes();

        var answer = await SendAsync(server, Get(server.Url()) with { MaxBodyBytes = 100_000 });

        answer.Body.Length.ShouldBe(100_000);
        answer.Truncated.ShouldBeTrue();
        (GC.GetTotalAllocatedBytes() - before).ShouldBeLessThan(40_000_000);
    }

    [Theory]
    [InlineData("gzip", "this is not gzip at all")]
    [InlineData("br", "\u0000\u0001\u0002 nor brotli")]
    [InlineData("gzip, br", "two at once")]
    [InlineData("x-unknown", "plain")]
    public async Task Send_EncodingThatIsNotTrue_GivesTheBytesAsTheyCame(string encoding, string body)
    {
        await using var server = Compressed(encoding, Encoding.Latin1.GetBytes(body));

        var answer = await SendAsync(server, Get(server.Url()));

        Encoding.Latin1.GetString(answer.Body).ShouldBe(body);
    }

    [Fact]
    public async Task Send_RedirectsNotAsked_ReturnsTheRedirect()
    {
        await using var server = new HostileServer(_ => "HTTP/1.1 302 Found\r\nLocation: http://198.51.100.1/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");

        var answer = await SendAsync(server, Get(server.Url()));

        answer.Status.ShouldBe(302);
        answer.Redirects.ShouldBeEmpty();
    }

    [Fact]
    public async Task Send_RedirectsInScope_AreFollowedAndListed()
    {
        await using var server = new HostileServer(head => head.StartsWith("POST /a ", StringComparison.Ordinal) ? "HTTP/1.1 302 Found\r\nLocation: b?x=1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" : Ok);

        var answer = await SendAsync(server, Get(server.Url("/a")) with { Method = "POST", Body = [1], FollowRedirects = true });

        answer.Status.ShouldBe(200);
        answer.Url.ShouldBe(server.Url("/b?x=1"));
        answer.Redirects.ShouldBe([server.Url("/b?x=1")]);
        server.Requests.Last().ShouldStartWith("GET /b?x=1 ");
    }

    [Theory]
    [InlineData("http://198.51.100.1/")]
    [InlineData("//198.51.100.1/")]
    [InlineData("http://169.254.169.254/latest/meta-data/")]
    [InlineData("http://[::ffff:169.254.169.254]/")]
    [InlineData("file:///etc/passwd")]
    [InlineData("http://127.0.0.1:1/")]
    public async Task Send_RedirectOutOfScope_IsRefusedAndNotFollowed(string location)
    {
        await using var server = new HostileServer(_ => $"HTTP/1.1 301 Moved\r\nLocation: {location}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");

        (await FailsAsync(server, Get(server.Url()) with { FollowRedirects = true })).ShouldBe(Codes.RedirectOutOfScope);

        server.Requests.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Send_RedirectToAnotherServerOfTheScope_CarriesNoCredentials()
    {
        await using var second = new HostileServer(_ => Ok);
        await using var first = new HostileServer(_ => $"HTTP/1.1 307 Moved\r\nLocation: {second.Url()}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        var scope = await Scopes.PinAsync(Scopes.Url(first.Url().AbsoluteUri), Scopes.Url(second.Url().AbsoluteUri));

        await _http.SendAsync(scope, Get(first.Url()) with { FollowRedirects = true, Headers = [new("Authorization", "Bearer secret"), new("X-Other", "1")] }, CancellationToken.None);

        first.Requests.Single().ShouldContain("Bearer secret");
        second.Requests.Single().ShouldNotContain("Bearer secret");
        second.Requests.Single().ShouldContain("X-Other: 1");
    }

    [Fact]
    public async Task Send_RedirectLoop_IsDetected()
    {
        await using var server = new HostileServer(head => $"HTTP/1.1 302 Found\r\nLocation: {(head.Contains("/a ", StringComparison.Ordinal) ? "/b" : "/a")}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");

        (await FailsAsync(server, Get(server.Url("/a")) with { FollowRedirects = true })).ShouldBe(Codes.TargetProtocol);

        server.Requests.Count.ShouldBe(2);
    }

    [Fact]
    public async Task Send_EndlessRedirects_StopAfterTen()
    {
        var n = 0;
        await using var server = new HostileServer(_ => $"HTTP/1.1 302 Found\r\nLocation: /{Interlocked.Increment(ref n)}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");

        (await FailsAsync(server, Get(server.Url("/start")) with { FollowRedirects = true })).ShouldBe(Codes.TargetProtocol);

        server.Requests.Count.ShouldBe(11);
    }

    [Theory]
    [InlineData("X-A", "b\r\nX-Evil: 1", Codes.RequestInvalid)]
    [InlineData("X-A", "b\nX", Codes.RequestInvalid)]
    [InlineData("X-A", "caf\u00e9", Codes.RequestInvalid)]
    [InlineData("X A", "b", Codes.RequestInvalid)]
    [InlineData("X-A:", "b", Codes.RequestInvalid)]
    [InlineData("", "b", Codes.RequestInvalid)]
    [InlineData("Transfer-Encoding", "chunked", Codes.RequestInvalid)]
    [InlineData("content-length", "5", Codes.RequestInvalid)]
    [InlineData("Connection", "keep-alive", Codes.RequestInvalid)]
    [InlineData("Host", "evil.example", Codes.OutOfScope)]
    public async Task Send_HeaderThatWouldChangeTheRequest_IsRefused(string name, string value, string code)
    {
        await using var server = new HostileServer(_ => Ok);

        (await FailsAsync(server, Get(server.Url()) with { Headers = [new(name, value)] })).ShouldBe(code);

        server.Requests.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("CONNECT")]
    [InlineData("GET /x HTTP/1.1\r\nHost: evil")]
    [InlineData("")]
    public async Task Send_OtherMethod_IsRefused(string method)
    {
        await using var server = new HostileServer(_ => Ok);

        (await FailsAsync(server, Get(server.Url()) with { Method = method })).ShouldBe(Codes.RequestInvalid);
    }

    [Fact]
    public async Task Send_FasterThanTheRate_Waits()
    {
        await using var server = new HostileServer(_ => Ok);
        var scope = await Scopes.PinAsync(Scopes.Url(server.Url().AbsoluteUri) with { RequestsPerSecond = 5 });
        var watch = Stopwatch.StartNew();

        await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => _http.SendAsync(scope, Get(server.Url()), CancellationToken.None)));

        // five at once, then five more at five a second
        watch.Elapsed.ShouldBeGreaterThan(TimeSpan.FromMilliseconds(900));
        server.Requests.Count.ShouldBe(10);
    }

    [Fact]
    public async Task Send_WrongCertificate_GoesOnAndTells()
    {
        using var key = RSA.Create(2048);
        var now = TimeProvider.System.GetUtcNow();
        using var made = new CertificateRequest("CN=wrong.example", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSelfSigned(now.AddDays(-2), now.AddDays(-1));
        using var certificate = X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var url = new Uri($"https://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/");
        var serving = Task.Run(async () =>
        {
            using var client = await listener.AcceptTcpClientAsync();
            await using var tls = new SslStream(client.GetStream());
            await tls.AuthenticateAsServerAsync(certificate);
            _ = await tls.ReadAsync(new byte[4096]);
            await tls.WriteAsync(Encoding.ASCII.GetBytes(Ok));
        });

        var answer = await _http.SendAsync(await Scopes.PinAsync(Scopes.Url(url.AbsoluteUri)), Get(url), CancellationToken.None);
        await serving;

        answer.Status.ShouldBe(200);
        answer.TlsProtocol!.ShouldStartWith("Tls1");
        answer.TlsProblem!.ShouldContain("RemoteCertificate");
    }

    [Fact]
    public async Task Send_TlsToAPlainServer_IsAProtocolError()
    {
        await using var server = new HostileServer(_ => Ok);
        var url = new Uri($"https://127.0.0.1:{server.Port}/");

        (await FailsAsync(server, Get(url) with { Timeout = TimeSpan.FromSeconds(2) })).ShouldBeOneOf(Codes.TargetProtocol, Codes.TargetTimeout);
    }

    private static TargetRequest Get(Uri url) => new("GET", url, [], null, false, TimeSpan.FromSeconds(10), 1 << 20);

    private static Task<TargetScope> ScopeAsync(HostileServer server) => Scopes.PinAsync(Scopes.Url(server.Url().AbsoluteUri));

    private static HostileServer Compressed(string encoding, byte[] packed) => new(async (_, stream, ct) =>
    {
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\nContent-Length: {packed.Length}\r\nConnection: close\r\n\r\n"), ct);
        await stream.WriteAsync(packed, ct);
    });

    private static byte[] Pack(string encoding, byte[] plain)
    {
        var packed = new MemoryStream();
        using (Stream pack = encoding switch
        {
            "gzip" => new GZipStream(packed, CompressionLevel.Fastest),
            "br" => new BrotliStream(packed, CompressionLevel.Fastest),
            _ => new ZLibStream(packed, CompressionLevel.Fastest),
        })
        {
            pack.Write(plain);
        }

        return packed.ToArray();
    }

    private async Task<TargetResponse> SendAsync(HostileServer server, TargetRequest request) => await _http.SendAsync(await ScopeAsync(server), request, CancellationToken.None);

    private async Task<string> FailsAsync(HostileServer server, TargetRequest request) => (await Should.ThrowAsync<SecFlowException>(async () => await SendAsync(server, request))).Code;
}
