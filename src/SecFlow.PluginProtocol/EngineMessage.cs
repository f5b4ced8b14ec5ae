using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace SecFlow.PluginProtocol;

/// <summary>What the engine sends to the plugin host. One JSON object per frame, discriminated by <c>type</c>.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(StartMessage), "start")]
[JsonDerivedType(typeof(ResultMessage), "result")]
[JsonDerivedType(typeof(CreditMessage), "credit")]
[JsonDerivedType(typeof(CancelMessage), "cancel")]
public abstract record EngineMessage;

/// <summary>Which entry of the plugin runs.</summary>
public enum PluginEntry
{
    /// <summary>initialize, execute, cleanup.</summary>
    Execute,

    /// <summary>parse only: import and re-parse.</summary>
    Parse,

    /// <summary>A bare script without <c>module.exports</c> (<c>secflow plugin exec</c>).</summary>
    Script,
}

/// <summary>Begins one node's work in a fresh interpreter.</summary>
/// <param name="Source">ES5 source, the very bytes that were verified.</param>
/// <param name="FileName">Name for error messages, such as <c>scan.web-baseline/index.js</c>.</param>
/// <param name="Entry">What to call.</param>
/// <param name="Config"><c>ctx.config</c>.</param>
/// <param name="Run"><c>ctx.run</c>: id, node, attempt.</param>
/// <param name="Targets"><c>ctx.targets</c>: array of {id, kind, value, url?, host?, port?}.</param>
/// <param name="Inputs">Name of each input dataset and its record count.</param>
/// <param name="Raw">For <see cref="PluginEntry.Parse"/>: handles of stdout, stderr and files.</param>
/// <param name="Limits">Limits inside the host.</param>
/// <param name="Credit">How many records may be emitted before the engine grants more.</param>
public sealed record StartMessage(
    string Source,
    string FileName,
    PluginEntry Entry,
    JsonPart? Config,
    JsonPart? Run,
    JsonPart? Targets,
    IReadOnlyDictionary<string, int> Inputs,
    RawInput? Raw,
    HostLimits Limits,
    int Credit) : EngineMessage;

/// <summary>Recorded tool output handed to <c>parse</c>.</summary>
public sealed record RawInput(HandleRef Stdout, HandleRef Stderr, IReadOnlyDictionary<string, HandleRef> Files, string? Target);

/// <summary>Data that stays with the engine; read in pieces by <see cref="CallMessage"/> <c>handle.read</c>.</summary>
/// <param name="Id">Number of the handle in this session.</param>
/// <param name="Size">Size in bytes.</param>
public sealed record HandleRef(int Id, long Size);

/// <summary>Limits that the interpreter obeys by itself (contracts 8).</summary>
/// <param name="CallbackMilliseconds">Script time per callback, ms.</param>
/// <param name="Statements">Statements per callback.</param>
/// <param name="Recursion">Depth of calls.</param>
/// <param name="SourceBytes">Largest source, bytes.</param>
/// <param name="NestingDepth">Deepest nesting of brackets and operators in the source, checked before parsing.</param>
/// <param name="JsonDepth">Deepest JSON that is parsed or produced.</param>
/// <param name="RecordBytes">Largest record, bytes of JSON.</param>
/// <param name="LogLineBytes">Longest log line, bytes.</param>
public sealed record HostLimits(
    int CallbackMilliseconds,
    int Statements,
    int Recursion,
    int SourceBytes,
    int NestingDepth,
    int JsonDepth,
    int RecordBytes,
    int LogLineBytes);

/// <summary>Answer to a <see cref="CallMessage"/>: a value or a refusal, never both.</summary>
public sealed record ResultMessage(int Id, JsonNode? Value, CallError? Error) : EngineMessage;

/// <summary>A refused or failed call; becomes a script exception with <c>code</c> and <c>message</c>.</summary>
public sealed record CallError(string Code, string Message);

/// <summary>Grants <paramref name="Records"/> more records.</summary>
public sealed record CreditMessage(int Records) : EngineMessage;

/// <summary>The run is being cancelled: <c>ctx.cancelled()</c> turns true. The process is killed soon after.</summary>
public sealed record CancelMessage : EngineMessage;
