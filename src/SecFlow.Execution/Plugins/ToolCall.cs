using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using SecFlow.Execution.Diagnostics;
using SecFlow.PluginProtocol;

namespace SecFlow.Execution.Plugins;

/// <summary>
/// JSON of <c>ctx.tool</c>: <c>{name, args: [text], options?: {stdin?: text|{handle}, inputs?: {name: text|{handle}}, files?: [name], timeout?: seconds, lines?: bool}}</c> ->
/// <c>{exitCode, stdout: {handle, size}, stderr: {handle, size}, files: {name: {handle, size}}, timedOut, truncated, toolVersion}</c>, or <c>{running: true}</c> when lines are asked for
/// and <c>tool.lines</c> is to be asked until it gives a result.
/// </summary>
internal sealed partial record ToolCall(string Name, IReadOnlyList<string> Arguments, ToolContent? Stdin, IReadOnlyDictionary<string, ToolContent> Inputs, IReadOnlyList<string> Files, TimeSpan? Timeout, bool Lines)
{
    public const int MostInputs = 16;
    public const int MostFiles = 100;
    private static readonly string[] _known = ["stdin", "inputs", "files", "timeout", "lines"];

    /// <summary>The call, or SF1501 with what is wrong.</summary>
    public static ToolCall Read(JsonNode? arguments)
    {
        if (arguments is not JsonObject call || Text(call["name"]) is not { } name)
        {
            throw Wrong("the tool's name is missing");
        }

        if (call["args"] is not JsonArray list)
        {
            throw Wrong("the arguments are not a list of texts");
        }

        var args = list.Select((node, i) => Text(node) ?? throw Wrong($"argument {i + 1} is not a text")).ToList();
        if (call["options"] is not (null or JsonObject))
        {
            throw Wrong("the options are not an object");
        }

        var options = call["options"] as JsonObject ?? [];
        if (options.FirstOrDefault(o => !_known.Contains(o.Key, StringComparer.Ordinal)).Key is { } unknown)
        {
            throw Wrong($"the option '{unknown[..Math.Min(40, unknown.Length)]}' is not known; known: stdin, inputs, files, onLine, timeout");
        }

        return new ToolCall(
            name, args, options["stdin"] is { } stdin ? Content("stdin", stdin) : null, ReadInputs(options["inputs"]), ReadFiles(options["files"]), ReadTimeout(options["timeout"]),
            options["lines"] is JsonValue lines && lines.TryGetValue<bool>(out var asked) && asked);
    }

    private static Dictionary<string, ToolContent> ReadInputs(JsonNode? node)
    {
        if (node is not (null or JsonObject))
        {
            throw Wrong("'inputs' is not an object of names with texts or handles");
        }

        var inputs = new Dictionary<string, ToolContent>(StringComparer.Ordinal);
        foreach (var (name, content) in node as JsonObject ?? [])
        {
            if (!FileName().IsMatch(name) || name.Contains('/', StringComparison.Ordinal) || inputs.Count == MostInputs)
            {
                throw Wrong($"'inputs' holds a name that is none, or more than {MostInputs}: a name is letters, digits, '.', '_' and '-', and begins with a letter or digit");
            }

            inputs[name] = Content(name, content);
        }

        return inputs;
    }

    private static List<string> ReadFiles(JsonNode? node)
    {
        if (node is not (null or JsonArray))
        {
            throw Wrong("'files' is not a list of names");
        }

        var files = new List<string>();
        foreach (var item in node as JsonArray ?? [])
        {
            if (Text(item) is not { } name || !FileName().IsMatch(name) || name.Split('/').Any(part => part is "." or ".." or "") || files.Count == MostFiles)
            {
                throw Wrong($"'files' holds what is no name below /out, or more than {MostFiles}: a name is letters, digits, '.', '_', '-' and '/', and begins with a letter or digit");
            }

            if (!files.Contains(name, StringComparer.Ordinal))
            {
                files.Add(name);
            }
        }

        return files;
    }

    private static TimeSpan? ReadTimeout(JsonNode? node) => node switch
    {
        null => null,
        JsonValue value when value.TryGetValue<double>(out var seconds) && double.IsFinite(seconds) && seconds > 0 => TimeSpan.FromSeconds(Math.Min(seconds, Limits.NodeWallSeconds.Ceiling)),
        _ => throw Wrong("'timeout' is not a number of seconds above 0"),
    };

    private static ToolContent Content(string name, JsonNode? node) => node switch
    {
        JsonValue value when value.TryGetValue<string>(out var text) => new ToolContent(Encoding.UTF8.GetBytes(text), 0),
        JsonObject handle when handle["handle"] is JsonValue id && id.TryGetValue<int>(out var number) => new ToolContent(null, number),
        _ => throw Wrong($"'{name[..Math.Min(40, name.Length)]}' is neither a text nor a handle"),
    };

    private static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    private static SecFlowException Wrong(string what) => new(Codes.RequestInvalid, $"ctx.tool: {what}. Correct the call.");

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._/-]{0,119}\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex FileName();
}

/// <summary>What a tool is to read: bytes, or the number of a handle.</summary>
internal sealed record ToolContent(byte[]? Bytes, int Handle);
