using System.Text;
using System.Text.Json.Nodes;
using SecFlow.Data.Blobs;
using SecFlow.Data.Runs;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Targets;
using SecFlow.Execution.Tools;
using SecFlow.PluginProtocol;

namespace SecFlow.Execution.Plugins;

/// <summary>
/// Answers from what <see cref="RawTape"/> kept; nothing is sent and no tool is run.
/// 1. A call is found by its method and arguments, whatever the order of their keys; equal calls are answered in the order in which they were made, then by the last of them.
/// 2. A call that another version words differently is answered by the next one of the same tool, or of the same method and address, that nobody has asked for yet: what was kept is what there is to read.
/// 3. A call of which nothing was kept is SF5101 for the plugin, and kept in <see cref="Missing"/>.
/// 4. A secret is its name in brackets; a resource is the one of now.
/// </summary>
internal sealed class StoredTape : CallTape, IAsyncDisposable
{
    public const string CallsFile = "calls.jsonl";

    /// <summary>Method of the line that says what the work was.</summary>
    public const string WorkLine = "work";

    private const int MostMissing = 100;
    private const int LinesAtOnce = 500;
    private static readonly int _longestLine = (int)Limits.FindingBytes.Default;

    private readonly Dictionary<string, List<Entry>> _exact = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<Entry>> _alike = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _outputs;
    private readonly List<FileStream> _files = [];
    private readonly SortedSet<string> _missing = new(StringComparer.Ordinal);
    private StreamReader? _lines;
    private JsonNode? _afterLines;

    private sealed class Entry(FileStream file, long offset, int length)
    {
        public FileStream File { get; } = file;

        public long Offset { get; } = offset;

        public int Length { get; } = length;

        public bool Used { get; set; }
    }

    private StoredTape(Dictionary<string, string> outputs) => _outputs = outputs;

    /// <summary>What the work was: <c>{config, run, targets, inputs: {port: [dataset]}}</c>.</summary>
    public JsonObject Work { get; private set; } = [];

    /// <summary>Calls of which nothing was kept, such as <c>GET http://127.0.0.1:8000/x</c>; at most a hundred.</summary>
    public IReadOnlyCollection<string> Missing => _missing;

    /// <summary>Calls that were answered by one that is worded differently.</summary>
    public int Alike { get; private set; }

