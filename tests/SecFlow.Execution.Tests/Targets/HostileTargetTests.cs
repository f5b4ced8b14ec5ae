using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using SecFlow.Data.Audit;
using SecFlow.Data.Plugins;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Policies;
using SecFlow.Execution.Sandboxing;
using SecFlow.Execution.Targets;
using SecFlow.Execution.Tests.Plugins;
using SecFlow.PluginProtocol;

namespace SecFlow.Execution.Tests.Targets;

/// <summary>Targets that fight back, beside those of <see cref="TargetHttpTests"/>: each answer ends in time, within its bounds, with a code, and leaves the next request alone.</summary>
public sealed class HostileTargetTests : IDisposable
{
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(2);
    private readonly TargetHttp _http = new(TimeProvider.System);

    public void Dispose() => _http.Dispose();

    public static TheoryData<string, string> NoAnswers() => new()
    {
        { "HTTP/0.9", "<html>no status line at all</html>" },
        { "status line of another protocol", "ICY 200 OK\r\n\r\n" },
        { "version that does not exist", "HTTP/9.9 200 OK\r\n\r\nx" },
        { "status of five digits", "HTTP/1.1 99999 OK\r\n\r\n" },
        { "negative status", "HTTP/1.1 -1 OK\r\n\r\n" },
        { "status line without end", "HTTP/1.1 200 " + new string('A', 200_000) },
        { "one header of a mebibyte", "HTTP/1.1 200 OK\r\nX-A: " + new string('a', 1_000_000) + "\r\n\r\nok" },
        { "a hundred thousand headers", "HTTP/1.1 200 OK\r\n" + string.Concat(Enumerable.Range(0, 100_000).Select(i => $"X-{i}: a\r\n")) + "\r\nok" },
        { "header name of a mebibyte", "HTTP/1.1 200 OK\r\n" + new string('a', 1_000_000) + ": 1\r\n\r\nok" },
        { "nothing", "" },
    };

