using System.Net;
using System.Net.Sockets;
using System.Text;
using SecFlow.Cli.Api;

namespace SecFlow.Cli.Tests.Runs;

/// <summary>What is asked of a portal, and what its answers become. One test at a time: the token is a variable of the process.</summary>
[Collection("token")]
public sealed class RunCommandsTests : IDisposable
{
    private const string Id = "0190a000-0000-7000-8000-000000000001";

    public RunCommandsTests() => Environment.SetEnvironmentVariable(ApiCommand.TokenVariable, "sf_test");

    public void Dispose() => Environment.SetEnvironmentVariable(ApiCommand.TokenVariable, null);

    [Theory]
    [InlineData("pause", "--reason", "lunch", "{\"reason\":\"lunch\"}")]
    [InlineData("skip", "ports", "", "{\"node\":\"ports\"}")]
    [InlineData("retry", "--from", "ports", "{\"from\":\"ports\"}")]
    [InlineData("resume", "", "", "")]
    [InlineData("rerun", "", "", "")]
    [InlineData("cancel", "", "", "")]
    public async Task Wish_IsPosted_AndTheRunIsALine(string act, string one, string two, string body)
    {
        using var portal = new Portal((202, $$"""{"id":"{{Id}}","status":"Paused","workflow":"Web"}"""));

        var run = await CliRun.OfAsync([.. new[] { "run", act, Id, one, two }.Where(a => a.Length > 0), "--url", portal.Url]);

        (run.Code, run.Out.Trim()).ShouldBe((ExitCodes.Done, $"{Id}  Paused  Web"), run.Error);
        portal.Requests[0].ShouldStartWith($"POST /api/v1/runs/{Id}/{act} HTTP/1.1");
        portal.Requests[0].ShouldEndWith(body);
    }

    [Theory]
    [InlineData("succeeded", "{\"items\":[]}", ExitCodes.Done)]
    [InlineData("succeeded", "{\"items\":[{}]}", ExitCodes.Rejected)]
    [InlineData("partial", "{\"items\":[]}", ExitCodes.NotAssessed)]
    [InlineData("timed_out", "{\"items\":[{}]}", ExitCodes.Failed)]
    [InlineData("denied", "{\"items\":[]}", ExitCodes.Refused)]
    public async Task Start_ByName_WaitsThroughABrokenAnswer_AndItsEndIsTheExitCode(string status, string findings, int exit)
    {
        using var portal = new Portal(
            (200, """{"items":[{"id":"0190a000-0000-7000-8000-00000000000f","name":"Web check"}]}"""),
            (202, $$"""{"id":"{{Id}}","status":"Queued"}"""),
            (200, "id: 1\nevent: node.status\ndata: {\"nodeId\":\"scan\",\"data\":{\"status\":\"Running\"}}\n\n"),
            (200, "id: 2\nevent: run.status\ndata: {\"data\":{\"status\":\"Paused\",\"by\":\"ana\",\"reason\":\"lunch\"}}\n\nevent: end\ndata: {}\n\n"),
            (200, $$$"""{"run":{"id":"{{{Id}}}","status":"{{{status}}}","workflow":"Web check"},"assessments":[{"target":"shop","plugin":"scan.x","verdict":"unreachable","reason":"silent"}]}"""),
            (200, findings));

        var run = await CliRun.OfAsync("run", "start", "web CHECK", "--target", "Shop", "--set", "depth=2", "--fail-on", "high", "--url", portal.Url, "--idempotency-key", "k1");

        run.Code.ShouldBe(exit, run.Error);
        run.Out.Trim().ShouldBe($"{Id}  {status}  Web check");
        portal.Requests[1].ShouldContain("Idempotency-Key: k1");
        portal.Requests[1].ShouldContain("\"workflowId\":\"0190a000-0000-7000-8000-00000000000f\"");
        portal.Requests[1].ShouldContain("\"targetNames\":[\"Shop\"]");
        portal.Requests[1].ShouldContain("\"depth\":2");
        portal.Requests[2].ShouldContain("Last-Event-ID: 0");
        portal.Requests[3].ShouldContain("Last-Event-ID: 1");
        portal.Requests[5].ShouldContain($"findings?runId={Id}&severity=high,critical&limit=1");
        run.Error.ShouldContain("scan: Running");
        run.Error.ShouldContain("run: Paused by ana: lunch");
        run.Error.ShouldContain("not assessed: shop by scan.x");
    }