    /// <summary>Reads what was kept of a node. Throws SF1521 when a part is not what was stored.</summary>
    public static async Task<StoredTape> OpenAsync(BlobStore blobs, IReadOnlyList<RawOutput> rows, CancellationToken ct)
    {
        try
        {
            var outputs = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var row in rows.Where(row => row.Kind != RawOutputKind.Calls))
            {
                outputs[row.Name] = await blobs.VerifiedPathAsync(row.BlobDigest, ct);
            }

            var tape = new StoredTape(outputs);
            foreach (var row in rows.Where(row => row.Kind == RawOutputKind.Calls).OrderBy(row => row.Name.Length).ThenBy(row => row.Name, StringComparer.Ordinal))
            {
                await tape.IndexAsync(await blobs.VerifiedPathAsync(row.BlobDigest, ct), ct);
            }

            return tape;
        }
        catch (Exception e) when (e is IOException or System.Text.Json.JsonException)
        {
            throw new SecFlowException(Codes.RawOutputDamaged, $"What was kept of the node cannot be read: {e.Message}", e);
        }
    }

    internal override async Task<ResultMessage?> AnswerAsync(CallMessage call, Handles handles, Func<CallMessage, CancellationToken, Task<ResultMessage?>> ask, CancellationToken ct)
    {
        switch (call.Method)
        {
            case "secret":
                return new ResultMessage(call.Id, JsonValue.Create($"[secret {(string?)call.Arguments?["name"]}]"), null);
            case "tool.lines":
                return new ResultMessage(call.Id, await LinesAsync(ct), null);
            case "http" or "tls" or "tool":
                return await FindAsync(call.Method, call.Arguments) is { } kept ? await PlayAsync(call, kept, handles, ct) : Miss(call);
            default:
                return await ask(call, ct);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _lines?.Dispose();
        foreach (var file in _files)
        {
            await file.DisposeAsync();
        }
    }

    private static string Exact(string method, JsonNode? arguments) => method + " " + TapeContent.Sorted(Comparable(arguments))?.ToJsonString();

    /// <summary>Arguments without what depends on the work: the numbers of handles, and how a tool is waited for.</summary>
    private static JsonNode? Comparable(JsonNode? node)
    {
        switch (node)
        {
            case JsonObject handle when handle["handle"] is JsonValue:
                return JsonValue.Create("handle");
            case JsonObject members:
                return new JsonObject(members.Where(m => m.Key is not ("lines" or "timeout" or "timeoutMs" or "maxBytes")).Select(m => KeyValuePair.Create(m.Key, Comparable(m.Value))));
            case JsonArray list:
                return new JsonArray([.. list.Select(Comparable)]);
            default:
                return node?.DeepClone();
        }
    }

    private static string Like(string method, JsonNode? arguments) => method switch
    {
        "tool" => $"tool {arguments?["name"]}",
        "tls" => $"tls {arguments?["host"]}:{arguments?["port"]}",
        _ => $"http {arguments?["method"] ?? "GET"} {arguments?["url"]} {arguments?["body"]}",
    };

    private async Task IndexAsync(string path, CancellationToken ct)
    {
        var file = new FileStream(path, new FileStreamOptions { Options = FileOptions.Asynchronous, Share = FileShare.Read });
        _files.Add(file);
        using var reader = new StreamReader(file, Encoding.UTF8, leaveOpen: true);
        long at = 0;
        while (await reader.ReadLineAsync(ct) is { } text)
        {
            var length = Encoding.UTF8.GetByteCount(text);
            var line = (JsonObject)JsonNode.Parse(text)!;
            var method = (string)line["method"]!;
            if (method == WorkLine)
            {
                Work = Work.Count > 0 ? Work : (JsonObject)line["arguments"]!.DeepClone();
            }
            else
            {
                var entry = new Entry(file, at, length);
                Of(_exact, Exact(method, line["arguments"])).Add(entry);
                Of(_alike, Like(method, line["arguments"])).Add(entry);
            }

            at += length + 1;
        }
    }

    private static List<Entry> Of(Dictionary<string, List<Entry>> index, string key) => index.TryGetValue(key, out var list) ? list : index[key] = [];

    private async Task<JsonObject?> FindAsync(string method, JsonNode? arguments)
    {
        var entry = _exact.GetValueOrDefault(Exact(method, arguments)) is { } same ? same.Find(e => !e.Used) ?? same[^1] : null;
        if (entry is null && _alike.GetValueOrDefault(Like(method, arguments))?.Find(e => !e.Used) is { } alike)
        {
            entry = alike;
            Alike++;
        }

        if (entry is null)
        {
            return null;
        }

        entry.Used = true;
        var bytes = new byte[entry.Length];
        entry.File.Position = entry.Offset;
        await entry.File.ReadExactlyAsync(bytes);
        return (JsonObject)JsonNode.Parse(bytes)!;
    }

    private ResultMessage Miss(CallMessage call)
    {
        var name = call.Method == "tool" ? $"tool {call.Arguments?["name"]}" : TapeContent.NameOf(call.Method, call.Arguments);
        if (_missing.Count < MostMissing)
        {
            _missing.Add(name);
        }

        return new ResultMessage(call.Id, null, new CallError(Codes.TargetUnreachable, $"{name} is not among what the run kept."));
    }

    private async Task<ResultMessage> PlayAsync(CallMessage call, JsonObject kept, Handles handles, CancellationToken ct)
    {
        if (kept["error"] is JsonObject error)
        {
            return new ResultMessage(call.Id, null, new CallError((string)error["code"]!, (string)error["message"]!));
        }

        var stdout = (string?)(kept["answer"] as JsonObject)?["stdout"]?["output"];
        var answer = await IntoHandlesAsync(kept["answer"], handles, ct);
        if (call.Method != "tool" || call.Arguments?["options"]?["lines"] is not JsonValue lines || !lines.TryGetValue<bool>(out var asked) || !asked)
        {
            return new ResultMessage(call.Id, answer, null);
        }

        _lines?.Dispose();
        (_lines, _afterLines) = (stdout is not null && _outputs.TryGetValue(stdout, out var path) ? new StreamReader(path, Encoding.UTF8) : StreamReader.Null, answer);
        return new ResultMessage(call.Id, new JsonObject { ["running"] = true }, null);
    }

    /// <summary>Lines of the kept output as <see cref="ToolLines"/> hands them over, then the result.</summary>
    private async Task<JsonNode?> LinesAsync(CancellationToken ct)
    {
        var some = new JsonArray();
        var size = 0;
        while (some.Count < LinesAtOnce && size < _longestLine && _lines is { } lines && await lines.ReadLineAsync(ct) is { } line)
        {
            if (line.Length > 0)
            {
                var text = line.Length > _longestLine ? line[.._longestLine] : line;
                some.Add(text);
                size += text.Length;
            }
        }

        if (some.Count > 0)
        {
            return new JsonObject { ["lines"] = some };
        }

        var result = _afterLines;
        _lines?.Dispose();
        (_lines, _afterLines) = (null, null);
        return result;
    }

    private async Task<JsonNode?> IntoHandlesAsync(JsonNode? node, Handles handles, CancellationToken ct)
    {
        if (node is JsonObject { Count: 1 } content && content["output"] is JsonValue name && name.TryGetValue<string>(out var output) && _outputs.TryGetValue(output, out var path))
        {
            var handle = handles.Open(path);
            return new JsonObject { ["handle"] = handle.Id, ["size"] = handle.Size };
        }

        if (node is JsonObject members && members.ContainsKey("exitCode"))
        {
            var copy = new JsonObject();
            foreach (var (key, value) in members)
            {
                copy[key] = key is "stdout" or "stderr" ? await IntoHandlesAsync(value, handles, ct)
                    : key == "files" ? await FilesAsync((JsonObject)value!, handles, ct) : value?.DeepClone();
            }

            return copy;
        }

        return await TapeContent.IntoHandlesAsync(node, handles, ct);
    }

    private async Task<JsonObject> FilesAsync(JsonObject files, Handles handles, CancellationToken ct)
    {
        var copy = new JsonObject();
        foreach (var (name, file) in files)
        {
            copy[name] = await IntoHandlesAsync(file, handles, ct);
        }

        return copy;
    }
}
