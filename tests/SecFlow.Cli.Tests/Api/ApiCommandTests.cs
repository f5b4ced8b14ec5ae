using System.Net;
using System.Net.Sockets;
using System.Text;
using SecFlow.Cli.Api;

namespace SecFlow.Cli.Tests.Api;

/// <summary>One test at a time: the token is a variable of the process.</summary>
[Collection("token")]
public sealed class ApiCommandTests : IDisposable
{
    public ApiCommandTests() => Environment.SetEnvironmentVariable(ApiCommand.TokenVariable, "sf_test");

    public void Dispose() => Environment.SetEnvironmentVariable(ApiCommand.TokenVariable, null);

    [Theory]
    [InlineData(200, "{\"items\":[]}", ExitCodes.Done, "")]
    [InlineData(403, "{\"code\":\"SF3030\",\"detail\":\"The work is held.\",\"remedy\":\"Wait.\"}", ExitCodes.Refused, "SF3030: The work is held.")]
    [InlineData(401, "{\"code\":\"SF3011\",\"detail\":\"No token.\"}", ExitCodes.Refused, "SF3011")]
    [InlineData(404, "{\"code\":\"SF1502\",\"detail\":\"There is none.\"}", ExitCodes.Usage, "SF1502")]
    [InlineData(400, "{\"code\":\"SF1004\",\"detail\":\"A key is missing.\"}", ExitCodes.Rejected, "SF1004")]
    [InlineData(503, "{\"code\":\"SF7001\",\"detail\":\"Busy.\"}", ExitCodes.Failed, "SF7001")]
    [InlineData(302, "", ExitCodes.Failed, "302")]
    [InlineData(200, "<html>", ExitCodes.Done, "")]
    [InlineData(500, "<html>", ExitCodes.Failed, "500")]
    public async Task Answer_GoesToStdout_AndItsCodeDecides(int status, string body, int exit, string said)
    {
        using var portal = new OneAnswer(status, body);

        var run = await CliRun.OfAsync("api", "post", "holds/resume", "--url", portal.Url, "--body", """{"reason":"x"}""");

        (run.Code, run.Out.Trim()).ShouldBe((exit, body), run.Error);
        run.Error.ShouldContain(said);
        var asked = await portal.Request;
        asked.ShouldStartWith("POST /api/v1/holds/resume HTTP/1.1");
        asked.ShouldContain("Authorization: Bearer sf_test");
        asked.ShouldEndWith("""{"reason":"x"}""");
    }

    [Theory]
    [InlineData("GET", "//elsewhere.example/x")]
    [InlineData("GET", "http://elsewhere.example/x")]
    [InlineData("GET", "/@elsewhere.example://x")]
    [InlineData("BREW", "/x")]
    public async Task Request_ThatIsNone_IsUsage(string method, string path)
    {
        var run = await CliRun.OfAsync("api", method, path, "--url", "http://127.0.0.1:1");

        run.Code.ShouldBe(ExitCodes.Usage);
        run.Error.ShouldContain("SF1601");
    }

    [Fact]
    public async Task Body_ThatIsNoJson_AndMissingToken_AreUsage_AndNoPortalIsAFailure()
    {
        (await CliRun.OfAsync("api", "POST", "runs", "--url", "http://127.0.0.1:1", "--body", "{")).Code.ShouldBe(ExitCodes.Usage);
        var nobody = await CliRun.OfAsync("api", "GET", "runs", "--url", "http://127.0.0.1:1");
        (nobody.Code, nobody.Out).ShouldBe((ExitCodes.Failed, ""));
        nobody.Error.ShouldContain("--url");
        Environment.SetEnvironmentVariable(ApiCommand.TokenVariable, null);
        var without = await CliRun.OfAsync("api", "GET", "runs", "--url", "http://127.0.0.1:1");
        without.Code.ShouldBe(ExitCodes.Usage);
        without.Error.ShouldContain(ApiCommand.TokenVariable);
    }

