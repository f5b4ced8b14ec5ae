using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Targets;
using SecFlow.Execution.Tests.Targets;
using SecFlow.PluginProtocol;
using SecFlow.TestKit;

namespace SecFlow.Execution.Tests.Fuzzing;

/// <summary>Mutated answers of a target over real sockets: an answer for the plugin, or SF51xx, SF3xxx.</summary>
public sealed class AnswerFuzzTests
{
    private const int Seed = 20261122;
    private const int AtOnce = 8;

    private static readonly string[] _answers =
    [
        "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nServer: nginx/1.18\r\nSet-Cookie: a=b; Path=/; HttpOnly\r\nContent-Length: 26\r\nConnection: close\r\n\r\n<html><a href=\"/x\">x</a>\r\n",
        "HTTP/1.1 302 Found\r\nLocation: /next?a=1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n4\r\nWiki\r\n5;ext=1\r\npedia\r\n0\r\nX-T: v\r\n\r\n",
        "HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\nHTTP/1.0 404 Not Found\r\n\r\ngone",
    ];

    [Fact]
    public async Task Answer_Mutated_IsAnAnswerOrACode()
    {
        var gzip = Convert.FromBase64String("H4sIAAAAAAAAA8tIzcnJVyguSczLTAcAL0UmSQwAAAA=");
        byte[] packed = [.. Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {gzip.Length}\r\nConnection: close\r\n\r\n"), .. gzip];
        var mutator = new Mutator(Seed, [.. _answers.Select(Encoding.Latin1.GetBytes), packed], ["HTTP/1.1 ", "Content-Length: ", "Transfer-Encoding: chunked", "Content-Encoding: br", "Content-Encoding: deflate", "Location: ", "http://169.254.169.254/", "//", "\r\n", "\r\n\r\n", "\n", "\0", "FFFFFFFF\r\n", "0\r\n\r\n", "100 ", "101 ", "204 ", "304 "]);
        var inputs = new ConcurrentDictionary<string, byte[]>(StringComparer.Ordinal);
        await using var server = new HostileServer((head, stream, ct) => stream.WriteAsync(inputs.GetValueOrDefault(head.Split(' ')[1]) ?? Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"), ct).AsTask());
        using var http = new TargetHttp(TimeProvider.System);
        var scope = await Scopes.PinAsync(Scopes.Url(server.Url().AbsoluteUri) with { RequestsPerSecond = 1_000_000 });
        var (number, answered, coded) = (0, 0, 0);

        // Some requests at once: a good part of each is waiting for the other side.
        var waiting = new List<Task>();
        await Fuzz.RunAsync(Seed, mutator, async bytes =>
        {
            var path = $"/{(++number).ToString(CultureInfo.InvariantCulture)}";
            inputs[path] = bytes;
            waiting.Add(AskAsync(path));
            if (waiting.Count >= AtOnce)
            {
                await Task.WhenAll(waiting);
                waiting.Clear();
            }
        });
        await Task.WhenAll(waiting);
        (answered + coded).ShouldBe(Fuzz.Inputs);
        answered.ShouldBeGreaterThan(Fuzz.Inputs / 20, "some mutations leave an answer");
        coded.ShouldBeGreaterThan(Fuzz.Inputs / 20, "some do not");

        async Task AskAsync(string path)
        {
            try
            {
                var answer = await http.SendAsync(scope, new TargetRequest("GET", server.Url(path), [], null, true, TimeSpan.FromSeconds(10), 64 * 1024), CancellationToken.None);
                var frame = new MemoryStream();
                await Frames.WriteAsync(frame, new ResultMessage(1, HttpCall.Write(answer, new HandleRef(1, answer.Body.Length)), null), CancellationToken.None);
                frame.Position = 0;
                Frames.ReadEngineMessage(frame).ShouldNotBeNull();
                Interlocked.Increment(ref answered);
            }
            catch (SecFlowException e) when (e.Category is DiagnosticCategory.Tool or DiagnosticCategory.Policy)
            {
                Interlocked.Increment(ref coded);
            }
            finally
            {
                inputs.TryRemove(path, out _);
            }
        }
    }
}
