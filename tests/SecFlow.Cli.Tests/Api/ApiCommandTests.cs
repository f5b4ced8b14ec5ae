using System.Net;
using System.Net.Sockets;
using System.Text;
using SecFlow.Cli.Api;

namespace SecFlow.Cli.Tests.Api;

/// <summary>One test at a time: the token is a variable of the process.</summary>
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
            while (!text.ToString().EndsWith('}'))
            {
                var read = await stream.ReadAsync(buffer);
                text.Append(Encoding.ASCII.GetString(buffer, 0, read));
                if (read == 0)
                {
                    break;
                }
            }

            await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 {status} X\r\nContent-Length: {body.Length}\r\nLocation: http://elsewhere.example/\r\nConnection: close\r\n\r\n{body}"));
            return text.ToString();
        }
    }
}
