using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using SecFlow.Data.Blobs;
using SecFlow.Data.Runs;
using SecFlow.Execution.Targets;
using SecFlow.Execution.Tools;
using SecFlow.PluginProtocol;

namespace SecFlow.Execution.Plugins;

/// <summary>A raw output that is in the blob store.</summary>
internal sealed record KeptRaw(RawOutputKind Kind, string Name, string Tool, Blob Blob, bool Truncated);

/// <summary>
/// Lets every call through and keeps what came back, so that another version of the plugin can read it again (<see cref="StoredTape"/>).
/// 1. One line per call with its answer (<c>calls.jsonl</c>), after a line that says what the work was; of a tool its output streams and files beside it, as they are.
/// 2. Written to a file without a name while the work goes on, and to the blob store at its end, also when the plugin failed.
/// 3. At most <see cref="Limits.OutputBytesKept"/> of calls and outputs of tools together, over all works of its life: chunks of a node, calls of a tool. From where it is cut on nothing more is kept, and what is cut says so.
/// 4. A secret that the run has read is taken out; the values that <c>ctx.secret</c> gave are never kept, and neither are resources.
/// 5. It never fails a node: what could not be kept is told in <see cref="Problem"/>.
/// </summary>
internal sealed class RawTape(BlobStore blobs, JsonObject work, long? most = null) : CallTape, IDisposable
{
    private readonly List<KeptRaw> _kept = [];
    private long _left = most ?? Limits.OutputBytesKept.Default;
    private FileStream? _lines;

    // Of this work; and from some work on, of all.
    private bool _truncated;
    private bool _full;
    private int _works;
    private int _tools;
    private JsonNode? _running;

    /// <summary>What was kept of the works that have ended.</summary>
    public IReadOnlyList<KeptRaw> Kept => _kept;

    /// <summary>Why not everything was kept; null when it was.</summary>
    public string? Problem { get; private set; }

    internal override async Task<ResultMessage?> AnswerAsync(CallMessage call, Handles handles, Func<CallMessage, CancellationToken, Task<ResultMessage?>> ask, CancellationToken ct)
    {
        var result = await ask(call, ct);
        switch (call.Method)
        {
            case "http" or "tls" when result is not null:
                Note(call.Method, call.Arguments, result);
                break;
            case "tool" when result is { Value: JsonObject { Count: 1 } begun } && begun.ContainsKey("running"):
                _running = call.Arguments?.DeepClone();
                break;
            case "tool" when result is not null:
                Note("tool", call.Arguments, result);
                break;
            case "tool.lines" when _running is { } arguments && result is not null && (result.Error is not null || result.Value?["exitCode"] is not null || result.Value?["stdout"] is not null):
                _running = null;
                Note("tool", arguments, result);
                break;
        }

        return result;
    }

    internal override async Task EndAsync(Handles handles, SecretValues? secrets, CancellationToken ct)
    {
        if (_lines is not { } lines)
        {
            return;
        }

        try
        {
            lines.Position = 0;
            using var reader = new StreamReader(lines, Encoding.UTF8);
            var name = ++_works == 1 ? StoredTape.CallsFile : string.Create(CultureInfo.InvariantCulture, $"calls-{_works}.jsonl");
            var blob = await blobs.PutAsync((stream, token) => WriteAsync(reader, stream, handles, secrets ?? new SecretValues(), token), ct);
            _kept.Add(new KeptRaw(RawOutputKind.Calls, name, "", blob, _truncated || _full));
        }
        catch (IOException e)
        {
            Problem = e.Message;
        }
        finally
        {
            await lines.DisposeAsync();
            (_lines, _truncated) = (null, false);
        }
    }

    public void Dispose() => _lines?.Dispose();