    [Fact]
    public async Task Watch_AsJson_PrintsEverything_AndARefusalHasItsCode()
    {
        using (var portal = new Portal((200, "event: end\ndata: {}\n\n"), (200, $$$"""{"run":{"id":"{{{Id}}}","status":"cancelled"},"nodes":[]}""")))
        {
            var run = await CliRun.OfAsync("run", "watch", Id, "--format", "json", "--url", portal.Url);
            run.Code.ShouldBe(ExitCodes.Failed, run.Error);
            run.Out.ShouldContain("\"nodes\"");
        }

        using (var portal = new Portal((409, """{"code":"SF1510","detail":"The run is not paused."}""")))
        {
            var refused = await CliRun.OfAsync("run", "resume", Id, "--url", portal.Url);
            (refused.Code, refused.Out).ShouldBe((ExitCodes.Failed, ""));
            refused.Error.ShouldContain("SF1510: The run is not paused.");
        }

        using (var portal = new Portal((403, """{"code":"SF3001","detail":"No."}""")))
        {
            (await CliRun.OfAsync("run", "watch", Id, "--url", portal.Url)).Code.ShouldBe(ExitCodes.Refused);
        }
    }

    [Fact]
    public async Task Reparse_SaysWhatChanged_AndPlainTextOnly()
    {
        const string Answer = """{"plugin":"scan.raw","toVersion":"1.1.0","added":1,"changed":0,"gone":0,"same":2,"changes":[{"change":"added","severity":"High","title":"A\u001b[31mB","location":"/x"}],"notes":["one request was worded differently"]}""";
        using var portal = new Portal((200, Answer), (200, Answer));

        var text = await CliRun.OfAsync("run", "reparse", Id, "a b", "--plugin-version", "1.1.0", "--url", portal.Url);
        var json = await CliRun.OfAsync("run", "reparse", Id, "scan", "--format", "json", "--url", portal.Url);

        text.Code.ShouldBe(ExitCodes.Done, text.Error);
        portal.Requests[0].ShouldStartWith($"POST /api/v1/runs/{Id}/nodes/a%20b/reparse HTTP/1.1");
        portal.Requests[0].ShouldEndWith("{\"version\":\"1.1.0\"}");
        portal.Requests[1].ShouldEndWith("{\"version\":null}");
        text.Out.ShouldContain("scan.raw 1.1.0: 1 new, 0 changed, 0 not reported any more, 2 as before");
        text.Out.ShouldContain("added  High  A");
        text.Out.ShouldNotContain("\u001b");
        text.Error.ShouldContain("worded differently");
        json.Out.ShouldContain("\"toVersion\"");
    }

    [Fact]
    public async Task Workflow_ThatIsNotThere_AndAnIdThatIsNone_AreUsage()
    {
        using var portal = new Portal((200, """{"items":[{"id":"0190a000-0000-7000-8000-00000000000f","name":"Web check"}]}"""));

        var run = await CliRun.OfAsync("run", "start", "Net check", "--target", "Shop", "--url", portal.Url);

        run.Code.ShouldBe(ExitCodes.Usage);
        run.Error.ShouldContain("Web check");
        (await CliRun.OfAsync("run", "pause", "nope", "--url", portal.Url)).Code.ShouldBe(ExitCodes.Usage);
        (await CliRun.OfAsync("run", "skip", Id, "--url", portal.Url)).Code.ShouldBe(ExitCodes.Usage);
    }

    /// <summary>Answers one request after the other, each on a connection of its own.</summary>
    private sealed class Portal : IDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

        public Portal(params (int Status, string Body)[] answers)
        {
            _listener.Start();
            Url = $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";
            _ = AnswerAsync(answers);
        }

        public string Url { get; }

        public List<string> Requests { get; } = [];

        public void Dispose() => _listener.Stop();

        private async Task AnswerAsync((int Status, string Body)[] answers)
        {
            foreach (var (status, body) in answers)
            {
                using var client = await _listener.AcceptTcpClientAsync();
                await using var stream = client.GetStream();
                Requests.Add(await ReadAsync(stream));
                await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 {status} X\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}"));
            }
        }

        private static async Task<string> ReadAsync(NetworkStream stream)
        {
            var (buffer, text) = (new byte[8192], "");
            while (!IsWhole(text))
            {
                var read = await stream.ReadAsync(buffer);
                if (read == 0)
                {
                    break;
                }

                text += Encoding.Latin1.GetString(buffer, 0, read);
            }

            return text;
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
