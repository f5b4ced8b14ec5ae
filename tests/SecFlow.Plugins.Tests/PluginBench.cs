using System.IO.Pipelines;
using System.Text;
using System.Text.Json.Nodes;
using SecFlow.PluginHost;
using SecFlow.PluginProtocol;

namespace SecFlow.Plugins.Tests;

/// <summary>What a plugin asks of a target.</summary>
public sealed record WebRequest(string Method, Uri Url, IReadOnlyDictionary<string, string> Headers, int MaxBytes)
{
    public string? Body { get; init; }
}

/// <summary>What the target answers.</summary>
public sealed record WebReply(int Status, IReadOnlyList<KeyValuePair<string, string>> Headers, byte[] Body);

/// <summary>A request that did not come to an answer.</summary>
public sealed class WebFailureException(string code, string message) : Exception(message)
{
    public string Code { get; } = code;
}

/// <summary>Everything that a plugin said during one piece of work.</summary>
public sealed record PluginReport(IReadOnlyList<JsonObject> Findings, IReadOnlyList<VerdictMessage> Verdicts, IReadOnlyList<WebRequest> Requests, DoneMessage Done)
{
    /// <summary>What was emitted to the ports other than <c>findings</c>.</summary>
    public IReadOnlyDictionary<string, List<JsonObject>> Records { get; init; } = new Dictionary<string, List<JsonObject>>(StringComparer.Ordinal);

    /// <summary>Files by name.</summary>
    public IReadOnlyDictionary<string, string> Artifacts { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Rule, place and parameter of each finding, sorted: what makes its fingerprint.</summary>
    public IReadOnlyList<string> Marks => [.. Findings.Select(f => Mark((string)f["ruleId"]!, (string)f["location"]!, (string?)f["parameter"])).Order(StringComparer.Ordinal)];

    public IReadOnlyList<string> RuleIds => [.. Findings.Select(f => (string)f["ruleId"]!).Distinct(StringComparer.Ordinal)];

    public static string Mark(string rule, string location, string? parameter) => $"{rule} {location} {parameter}".TrimEnd();
}

/// <summary>
/// Runs a plugin's index.js in the real plugin host, in this process, with the protocol over pipes. Requests go to a function.
/// Limits are the defaults of the engine, but for the time: a busy machine must not decide a test.
/// </summary>
public sealed class PluginBench(string pluginId, Func<WebRequest, Task<WebReply>> web)
{
    private readonly List<JsonObject> _findings = [];
    private readonly List<VerdictMessage> _verdicts = [];
    private readonly List<WebRequest> _requests = [];
    private readonly Dictionary<int, byte[]> _handles = [];

    private readonly Dictionary<string, List<JsonObject>> _records = new(StringComparer.Ordinal);
    private RawInput? _raw;
    private readonly Dictionary<string, string> _artifacts = new(StringComparer.Ordinal);

    /// <summary>Input records by port.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<JsonObject>> Inputs { get; init; } = new Dictionary<string, IReadOnlyList<JsonObject>>(StringComparer.Ordinal);

    /// <summary>What <c>ctx.run</c> shows beside id, node and attempt.</summary>
    public JsonObject Run { get; init; } = [];

    /// <summary>Answers <c>ctx.tls</c>: host and port to facts.</summary>
    public Func<string, int, JsonObject>? Tls { get; init; }

    /// <summary>After so many requests the run is cancelled.</summary>
    public int? CancelAfter { get; init; }

    public async Task<PluginReport> ScanAsync(Uri target, JsonObject? config = null) => await RunAsync(
        new JsonArray(new JsonObject { ["id"] = "t1", ["name"] = "target", ["kind"] = "url", ["value"] = target.ToString(), ["url"] = target.ToString() }), config);

    /// <summary>Reads a kept report: <c>parse</c> with these bytes as stdout, and a target that may be null.</summary>
    public Task<PluginReport> ParseAsync(byte[] stdout, string? target = null, JsonObject? config = null)
    {
        _handles[1] = stdout;
        _raw = new RawInput(new HandleRef(1, stdout.Length), new HandleRef(0, 0), new Dictionary<string, HandleRef>(StringComparer.Ordinal), target);
        return RunAsync([], config);
    }

