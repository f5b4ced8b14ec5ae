using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using SecFlow.Cli.Plugins.Building;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;
using SecFlow.PluginProtocol;

namespace SecFlow.Cli.Plugins.Fixtures;

/// <summary>
/// A recorded conversation of a plugin and what it must make of it: the folder <c>fixtures/NAME</c>.
/// <c>fixture.json</c>: <c>{"target": url, "config": {}, "inputs": {port: [records]}, "calls": [{"call": "http", "arguments": {...}, "answer": {...}} or with "error": {"code", "message"}]}</c>;
/// <c>expected.json</c>: what <see cref="FixtureRun"/> writes. With a file <c>stdout</c> beside them, parse runs instead of execute; <c>stderr</c> and <c>files/*</c> go with it.
/// </summary>
internal sealed partial class Fixture
{
    public const string Folder = "fixtures";
    public const string RecordingFile = "fixture.json";
    public const string ExpectedFile = "expected.json";
    private const int Depth = 128;
    private static readonly string[] Keys = ["target", "config", "inputs", "calls"];
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, NewLine = "\n", MaxDepth = Depth };

    private readonly AuthorFolder _folder;

    private Fixture(AuthorFolder folder, string name, JsonObject recording)
    {
        (_folder, Name) = (folder, name);
        Target = recording["target"] is null ? null : new Uri((string)recording["target"]!);
        Config = recording["config"]?.DeepClone().AsObject() ?? [];
        Inputs = (recording["inputs"]?.AsObject() ?? []).ToDictionary(i => i.Key, i => (IReadOnlyList<JsonNode?>)[.. i.Value!.AsArray()], StringComparer.Ordinal);
        Calls = [.. (recording["calls"]?.AsArray() ?? []).Select(c => Call(c!.AsObject()))];
    }

    public string Name { get; }

    public Uri? Target { get; }

    public JsonObject Config { get; }

    public IReadOnlyDictionary<string, IReadOnlyList<JsonNode?>> Inputs { get; }

    public IReadOnlyList<RecordedCall> Calls { get; }

    /// <summary>Files of a recorded tool, by the names that <c>parse</c> knows; empty when execute runs.</summary>
    public IReadOnlyDictionary<string, string> RawFiles
    {
        get
        {
            var files = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var name in new[] { "stdout", "stderr" }.Where(n => _folder.Has(Path(n))))
            {
                files[name] = Checked(Path(name));
            }

            var folder = _folder.At(Path("files"));
            foreach (var file in Directory.Exists(folder) ? Directory.GetFiles(folder) : [])
            {
                files[System.IO.Path.GetFileName(file)] = Checked(Path("files/" + System.IO.Path.GetFileName(file)));
            }

            return files;
        }
    }

    /// <summary>What is expected; null when it was never written. Throws SF1201.</summary>
    public JsonObject? Expected => _folder.Has(Path(ExpectedFile)) ? Parse(_folder, Path(ExpectedFile)) : null;

    /// <summary>Names of the fixtures of a plugin, in ordinal order.</summary>
    public static IReadOnlyList<string> Names(AuthorFolder folder) => !Directory.Exists(folder.At(Folder))
        ? []
        : [.. Directory.EnumerateDirectories(folder.At(Folder)).Where(f => File.Exists(System.IO.Path.Combine(f, RecordingFile))).Select(f => System.IO.Path.GetFileName(f)).Order(StringComparer.Ordinal)];

    /// <summary>Throws SF1601 for a name that cannot be a folder's.</summary>
    public static string CheckName(string name) => Name64().IsMatch(name)
        ? name
        : throw new SecFlowException(Codes.OptionInvalid, $"--fixture {(name.Length > 80 ? name[..80] : name)}: expected 1 to 64 characters of a-z, 0-9 and -, the first one a letter or digit.");

    /// <summary>Throws SF1201 with the place of what is wrong.</summary>
    public static Fixture Read(AuthorFolder folder, string name)
    {
        var file = $"{Folder}/{name}/{RecordingFile}";
        var recording = Parse(folder, file);
        try
        {
            return recording.FirstOrDefault(k => !Keys.Contains(k.Key, StringComparer.Ordinal)).Key is { } unknown
                ? throw new SecFlowException(Codes.PackageInvalid, $"{file}: '{unknown}' is not known; known: {string.Join(", ", Keys)}.")
                : new Fixture(folder, name, recording);
        }
        catch (Exception e) when (e is InvalidOperationException or UriFormatException or NullReferenceException or FormatException)
        {
            throw new SecFlowException(Codes.PackageInvalid, $"{file} has not the form of a recording ({e.Message}). Expected {{\"target\": url, \"calls\": [{{\"call\", \"arguments\", \"answer\"}}]}}; record it again.", e);
        }
    }

    /// <summary>Writes a recording without credentials.</summary>
    public static async Task<Fixture> WriteAsync(AuthorFolder folder, string name, Uri target, JsonObject config, IEnumerable<RecordedCall> calls, CancellationToken ct)
    {
        var recording = new JsonObject
        {
            ["target"] = target.AbsoluteUri,
            ["config"] = config.DeepClone(),
            ["calls"] = new JsonArray([.. calls.Select(c => (JsonNode)Call(c))]),
        };
        Directory.CreateDirectory(folder.At($"{Folder}/{name}"));
        await File.WriteAllTextAsync(folder.At($"{Folder}/{name}/{RecordingFile}"), recording.ToJsonString(Json) + "\n", ct);
        return Read(folder, name);
    }

    public Task WriteExpectedAsync(JsonObject expected, CancellationToken ct) => File.WriteAllTextAsync(_folder.At(Path(ExpectedFile)), expected.ToJsonString(Json) + "\n", ct);

    /// <summary>A JSON object of the folder. Throws SF1201 with line and column.</summary>
    public static JsonObject Parse(AuthorFolder folder, string file)
    {
        try
        {
            return JsonNode.Parse(folder.Text(file), documentOptions: new JsonDocumentOptions { MaxDepth = Depth }) as JsonObject
                ?? throw new SecFlowException(Codes.PackageInvalid, $"{file}:1:1: expected a JSON object.");
        }
        catch (JsonException e)
        {
            throw new SecFlowException(Codes.PackageInvalid, $"{file}:{(e.LineNumber ?? 0) + 1}:{(e.BytePositionInLine ?? 0) + 1}: this is not JSON. Mend it, or write it anew with `secflow plugin record` or `secflow plugin test --update`.", e);
        }
    }

    private string Path(string name) => $"{Folder}/{Name}/{name}";

    /// <summary>The path of a file that was looked at: regular, and not too large.</summary>
    private string Checked(string name)
    {
        _folder.Bytes(name);
        return _folder.At(name);
    }

    private static RecordedCall Call(JsonObject call) => new(
        (string?)call["call"] ?? throw new FormatException("a call without 'call'"), call["arguments"]?.DeepClone(), call["answer"]?.DeepClone(),
        call["error"] is JsonObject error ? new CallError((string?)error["code"] ?? "", (string?)error["message"] ?? "") : null);

    private static JsonObject Call(RecordedCall call)
    {
        var json = new JsonObject { ["call"] = call.Method, ["arguments"] = Redaction.Clean(call.Arguments) };
        if (call.Error is { } error)
        {
            json["error"] = new JsonObject { ["code"] = error.Code, ["message"] = error.Message };
        }
        else
        {
            json["answer"] = Redaction.Clean(call.Answer);
        }

        return json;
    }

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9-]{0,63}\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Name64();
}