    [Fact]
    public async Task Submit_PackageToAPortal_SendsItAndSaysWhereItWaits()
    {
        using var folder = new CliFolder();
        var (plugin, zip) = (folder.At("scan.hello"), folder.At("hello.zip"));
        (await CliRun.OfAsync("plugin", "new", "scan.hello", "--js", "--dir", plugin)).Code.ShouldBe(0);
        (await CliRun.OfAsync("plugin", "submit", plugin, "--url", "http://127.0.0.1:1")).ShouldSatisfyAllConditions(r => r.Code.ShouldBe(ExitCodes.Usage), r => r.Error.ShouldContain("secflow plugin sign"));
        (await CliRun.OfAsync("plugin", "pack", plugin, "-o", zip)).Code.ShouldBe(0);

        using (var portal = new OneAnswer(201, """{"versionId":"0190a000-0000-7000-8000-000000000000","id":"scan.hello","version":"0.1.0","state":"submitted","trustState":"Unsigned","digest":"sha256:00"}"""))
        {
            var run = await CliRun.OfAsync("plugin", "submit", zip, "--url", portal.Url, "--note", "first & only");

            run.Code.ShouldBe(ExitCodes.Done, run.Error);
            run.Out.Trim().ShouldBe("submitted  scan.hello 0.1.0  Unsigned  sha256:00");
            run.Error.ShouldContain($"{portal.Url}/plugins/0190a000-0000-7000-8000-000000000000");
            var asked = await portal.Request;
            asked.ShouldStartWith("POST /api/v1/plugins?note=first%20%26%20only HTTP/1.1");
            asked.ShouldContain("Authorization: Bearer sf_test");
            asked.ShouldContain("Content-Type: application/zip");
            var body = Encoding.Latin1.GetBytes(asked[(asked.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..]);
            SecFlow.Execution.Plugins.PluginPackage.ReadZip(new MemoryStream(body)).ReadManifest().Id.ShouldBe("scan.hello");
        }

        using (var refusing = new OneAnswer(403, "{\"code\":\"SF2020\",\"detail\":\"The id belongs to somebody else.\"}"))
        {
            (await CliRun.OfAsync("plugin", "submit", zip, "--url", refusing.Url)).ShouldSatisfyAllConditions(r => r.Code.ShouldBe(ExitCodes.Refused), r => r.Error.ShouldContain("SF2020"), r => r.Out.ShouldBeEmpty());
        }

        using var stranger = new OneAnswer(200, "<html>");
        (await CliRun.OfAsync("plugin", "submit", zip, "--url", stranger.Url)).Code.ShouldBe(ExitCodes.Failed);
    }

    /// <summary>A server that answers one request.</summary>
    private sealed class OneAnswer : IDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

        public OneAnswer(int status, string body)
        {
            _listener.Start();
            Url = $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";
            Request = AnswerAsync(status, body);
        }

        public string Url { get; }

        public Task<string> Request { get; }

        public void Dispose() => _listener.Stop();

        private async Task<string> AnswerAsync(int status, string body)
        {
            using var client = await _listener.AcceptTcpClientAsync();
            await using var stream = client.GetStream();
            var buffer = new byte[8192];
            var text = new StringBuilder();
            while (!IsWhole(text.ToString()))
            {
                var read = await stream.ReadAsync(buffer);
                text.Append(Encoding.Latin1.GetString(buffer, 0, read));
                if (read == 0)
                {
                    break;
                }
            }

            await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 {status} X\r\nContent-Length: {body.Length}\r\nLocation: http://elsewhere.example/\r\nConnection: close\r\n\r\n{body}"));
            return text.ToString();
        }

        private static bool IsWhole(string request)
        {
            var end = request.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            const string Length = "Content-Length: ";
            var at = request.IndexOf(Length, StringComparison.OrdinalIgnoreCase);
            return end >= 0 && (at < 0 || at > end || request.Length >= end + 4 + int.Parse(request[(at + Length.Length)..request.IndexOf('\r', at)], System.Globalization.CultureInfo.InvariantCulture));
        }
    }
}
