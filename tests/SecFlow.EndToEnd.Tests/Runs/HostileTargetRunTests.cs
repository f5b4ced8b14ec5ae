using System.Diagnostics;
using System.IO.Compression;
using System.Text;
using SecFlow.Data.Runs;
using SecFlow.EndToEnd.Tests.Stage;
using SecFlow.Execution.Tests.Targets;

namespace SecFlow.EndToEnd.Tests.Runs;

/// <summary>Targets that fight back, scanned by the real plugin in the real sandbox: no run claims to have assessed them, and a run beside them is not disturbed.</summary>
public sealed class HostileTargetRunTests
{
    private const string Head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n";

    [Fact]
    public async Task Scan_OfHostileTargets_IsPartialWithItsReasonWhileAnotherRunGoesOn()
    {
        await using var portal = await RunningPortal.StartAsync("demo");
        var workflow = await portal.SaveWorkflowAsync("""
            version: "1.0"
            name: Hostile targets
            nodes:
              - id: only
                type: scan.web-baseline
                inputs: [targets]
                outputs: [findings]
                config: { timeoutMs: 1000, maxRequests: 12, maxPages: 4, maxBytes: 65536 }
                timeout: 60
            """);
        var beside = await portal.StartRunAsync(await portal.SaveWorkflowAsync("Good", "scan.web-baseline"), (await portal.AddTargetAsync(portal.Shop.Url)).Id);
        foreach (var (what, verdict, code, server) in Servers())
        {
            await using var hostile = server;
            var target = await portal.AddTargetAsync(hostile.Url());
            var clock = Stopwatch.StartNew();

            var detail = await portal.RunAsync(workflow, target.Id);

            clock.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(60), what);
            (detail.Run.Status, detail.Nodes[0].Status).ShouldBe((RunStatus.Partial, NodeStatus.Partial), $"{what}: {detail.Nodes[0].ErrorMessage}");
            var assessment = detail.Assessments.ShouldHaveSingleItem();
            assessment.Verdict.ShouldBe(verdict, $"{what}: {assessment.Reason}");
            assessment.Reason.ShouldContain(code, customMessage: what);
        }

        (await portal.WaitAsync(beside.Id)).Run.Status.ShouldBe(RunStatus.Succeeded);
        (await portal.FindingsAsync(beside.Id)).Count.ShouldBe(portal.Shop.Planted.Count);
    }

    [Fact]
    public async Task Parse_OfDeepJsonAndLyingText_IsAnErrorOfTheScriptAndTheEngineGoesOn()
    {
        await using var portal = await RunningPortal.StartAsync("none");
        await using var server = new HostileServer(head =>
        {
            var body = head.Contains("/deep ", StringComparison.Ordinal) ? new string('[', 50_000) + new string(']', 50_000) : "{\"name\":\"\u00ed\u00a0\u0080 \u0000\"}";
            return $"HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-16\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}";
        });
        var target = await portal.AddTargetAsync(server.Url());
        await portal.Plugins.InstallAsync("scan.test-deep", """
            module.exports = { execute: function (ctx) {
              var url = ctx.targets[0].url, failed = 0;
              try { ctx.parse.json(ctx.http({ url: url + 'deep' }).body, function () {}); } catch (e) { failed++; }
              try { JSON.parse(ctx.http({ url: url + 'deep' }).body.text(200000)); } catch (e) { failed++; }
              var text = ctx.http({ url: url + 'lie' }).body.text(1000);
              ctx.finding({ ruleId: 'lie', title: text + text, severity: 'low', location: url, evidence: { response: text } });
              ctx.verdict('partial', failed + ' of 2 could not be read: ' + text, { target: ctx.targets[0].id });
            } };
            """);

        var detail = await portal.RunAsync(await portal.SaveWorkflowAsync("Deep", "scan.test-deep"), target.Id);

        detail.Run.Status.ShouldBe(RunStatus.Partial, detail.Nodes[0].ErrorMessage);
        detail.Assessments.ShouldHaveSingleItem().Reason.ShouldStartWith("2 of 2 could not be read");
        (await portal.FindingsAsync(detail.Run.Id)).ShouldHaveSingleItem().Title.ShouldNotContain("\0");
    }

    private static IEnumerable<(string What, Verdict Verdict, string Code, HostileServer Server)> Servers()
    {
        yield return ("slow drip of headers", Verdict.Unreachable, "SF5104", Endless("HTTP/1.1 200 OK\r\nX-Slow: ", "x", TimeSpan.FromMilliseconds(50)));
        yield return ("slow drip of a body", Verdict.Unreachable, "SF5104", Endless(Head + "Content-Length: 100000\r\n\r\n", "x", TimeSpan.FromMilliseconds(50)));
        yield return ("header bomb", Verdict.Unreachable, "SF5103", Endless("HTTP/1.1 200 OK\r\n", "X-A: " + new string('a', 4_000) + "\r\n", TimeSpan.Zero));
        yield return ("connection closed", Verdict.Unreachable, "SF5103", new HostileServer(_ => ""));
        yield return ("interim answers without end", Verdict.Unreachable, "SF510", Endless("", "HTTP/1.1 103 Early Hints\r\n\r\n", TimeSpan.Zero));
        yield return ("endless body", Verdict.Partial, "maxRequests", Endless(Head + "\r\n", new string('<', 32_768), TimeSpan.Zero));
        yield return ("gzip bomb", Verdict.Partial, "maxRequests", GzipBomb());
        yield return ("redirect out of scope", Verdict.Partial, "maxRequests", new HostileServer(_ => "HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/latest/meta-data/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"));
        yield return ("redirect loop", Verdict.Partial, "maxRequests", new HostileServer(_ => "HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"));
    }

    private static HostileServer Endless(string before, string again, TimeSpan pause) => new(async (_, stream, ct) =>
    {
        await stream.WriteAsync(Encoding.Latin1.GetBytes(before), ct);
        var piece = Encoding.Latin1.GetBytes(again);
        while (true)
        {
            await stream.WriteAsync(piece, ct);
            await Task.Delay(pause, ct);
        }
    });

    private static HostileServer GzipBomb()
    {
        var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(new byte[100_000_000]);
        }

        var bytes = packed.ToArray();
        return new HostileServer(async (_, stream, ct) =>
        {
            await stream.WriteAsync(Encoding.ASCII.GetBytes($"{Head}Content-Encoding: gzip\r\nContent-Length: {bytes.Length}\r\nConnection: close\r\n\r\n"), ct);
            await stream.WriteAsync(bytes, ct);
        });
    }
}
