using System.Text;
using System.Text.Json.Nodes;
using SecFlow.Data.Blobs;
using SecFlow.Data.Runs;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Targets;
using SecFlow.PluginProtocol;

namespace SecFlow.Execution.Tests.Plugins;

/// <summary>What is kept of a work, without its secrets, and what answers come of it.</summary>
public sealed class RawTapeTests : IDisposable
{
    private const string Secret = "hunter2-and-more-ä";
    private readonly string _folder = Directory.CreateTempSubdirectory("secflow-raw-").FullName;
    private readonly Handles _handles = new();

    private BlobStore Blobs => new(_folder);

    public void Dispose()
    {
        _handles.DisposeAsync().AsTask().GetAwaiter().GetResult();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Kept_HoldsNoSecret_WhereverItStands()
    {
        var secrets = new SecretValues();
        secrets.Add("token", Secret);
        var body = await KeepAsync($"<p>{Secret}</p>");
        // At the seam of two pieces, and in bytes that are no text.
        byte[] output = [.. Encoding.UTF8.GetBytes(new string('x', Handles.MostBytesAtOnce - 5) + Secret + "\n"), 0xff, 0xfe, .. Encoding.UTF8.GetBytes(Secret)];
        var tape = new RawTape(Blobs, new JsonObject { ["config"] = new JsonObject() });
        await AskAsync(tape, "http", new JsonObject { ["url"] = "http://a/", ["headers"] = new JsonObject { ["Authorization"] = "Bearer " + Secret } }, new JsonObject { ["status"] = 200, ["body"] = body });
        await AskAsync(tape, "tool", Tool("grep", "--key=" + Secret), new JsonObject
        {
            ["exitCode"] = 0,
            ["stdout"] = await KeepAsync(output),
            ["stderr"] = await KeepAsync(""),
            ["files"] = new JsonObject { ["a/report.xml"] = await KeepAsync("<r/>") },
            ["truncated"] = true,
        });
        await AskAsync(tape, "secret", new JsonObject { ["name"] = "token" }, Secret);
        await tape.EndAsync(_handles, secrets, default);

        tape.Problem.ShouldBeNull();
        tape.Kept.Select(k => (k.Kind, k.Name, k.Tool, k.Truncated)).ShouldBe(
            [(RawOutputKind.Stdout, "001-grep.stdout", "grep", true), (RawOutputKind.File, "001-grep.a-report.xml", "grep", true), (RawOutputKind.Calls, "calls.jsonl", "", false)], ignoreOrder: true);
        foreach (var kept in tape.Kept)
        {
            using var stream = Blobs.OpenRead(kept.Blob.Digest);
            using var all = new MemoryStream();
            await stream.CopyToAsync(all);
            Encoding.Latin1.GetString(all.ToArray()).ShouldNotContain("hunter2");
        }

        using var lines = new StreamReader(Blobs.OpenRead(tape.Kept.Single(k => k.Kind == RawOutputKind.Calls).Blob.Digest));
        var text = await lines.ReadToEndAsync();
        text.ShouldContain("Bearer [secret token]");
        text.ShouldNotContain("\"method\":\"secret\"");
    }

    [Fact]
    public async Task Stored_AnswersInOrder_LinesAsTheyCame_AndSaysWhatIsMissing()
    {
        var tape = new RawTape(Blobs, new JsonObject { ["config"] = new JsonObject { ["depth"] = 3 } });
        await AskAsync(tape, "http", Get("http://a/"), new JsonObject { ["status"] = 200, ["body"] = await KeepAsync("first") });
        await AskAsync(tape, "http", Get("http://a/"), new JsonObject { ["status"] = 503, ["body"] = await KeepAsync("") });
        await AskAsync(tape, "http", Get("http://a/gone"), null, new CallError(Codes.TargetUnreachable, "refused"));
        await AskAsync(tape, "tool", Tool("grep", "-n", lines: true), new JsonObject { ["running"] = true });
        await AskAsync(tape, "tool.lines", null, new JsonObject { ["lines"] = new JsonArray("one") });
        await AskAsync(tape, "tool.lines", null, new JsonObject { ["exitCode"] = 1, ["stdout"] = await KeepAsync("one\n\ntwo\n"), ["stderr"] = await KeepAsync("said"), ["files"] = new JsonObject() });
        await tape.EndAsync(_handles, null, default);

        await using var stored = await StoredTape.OpenAsync(Blobs, Rows(tape), default);
        ((int)stored.Work["config"]!["depth"]!).ShouldBe(3);
        async Task<ResultMessage> PlayAsync(string method, JsonNode? arguments) =>
            (await stored.AnswerAsync(new CallMessage(1, method, arguments), _handles, (_, _) => throw new InvalidOperationException("nothing is asked"), default))!;

        ((int)(await PlayAsync("http", Get("http://a/"))).Value!["status"]!).ShouldBe(200);
        ((int)(await PlayAsync("http", Get("http://a/"))).Value!["status"]!).ShouldBe(503);
        ((int)(await PlayAsync("http", Get("http://a/"))).Value!["status"]!).ShouldBe(503, "the last of equal ones");
        (await PlayAsync("http", Get("http://a/gone"))).Error!.Code.ShouldBe(Codes.TargetUnreachable);

        // Other arguments and another way to wait: the one call of that tool that nobody has asked for.
        ((bool)(await PlayAsync("tool", Tool("grep", "-n -I", lines: true))).Value!["running"]!).ShouldBeTrue();
        (await PlayAsync("tool.lines", null)).Value!["lines"]!.AsArray().Select(l => (string)l!).ShouldBe(["one", "two"]);
        var end = (await PlayAsync("tool.lines", null)).Value!;
        ((int)end["exitCode"]!).ShouldBe(1);
        Encoding.UTF8.GetString((await _handles.ReadAsync((int)end["stderr"]!["handle"]!, 0, 100, default))!).ShouldBe("said");
        stored.Alike.ShouldBe(1);

        (await PlayAsync("tool", Tool("nmap", "-sT"))).Error!.Code.ShouldBe(Codes.TargetUnreachable);
        (await PlayAsync("http", Get("http://a/never"))).Error.ShouldNotBeNull();
        stored.Missing.ShouldBe(["GET http://a/never", "tool nmap"]);
        ((string)(await PlayAsync("secret", new JsonObject { ["name"] = "token" })).Value!).ShouldBe("[secret token]");
    }

    [Fact]
    public async Task Stored_WhoseBytesWereChanged_IsRefused()
    {
        var tape = new RawTape(Blobs, []);
        await AskAsync(tape, "http", Get("http://a/"), new JsonObject { ["status"] = 200, ["body"] = await KeepAsync("x") });
        await tape.EndAsync(_handles, null, default);
        var file = Directory.GetFiles(Path.Combine(_folder, "blobs", "sha256"), "*", SearchOption.AllDirectories).ShouldHaveSingleItem();
        await File.AppendAllTextAsync(file, "{}");

        (await Should.ThrowAsync<SecFlowException>(() => StoredTape.OpenAsync(Blobs, Rows(tape), default))).Code.ShouldBe(Codes.RawOutputDamaged);
    }

    [Fact]
    public async Task Kept_OverAllWorksAndTools_IsAtMostTheLimit_AndSaysWhatIsCut()
    {
        const int Most = 20_000;
        var tape = new RawTape(Blobs, new JsonObject { ["config"] = new JsonObject() }, Most);
        for (var work = 0; work < 30; work++)
        {
            await AskAsync(tape, "http", Get($"http://a/{work}"), new JsonObject { ["status"] = 200, ["body"] = await KeepAsync(new string('b', 100)) });
            await AskAsync(tape, "tool", Tool("grep", $"-{work}"), new JsonObject { ["exitCode"] = 0, ["stdout"] = await KeepAsync(new string('o', 3_000)), ["stderr"] = await KeepAsync("said"), ["files"] = new JsonObject() });
            await tape.EndAsync(_handles, null, default);
        }

        tape.Problem.ShouldBeNull();
        var calls = tape.Kept.Where(k => k.Kind == RawOutputKind.Calls).ToList();
        calls.Count.ShouldBeInRange(2, 10, "later works leave nothing");
        calls.Select(k => k.Truncated).ShouldBe([.. Enumerable.Repeat(false, calls.Count - 1), true]);
        tape.Kept.Sum(k => k.Blob.Size).ShouldBeInRange(Most - 1_000, Most + 1_000, "but for the line of the last tool");
        tape.Kept.Where(k => k.Kind == RawOutputKind.Stdout).SkipLast(1).ShouldAllBe(k => k.Blob.Size == 3_000 && !k.Truncated);

        // What was kept is still answered.
        await using var stored = await StoredTape.OpenAsync(Blobs, Rows(tape), default);
        var answer = (await stored.AnswerAsync(new CallMessage(1, "http", Get("http://a/1")), _handles, (_, _) => throw new InvalidOperationException("nothing is asked"), default))!;
        ((int)answer.Value!["status"]!).ShouldBe(200);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Kept_OutputOfAToolBeyondTheLimit_IsCutAndSaysSo(bool withSecrets)
    {
        var secrets = new SecretValues();
        if (withSecrets)
        {
            secrets.Add("token", Secret);
        }

        var tape = new RawTape(Blobs, [], 5_000);
        await AskAsync(tape, "tool", Tool("grep", "-n"), new JsonObject { ["exitCode"] = 0, ["stdout"] = await KeepAsync(new string('o', 3 * Handles.MostBytesAtOnce)), ["stderr"] = await KeepAsync("said"), ["files"] = new JsonObject() });
        await tape.EndAsync(_handles, secrets, default);

        tape.Kept.Select(k => (k.Name, k.Truncated)).ShouldBe([("001-grep.stdout", true), ("calls.jsonl", true)]);
        tape.Kept[0].Blob.Size.ShouldBeLessThanOrEqualTo(5_000);
        using var lines = new StreamReader(Blobs.OpenRead(tape.Kept[1].Blob.Digest));
        (await lines.ReadToEndAsync()).ShouldContain("001-grep.stdout", Case.Sensitive, "the call to which the output belongs");
    }

    private static JsonObject Get(string url) => new() { ["method"] = "GET", ["url"] = url };

    private static JsonObject Tool(string name, string argument, bool lines = false) => new() { ["name"] = name, ["args"] = new JsonArray(argument), ["options"] = new JsonObject { ["lines"] = lines } };

    private static List<RawOutput> Rows(RawTape tape) => [.. tape.Kept.Select(k => new RawOutput { Kind = k.Kind, Name = k.Name, Tool = k.Tool, BlobDigest = k.Blob.Digest, Size = k.Blob.Size })];

    private Task<ResultMessage?> AskAsync(RawTape tape, string method, JsonNode? arguments, JsonNode? answer, CallError? error = null) =>
        tape.AnswerAsync(new CallMessage(1, method, arguments), _handles, (call, _) => Task.FromResult<ResultMessage?>(new ResultMessage(call.Id, answer, error)), default);

    private Task<JsonNode> KeepAsync(string text) => KeepAsync(Encoding.UTF8.GetBytes(text));

    private async Task<JsonNode> KeepAsync(byte[] bytes)
    {
        var handle = await _handles.KeepAsync(bytes, default);
        return new JsonObject { ["handle"] = handle.Id, ["size"] = handle.Size };
    }
}