    [Theory]
    [MemberData(nameof(NoAnswers))]
    public async Task Send_NoAnswerThatIsHttp_IsAProtocolErrorAtOnce(string what, string bytes)
    {
        await using var server = new HostileServer(_ => bytes);
        var watch = Stopwatch.StartNew();

        var outcome = await OutcomeAsync(server);

        outcome.ShouldBe(Codes.TargetProtocol, what);
        watch.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(20), what);
    }

    public static TheoryData<string, string, string> OddBodies() => new()
    {
        { "more than it says", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok and something more", "ok" },
        { "less than it says", "HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775807\r\n\r\nhalf", "half..." },
        { "two answers for one", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 302 Found\r\nLocation: http://198.51.100.1/\r\n\r\n", "ok" },
        { "chunk size beyond any number", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\nFFFFFFFFFFFFFFFFF\r\nx", "ok..." },
        { "chunk of sixteen exbibytes", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\nFFFFFFFFFFFFFFFF\r\nx", "okx..." },
        { "chunk of eight exbibytes", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n7FFFFFFFFFFFFFFF\r\nx", "okx..." },
        { "negative chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n-1\r\nx", "ok..." },
        { "chunk extension without end", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n1;" + new string('x', 300_000), "ok..." },
        { "chunked without an end", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n", "ok..." },
        { "no length at all", "HTTP/1.0 200 OK\r\n\r\nok", "ok" },
        { "unknown transfer coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: evil\r\n\r\nok", "ok" },
    };

    [Theory]
    [MemberData(nameof(OddBodies))]
    public async Task Send_BodyOfAnotherLengthThanItSays_KeepsWhatCame(string what, string bytes, string expected)
    {
        await using var server = new HostileServer(_ => bytes);

        var answer = await SendAsync(server);

        // What stood before a broken chunk is lost when both came in one packet.
        var came = Encoding.Latin1.GetString(answer.Body) + (answer.Truncated ? "..." : "");
        (expected.StartsWith("ok...", StringComparison.Ordinal) ? [expected, "..."] : new[] { expected }).ShouldContain(came, what);
    }

    [Theory]
    [InlineData("Content-Length: -5")]
    [InlineData("Content-Length: 99999999999999999999999999")]
    [InlineData("Content-Length: 2\r\nContent-Length: 5")]
    [InlineData("Content-Length: 0x2")]
    [InlineData("Content-Length: 5\r\nTransfer-Encoding: chunked")]
    public async Task Send_LengthThatIsNone_EndsInTime(string header)
    {
        await using var server = new HostileServer(_ => $"HTTP/1.1 200 OK\r\n{header}\r\n\r\nok");

        (await OutcomeAsync(server)).ShouldBeOneOf("200", "200t", Codes.TargetProtocol);
    }

    [Theory]
    [InlineData("HTTP/1.1 100 Continue\r\n\r\n")]
    [InlineData("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")]
    public async Task Send_InterimAnswersWithoutEnd_StopAtTheTimeout(string interim)
    {
        var sent = 0L;
        await using var server = new HostileServer(async (_, stream, ct) =>
        {
            var bytes = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(interim, 100)));
            while (true)
            {
                await stream.WriteAsync(bytes, ct);
                sent += bytes.Length;
            }
        });

        (await OutcomeAsync(server)).ShouldBeOneOf(Codes.TargetTimeout, Codes.TargetProtocol);
        await AliveAsync();
    }

    [Fact]
    public async Task Send_EndlessBody_StopsTheServerSoonAfterTheLimit()
    {
        var sent = 0L;
        await using var server = new HostileServer(async (_, stream, ct) =>
        {
            await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"u8.ToArray(), ct);
            var piece = new byte[64 * 1024];
            while (sent < 1L << 30)
            {
                await stream.WriteAsync(piece, ct);
                sent += piece.Length;
            }
        });

        (await SendAsync(server, request => request with { MaxBodyBytes = 100_000 })).Body.Length.ShouldBe(100_000);

        sent.ShouldBeLessThan(64 * 1024 * 1024, "what the sockets of both sides hold, not what the server has");
        await AliveAsync();
    }

    [Theory]
    [InlineData("")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Le")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")]
    public async Task Send_ConnectionReset_IsCodedOrCut(string before)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var serving = Task.Run(async () =>
        {
            using var socket = await listener.AcceptSocketAsync();
            await socket.ReceiveAsync(new byte[4096]);
            await socket.SendAsync(Encoding.ASCII.GetBytes(before));
            await Task.Delay(100);
            socket.LingerState = new LingerOption(true, 0);
        });
        var url = new Uri($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/");
        var outcome = await OutcomeAsync(await Scopes.PinAsync(Scopes.Url(url.AbsoluteUri)), url);
        await serving;

        outcome.ShouldBeOneOf(before.EndsWith("half", StringComparison.Ordinal) ? ["200t"] : [Codes.TargetProtocol, Codes.TargetUnreachable]);
    }

    [Theory]
    [InlineData("http://[::1", "302")]
    [InlineData("javascript:alert(1)", Codes.RedirectOutOfScope)]
    [InlineData("http://user:password@127.0.0.1/", Codes.RedirectOutOfScope)]
    [InlineData("\\\\198.51.100.1\\share", Codes.RedirectOutOfScope)]
    [InlineData("http://2130706433:1/", Codes.RedirectOutOfScope)]
    [InlineData("http://0x7f.1:1/", Codes.RedirectOutOfScope)]
    [InlineData("http://[64:ff9b:1::7f00:1]/", Codes.RedirectOutOfScope)]
    [InlineData("gopher://127.0.0.1/_GET", Codes.RedirectOutOfScope)]
    public async Task Send_RedirectOfAnOddForm_IsNeverFollowed(string location, string expected)
    {
        await using var server = new HostileServer(_ => $"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");

        (await OutcomeAsync(server, request => request with { FollowRedirects = true })).ShouldBe(expected);

        server.Requests.Count.ShouldBe(1);
    }

    [Theory]
    [InlineData("text/html; charset=utf-16", "\u0000<\u0000h")]
    [InlineData("text/html; charset=shift-jis-evil", "\u00ff\u00fe\u0080")]
    [InlineData("application/json; charset=utf-8", "{\"a\":\"\u00ed\u00a0\u0080\"}")]
    [InlineData("text/plain", "\u0000\u0000\u0000")]
    [InlineData("\u0001\u0080;;==,,\"", "x")]
    public async Task Send_EncodingsThatLie_ReachThePluginAsBytesAndItsHeadersAsJson(string type, string body)
    {
        await using var server = new HostileServer(_ => $"HTTP/1.1 200 OK\r\nContent-Type: {type}\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}");

        var answer = await SendAsync(server);

        Encoding.Latin1.GetString(answer.Body).ShouldBe(body);
        var json = HttpCall.Write(answer, new HandleRef(1, answer.Body.Length));
        JsonNode.Parse(json.ToJsonString())!["status"]!.GetValue<int>().ShouldBe(200);
        var frame = new MemoryStream();
        await Frames.WriteAsync(frame, new ResultMessage(1, json, null), CancellationToken.None);
        frame.Position = 0;
        Frames.ReadEngineMessage(frame).ShouldBeOfType<ResultMessage>();
    }

    [Fact]
    public async Task Send_NameThatChangesBetweenTwoRequests_StaysAtItsFirstAddress()
    {
        await using var approved = new HostileServer(_ => Ok);
        var asked = 0;
        var scope = await TargetScope.PinAsync(
            [Scopes.Url($"http://rebind.example:{approved.Port}/", "127.0.0.1")], TimeProvider.System, new(new HashSet<int>()), () => new HashSet<IPAddress>(),
            (_, _) => Task.FromResult(new[] { IPAddress.Parse(Interlocked.Increment(ref asked) == 1 ? "127.0.0.1" : "169.254.169.254") }), CancellationToken.None);
        var url = new Uri($"http://rebind.example:{approved.Port}/");

        for (var i = 0; i < 3; i++)
        {
            // A closed connection each time: a new one is opened, to the pinned address.
            (await OutcomeAsync(scope, url)).ShouldBe("200");
        }

        (asked, approved.Requests.Count).ShouldBe((1, 3));
    }

    [Fact]
    public async Task Broker_NameThatResolvesToMetadataNow_IsRefusedAndAudited()
    {
        await using var world = await PluginWorld.CreateAsync();
        var scope = await Scopes.PinAsync([Scopes.Url("http://rebind.example/", "127.0.0.1")], new Dictionary<string, string[]>(StringComparer.Ordinal) { ["rebind.example"] = ["169.254.169.254"] });

        var answer = await CallAsync(world, scope, new JsonObject { ["url"] = "http://rebind.example/latest/meta-data/" });

        answer.Error!.Code.ShouldBe(Codes.AddressForbidden);
        var refusal = (await world.EventsAsync("refuse.http")).ShouldHaveSingleItem();
        (refusal.ReasonCode, refusal.Outcome).ShouldBe((Codes.AddressForbidden, AuditOutcome.Denied));
    }

    [Fact]
    public async Task Broker_RedirectOutOfScope_IsRefusedAndAudited()
    {
        await using var world = await PluginWorld.CreateAsync();
        await using var server = new HostileServer(_ => "HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");

        var answer = await CallAsync(world, await Scopes.PinAsync(Scopes.Url(server.Url().AbsoluteUri)), new JsonObject { ["url"] = server.Url().AbsoluteUri, ["followRedirects"] = true });

        answer.Error!.Code.ShouldBe(Codes.RedirectOutOfScope);
        (await world.EventsAsync("refuse.http")).ShouldHaveSingleItem().ReasonCode.ShouldBe(Codes.RedirectOutOfScope);
    }

    private static async Task<ResultMessage> CallAsync(PluginWorld world, TargetScope scope, JsonObject arguments)
    {
        var manifest = PluginWorld.Package(PluginWorld.Files(manifest: "permissions: { network: targets }\n")).ReadManifest();
        var subject = new PolicySubject(manifest.Id, PluginState.Enabled, manifest.Intrusiveness, manifest.MinLevel, manifest.Permissions);
        var provenance = new PluginProvenance(manifest.Id, manifest.Version, "sha256:0", "s", "r", "p", SandboxLevel.L3);
        var grant = new BrokerGrant(new PluginRequest(world.Admin, "sha256:0", Guid.NewGuid(), "node"), provenance, manifest, subject, new PolicyEvaluator(TimeProvider.System), world.Http, new TargetTls(TimeProvider.System, new TargetRates(TimeProvider.System)), new ToolServices(world.Tools, world.ToolRunner), world.Audit);
        await using var broker = new Broker(grant, new PluginWork { Scope = scope }, new TestOutput());
        return (await broker.AnswerAsync(new CallMessage(1, "http", arguments), CancellationToken.None))!;
    }

    /// <summary>The client is unharmed: a good server is answered at once.</summary>
    private async Task AliveAsync()
    {
        await using var good = new HostileServer(_ => Ok);
        (await OutcomeAsync(good)).ShouldBe("200");
    }

    private async Task<TargetResponse> SendAsync(HostileServer server, Func<TargetRequest, TargetRequest>? change = null)
    {
        var request = new TargetRequest("GET", server.Url(), [], null, false, TimeSpan.FromSeconds(20), 1 << 20);
        return await _http.SendAsync(await Scopes.PinAsync(Scopes.Url(server.Url().AbsoluteUri)), change?.Invoke(request) ?? request, CancellationToken.None);
    }

    private async Task<string> OutcomeAsync(HostileServer server, Func<TargetRequest, TargetRequest>? change = null) =>
        await OutcomeAsync(await Scopes.PinAsync(Scopes.Url(server.Url().AbsoluteUri)), server.Url(), change);

    /// <summary>The status, with t when the body was cut; or the code.</summary>
    private async Task<string> OutcomeAsync(TargetScope scope, Uri url, Func<TargetRequest, TargetRequest>? change = null)
    {
        var request = new TargetRequest("GET", url, [], null, false, _patience, 1 << 20);
        try
        {
            var answer = await _http.SendAsync(scope, change?.Invoke(request) ?? request, CancellationToken.None);
            return answer.Status + (answer.Truncated ? "t" : "");
        }
        catch (SecFlowException e)
        {
            return e.Code;
        }
    }
}
