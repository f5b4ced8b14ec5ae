using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace SecFlow.PluginProtocol;

/// <summary>What the plugin host sends to the engine. One JSON object per frame, discriminated by <c>type</c>. Everything in it is hostile input.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(ReadyMessage), "ready")]
[JsonDerivedType(typeof(EmitMessage), "emit")]
[JsonDerivedType(typeof(VerdictMessage), "verdict")]
[JsonDerivedType(typeof(LogMessage), "log")]
[JsonDerivedType(typeof(ProgressMessage), "progress")]
[JsonDerivedType(typeof(CallMessage), "call")]
[JsonDerivedType(typeof(AliveMessage), "alive")]
[JsonDerivedType(typeof(DoneMessage), "done")]
public abstract record HostMessage;

/// <summary>First frame of a host: it has started, confined itself and waits for work.</summary>
/// <param name="Protocol">Version of this protocol; must equal <see cref="Frames.Version"/>.</param>
/// <param name="Confinement">What it applied to itself, such as <c>seccomp</c>, <c>landlock</c>.</param>
public sealed record ReadyMessage(int Protocol, IReadOnlyList<string> Confinement) : HostMessage;

/// <summary>A batch of records for one output port; costs one credit a record. <c>ctx.finding</c> emits to port <c>findings</c>.</summary>
public sealed record EmitMessage(string Port, IReadOnlyList<JsonNode?> Records) : HostMessage;

/// <summary><c>ctx.verdict</c>. <paramref name="Target"/> is a target's id or value; null = all targets of the node.</summary>
public sealed record VerdictMessage(string Kind, string Reason, string? Target, IReadOnlyList<string> Checks) : HostMessage;

/// <summary><c>ctx.log</c>: level is debug, info, warn or error.</summary>
public sealed record LogMessage(string Level, string Text) : HostMessage;

/// <summary><c>ctx.progress</c>, 0..100.</summary>
public sealed record ProgressMessage(double Percent, string Text) : HostMessage;

/// <summary>
/// A call that waits for its <see cref="ResultMessage"/>. Methods, arguments -> value:
/// <list type="bullet">
/// <item><c>http</c>: {method?, url, headers?, body?, followRedirects?, timeoutMs?, maxBytes?} -> {status, url, headers, headerList, body: {handle, size}, truncated, elapsedMs, redirects, tls}.</item>
/// <item><c>tls</c>: {host, port?, timeoutMs?} -> {host, port, versions: [{name, answer, cipher, reason}], chain: [...], chainCut, trusted, trustProblems, hostnameMatches, elapsedMs}.</item>
/// <item><c>artifact</c>: {name, mediaType, text} -> null; text is appended to the file of that name.</item>
/// <item><c>tool</c>: {name, args: [string], options: {stdin?, inputs?: {name: ...}, files?: [name], timeout?: seconds, lines?: bool}} -> {exitCode (null when it was killed), stdout: {handle, size},
/// stderr: {handle, size}, files: {name: {handle, size}}, timedOut, truncated, toolVersion}; stdin and inputs are a string or {handle}. With <c>lines</c> the answer is {running: true}, and then</item>
/// <item><c>tool.lines</c>: {} -> {lines: [string]} while there are some, at last the result as above.</item>
/// <item><c>secret</c>: {name} -> string. <c>resource</c>: {uri} -> {handle, size}.</item>
/// <item><c>input.read</c>: {name, from (0-based), max} -> {records: [...], next: the next <c>from</c>, or null at the end}.</item>
/// <item><c>handle.read</c>: {handle, offset, length (at most 262144)} -> {data: base64}; fewer bytes than asked only at the end.</item>
/// </list>
/// </summary>
/// <param name="Id">Number of the call in this session.</param>
/// <param name="Method">Which call.</param>
/// <param name="Arguments">Its arguments as one JSON object.</param>
public sealed record CallMessage(int Id, string Method, JsonNode? Arguments) : HostMessage;

/// <summary>Sent at least each 2 s while the host works within its limits or waits for an answer, so that silence means trouble. Not sent between two starts.</summary>
public sealed record AliveMessage : HostMessage;

/// <summary>How one <see cref="StartMessage"/> ended. After a process-ending limit there is no such frame and the exit code tells.</summary>
public enum HostOutcome
{
    Completed,

    /// <summary>A script exception reached the top.</summary>
    ScriptError,

    /// <summary>The source is not ES5 that parses.</summary>
    SyntaxError,

    /// <summary><c>module.exports.execute</c> (or <c>parse</c>) is missing.</summary>
    MissingEntry,

    /// <summary>A limit was reached; <see cref="DoneMessage.Limit"/> names it.</summary>
    Limit,

    /// <summary>The interpreter itself failed.</summary>
    InterpreterError,
}

/// <summary>End of the work.</summary>
/// <param name="Outcome">How it ended.</param>
/// <param name="Limit"><c>statements</c>, <c>time</c>, <c>recursion</c>, <c>memory</c>, <c>source</c>, <c>nesting</c>, <c>record</c>; null otherwise.</param>
/// <param name="Message">Message of the error, at most 4 KiB.</param>
/// <param name="Location"><c>file:line:column</c> of the error, when known.</param>
/// <param name="Phase"><c>load</c>, <c>initialize</c>, <c>execute</c>, <c>parse</c>, <c>cleanup</c>.</param>
/// <param name="PeakBytes">Peak of the managed heap.</param>
/// <param name="CpuMilliseconds">Processor time of the work.</param>
/// <param name="Value">For <see cref="PluginEntry.Script"/>: the completion value as text, at most 4 KiB.</param>
public sealed record DoneMessage(
    HostOutcome Outcome,
    string? Limit,
    string? Message,
    string? Location,
    string? Phase,
    long PeakBytes,
    long CpuMilliseconds,
    string? Value) : HostMessage;

/// <summary>Exit codes of the host process when it ends without a <see cref="DoneMessage"/>, and after one.</summary>
public static class HostExitCodes
{
    public const int Normal = 0;
    public const int OutOfMemory = 75;

    /// <summary>A native call could not be interrupted in time; the limit <c>time</c> was reported before.</summary>
    public const int TimeLimit = 76;
    public const int Unexpected = 77;

    /// <summary>The host could not confine itself: it must not read plugin source.</summary>
    public const int NotConfined = 78;

    /// <summary>The engine broke the protocol.</summary>
    public const int Protocol = 79;
}