    /// <summary>Resources by uri; another one is SF1701.</summary>
    public IReadOnlyDictionary<string, byte[]> Resources { get; init; } = new Dictionary<string, byte[]>(StringComparer.Ordinal);

    /// <summary>Answers <c>ctx.tool</c>: the call to an exit code, stderr and the files that it leaves.</summary>
    public Func<JsonObject, (int ExitCode, string Stderr, IReadOnlyDictionary<string, string> Files)>? Tool { get; init; }

    /// <summary>Tool calls in their order: name and arguments.</summary>
    public List<(string Name, IReadOnlyList<string> Arguments)> ToolCalls { get; } = [];

    public async Task<PluginReport> RunAsync(JsonArray targets, JsonObject? config = null)
    {
        var toHost = new Pipe();
        var fromHost = new Pipe();
        var options = new HostOptions { Confine = () => [], Exit = code => fromHost.Writer.Complete(new InvalidOperationException("The host would end with " + code)) };
        var host = Task.Factory.StartNew(
            () =>
            {
                var code = Host.Run(toHost.Reader.AsStream(), fromHost.Writer.AsStream(), options);
                fromHost.Writer.Complete();
                return code;
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

        await using var input = toHost.Writer.AsStream();
        await using var output = fromHost.Reader.AsStream();
        (await Frames.ReadHostMessageAsync(output, CancellationToken.None)).ShouldBeOfType<ReadyMessage>();
        var source = await File.ReadAllTextAsync(Repository.Plugin(pluginId, "index.js"));
        await Frames.WriteAsync(input, Start(source, targets, config), CancellationToken.None);
        var done = await ConverseAsync(input, output);
        await input.DisposeAsync();
        (await host).ShouldBe(HostExitCodes.Normal);
        return new PluginReport(_findings, _verdicts, _requests, done) { Records = _records, Artifacts = _artifacts };
    }

    private JsonObject RunFacts()
    {
        var run = (JsonObject)Run.DeepClone();
        run["id"] ??= "r1";
        (run["node"], run["attempt"]) = ("scan", 1);
        return run;
    }

    private StartMessage Start(string source, JsonArray targets, JsonObject? config) => new(
        source, pluginId + "/index.js", _raw is null ? PluginEntry.Execute : PluginEntry.Parse, config ?? [], RunFacts(), targets,
        Inputs.ToDictionary(i => i.Key, i => i.Value.Count, StringComparer.Ordinal), _raw,
        new HostLimits(10_000, 5_000_000, 200, 512 * 1024, 64, 64, 256 * 1024, 16 * 1024), 1000);

    private async Task<DoneMessage> ConverseAsync(Stream input, Stream output)
    {
        while (await Frames.ReadHostMessageAsync(output, CancellationToken.None) is { } message)
        {
            switch (message)
            {
                case EmitMessage emit:
                    if (emit.Port == "findings")
                    {
                        _findings.AddRange(emit.Records.Select(record => record!.AsObject()));
                    }
                    else
                    {
                        if (!_records.TryGetValue(emit.Port, out var port))
                        {
                            _records[emit.Port] = port = [];
                        }

                        port.AddRange(emit.Records.Select(record => record!.AsObject()));
                    }

                    await Frames.WriteAsync(input, new CreditMessage(emit.Records.Count), CancellationToken.None);
                    break;
                case VerdictMessage verdict:
                    _verdicts.Add(verdict);
                    break;
                case CallMessage call:
                    await Frames.WriteAsync(input, await AnswerAsync(call), CancellationToken.None);
                    if (_requests.Count == CancelAfter)
                    {
                        await Frames.WriteAsync(input, new CancelMessage(), CancellationToken.None);
                    }

                    break;
                case DoneMessage done:
                    return done;
            }
        }

        throw new InvalidOperationException("The host ended without a word.");
    }

    private async Task<ResultMessage> AnswerAsync(CallMessage call)
    {
        var arguments = call.Arguments!.AsObject();
        switch (call.Method)
        {
            case "http":
                try
                {
                    return new ResultMessage(call.Id, await SendAsync(arguments), null);
                }
                catch (WebFailureException e)
                {
                    return new ResultMessage(call.Id, null, new CallError(e.Code, e.Message));
                }

            case "tls":
                try
                {
                    return new ResultMessage(call.Id, Tls!((string)arguments["host"]!, (int)(double)arguments["port"]!), null);
                }
                catch (WebFailureException e)
                {
                    return new ResultMessage(call.Id, null, new CallError(e.Code, e.Message));
                }

            case "resource":
                return Resources.TryGetValue((string)arguments["uri"]!, out var resource)
                    ? new ResultMessage(call.Id, Keep(resource), null)
                    : new ResultMessage(call.Id, null, new CallError("SF1701", $"{arguments["uri"]} is not there."));
            case "tool":
                ToolCalls.Add(((string)arguments["name"]!, [.. arguments["args"]!.AsArray().Select(a => (string)a!)]));
                var (exitCode, stderr, files) = Tool!(arguments);
                return new ResultMessage(
                    call.Id,
                    new JsonObject
                    {
                        ["exitCode"] = exitCode,
                        ["stdout"] = Keep([]),
                        ["stderr"] = Keep(System.Text.Encoding.UTF8.GetBytes(stderr)),
                        ["files"] = new JsonObject(files.Select(f => KeyValuePair.Create(f.Key, (JsonNode?)Keep(System.Text.Encoding.UTF8.GetBytes(f.Value))))),
                        ["timedOut"] = false,
                        ["truncated"] = false,
                        ["toolVersion"] = "1.0.0",
                    },
                    null);
            case "artifact":
                _artifacts[(string)arguments["name"]!] = _artifacts.GetValueOrDefault((string)arguments["name"]!) + (string)arguments["text"]!;
                return new ResultMessage(call.Id, null, null);
            case "input.read":
                var all = Inputs[(string)arguments["name"]!];
                var page = all.Skip((int)arguments["from"]!).Take((int)arguments["max"]!).ToList();
                var next = (int)arguments["from"]! + page.Count;
                return new ResultMessage(call.Id, new JsonObject { ["records"] = new JsonArray([.. page.Select(r => r.DeepClone())]), ["next"] = next < all.Count ? next : null }, null);
            case "handle.read":
                var data = _handles[(int)arguments["handle"]!];
                var offset = (int)(long)arguments["offset"]!;
                var length = Math.Min((int)arguments["length"]!, data.Length - offset);
                return new ResultMessage(call.Id, new JsonObject { ["data"] = Convert.ToBase64String(data, offset, Math.Max(0, length)) }, null);
            default:
                return new ResultMessage(call.Id, null, new CallError("SF3009", call.Method + " is not granted."));
        }
    }

    private JsonObject Keep(byte[] bytes)
    {
        var id = _handles.Count + 1;
        _handles[id] = bytes;
        return new JsonObject { ["handle"] = id, ["size"] = bytes.Length };
    }

    private async Task<JsonNode> SendAsync(JsonObject arguments)
    {
        ((bool?)arguments["followRedirects"] ?? false).ShouldBeFalse();
        var asked = arguments["headers"]?.AsObject() ?? [];
        var request = new WebRequest(
            (string)arguments["method"]!, new Uri((string)arguments["url"]!),
            asked.ToDictionary(pair => pair.Key, pair => (string)pair.Value!, StringComparer.OrdinalIgnoreCase), (int)(double)arguments["maxBytes"]!)
        { Body = (string?)arguments["body"] };
        _requests.Add(request);
        var reply = await web(request);
        var body = reply.Body.Length > request.MaxBytes ? reply.Body[..request.MaxBytes] : reply.Body;
        var id = _handles.Count + 1;
        _handles[id] = body;
        var headers = new JsonObject();
        foreach (var group in reply.Headers.GroupBy(h => h.Key.ToLowerInvariant(), StringComparer.Ordinal))
        {
            headers[group.Key] = new JsonArray([.. group.Select(h => (JsonNode)h.Value)]);
        }

        return new JsonObject
        {
            ["status"] = reply.Status,
            ["url"] = request.Url.ToString(),
            ["headers"] = headers,
            ["headerList"] = new JsonArray([.. reply.Headers.Select(h => (JsonNode)new JsonArray(h.Key, h.Value))]),
            ["body"] = new JsonObject { ["handle"] = id, ["size"] = body.Length },
            ["truncated"] = body.Length < reply.Body.Length,
            ["elapsedMs"] = 1,
            ["redirects"] = new JsonArray(),
            ["tls"] = request.Url.Scheme == "https" ? "Tls13" : null,
        };
    }
}