    private void Note(string method, JsonNode? arguments, ResultMessage result)
    {
        if (_full)
        {
            return;
        }

        var line = new JsonObject { ["method"] = method, ["arguments"] = arguments?.DeepClone(), ["answer"] = result.Value?.DeepClone() };
        if (result.Error is { } error)
        {
            line["error"] = new JsonObject { ["code"] = error.Code, ["message"] = error.Message };
        }

        try
        {
            if (_lines is null)
            {
                _lines = ToolSpool.NewFile();
                Append(new JsonObject { ["method"] = StoredTape.WorkLine, ["arguments"] = work.DeepClone() });
            }

            Append(line);
        }
        catch (IOException e)
        {
            (Problem, _truncated) = (e.Message, true);
        }
    }

    private void Append(JsonObject line)
    {
        var bytes = Encoding.UTF8.GetBytes(line.ToJsonString() + "\n");
        if (_full || _truncated || _lines!.Length + bytes.Length > _left)
        {
            _full |= !_truncated;
            return;
        }

        _lines.Write(bytes);
    }

    private async Task WriteAsync(StreamReader lines, Stream to, Handles handles, SecretValues secrets, CancellationToken ct)
    {
        while (await lines.ReadLineAsync(ct) is { } text)
        {
            if (_left == 0)
            {
                _full = true;
                return;
            }

            var line = (JsonObject)JsonNode.Parse(text)!;
            var tool = (string?)line["method"] == "tool";
            line["answer"] = tool
                ? await ToolAsync((JsonObject?)line["answer"], (string?)line["arguments"]?["name"] ?? "tool", handles, secrets, ct)
                : await TapeContent.OutOfHandlesAsync(line["answer"], handles, _ => { }, ct);
            var bytes = Encoding.UTF8.GetBytes((secrets.Redact(line)?.ToJsonString() ?? "null") + "\n");
            if (bytes.Length > _left && !tool)
            {
                (_left, _full) = (0, true);
                return;
            }

            // The line of a tool is written even so: without it what was just kept of the tool's output says nothing.
            _left = Math.Max(0, _left - bytes.Length);
            await to.WriteAsync(bytes, ct);
        }
    }

    /// <summary>The answer with names of raw outputs in the place of handles.</summary>
    private async Task<JsonNode?> ToolAsync(JsonObject? answer, string tool, Handles handles, SecretValues secrets, CancellationToken ct)
    {
        if (answer is null)
        {
            return null;
        }

        var call = string.Create(CultureInfo.InvariantCulture, $"{++_tools:D3}-{Plain(tool)}");
        var truncated = answer["truncated"] is JsonValue cut && cut.TryGetValue<bool>(out var said) && said;
        async Task<JsonNode> Keep(RawOutputKind kind, string name, JsonNode? handle)
        {
            if (handle?["handle"]?.GetValue<int>() is not { } id || handle["size"]!.GetValue<long>() == 0)
            {
                return new JsonObject { ["text"] = "" };
            }

            if (_left == 0)
            {
                _full = true;
                return new JsonObject { ["text"] = "" };
            }

            var whole = true;
            var blob = await blobs.PutAsync(async (stream, token) => whole = await RawCopy.WriteAsync(handles, id, stream, _left, secrets, token), ct);
            (_left, _full) = (_left - blob.Size, _full || !whole);
            _kept.Add(new KeptRaw(kind, name, tool, blob, truncated || !whole));
            return new JsonObject { ["output"] = name };
        }

        var copy = (JsonObject)answer.DeepClone();
        copy["stdout"] = await Keep(RawOutputKind.Stdout, call + ".stdout", answer["stdout"]);
        copy["stderr"] = await Keep(RawOutputKind.Stderr, call + ".stderr", answer["stderr"]);
        var files = new JsonObject();
        foreach (var (name, handle) in answer["files"] as JsonObject ?? [])
        {
            files[name] = await Keep(RawOutputKind.File, $"{call}.{Plain(name)}", handle);
        }

        copy["files"] = files;
        return copy;
    }

    // A path of an output file becomes one name: letters of paths are letters, digits, '.', '_', '-' and '/'.
    private static string Plain(string name) => string.Concat((name.Length > 200 ? name[^200..] : name).Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' ? c : '-'));
}
