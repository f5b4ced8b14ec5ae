using System.Text.Json.Nodes;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Targets;
using SecFlow.PluginProtocol;

namespace SecFlow.Execution.Plugins;

/// <summary>One call that left a plugin under development, with its answer.</summary>
/// <param name="Method">Such as <c>http</c>.</param>
/// <param name="Arguments">As the plugin gave them.</param>
/// <param name="Answer">The answer; a handle stands there as <c>{"text": "..."}</c> or <c>{"base64": "..."}</c>. Null when it failed.</param>
/// <param name="Error">Code and message of a call that failed or was refused; null when it was answered.</param>
public sealed record RecordedCall(string Method, JsonNode? Arguments, JsonNode? Answer, CallError? Error);

/// <summary>Stands between a plugin and the world: keeps what goes through, or answers in the world's place.</summary>
public abstract class CallTape
{
    internal abstract Task<ResultMessage?> AnswerAsync(CallMessage call, Handles handles, Func<CallMessage, CancellationToken, Task<ResultMessage?>> ask, CancellationToken ct);

    /// <summary>The work has ended; what its handles stand for is still there.</summary>
    internal virtual Task EndAsync(Handles handles, SecretValues? secrets, CancellationToken ct) => Task.CompletedTask;
}

/// <summary>Lets every call through and keeps it with its answer, at most <see cref="MostBytes"/> of content.</summary>
public sealed class RecordingTape : CallTape
{
    public const long MostBytes = 8 * 1024 * 1024;

    private readonly List<RecordedCall> _calls = [];
    private long _bytes;

    /// <summary>What went through, in its order.</summary>
    public IReadOnlyList<RecordedCall> Calls => _calls;

    internal override async Task<ResultMessage?> AnswerAsync(CallMessage call, Handles handles, Func<CallMessage, CancellationToken, Task<ResultMessage?>> ask, CancellationToken ct)
    {
        var result = await ask(call, ct);
        if (result is not null)
        {
            _calls.Add(new RecordedCall(call.Method, call.Arguments?.DeepClone(), result.Value is null ? null : await TapeContent.OutOfHandlesAsync(result.Value, handles, Count, ct), result.Error));
        }

        return result;
    }

    private void Count(long bytes)
    {
        _bytes += bytes;
        if (_bytes > MostBytes)
        {
            throw new SecFlowException(Codes.PackageTooLarge, $"The answers hold more than the {MostBytes} bytes that a fixture may have. Record a smaller target, or let the plugin ask for less with maxBytes.");
        }
    }
}

/// <summary>
/// Answers from a recording; nothing leaves.
/// 1. A call is found by its method and arguments, whatever the order of their keys; equal calls are answered in the order of the recording, then by the last of them.
/// 2. A call that is not recorded is SF5101 for the plugin, and kept in <see cref="Missing"/>.
/// </summary>
public sealed class ReplayingTape : CallTape
{
    private const int MostMissing = 100;

    private readonly Dictionary<string, Queue<RecordedCall>> _calls = new(StringComparer.Ordinal);
    private readonly Func<JsonNode?, JsonNode?> _before;
    private readonly List<string> _missing = [];

    /// <param name="calls">The recording.</param>
    /// <param name="before">Makes of a call's arguments what the recording keeps of them (without secrets).</param>
    public ReplayingTape(IEnumerable<RecordedCall> calls, Func<JsonNode?, JsonNode?> before)
    {
        _before = before;
        foreach (var call in calls)
        {
            var key = Key(call.Method, call.Arguments);
            if (!_calls.TryGetValue(key, out var queue))
            {
                _calls[key] = queue = new Queue<RecordedCall>();
            }

            queue.Enqueue(call);
        }
    }

    /// <summary>Calls that the plugin made and the recording has not, such as <c>GET http://127.0.0.1:8000/x</c>; at most a hundred.</summary>
    public IReadOnlyList<string> Missing => _missing;

    internal override async Task<ResultMessage?> AnswerAsync(CallMessage call, Handles handles, Func<CallMessage, CancellationToken, Task<ResultMessage?>> ask, CancellationToken ct)
    {
        if (!_calls.TryGetValue(Key(call.Method, _before(call.Arguments)), out var queue))
        {
            var name = TapeContent.NameOf(call.Method, call.Arguments);
            if (_missing.Count < MostMissing)
            {
                _missing.Add(name);
            }

            return new ResultMessage(call.Id, null, new CallError(Codes.TargetUnreachable, $"{name} is not recorded in this fixture."));
        }

        var recorded = queue.Count > 1 ? queue.Dequeue() : queue.Peek();
        return new ResultMessage(call.Id, recorded.Error is null ? await TapeContent.IntoHandlesAsync(recorded.Answer, handles, ct) : null, recorded.Error);
    }

    private static string Key(string method, JsonNode? arguments) => method + " " + TapeContent.Sorted(arguments)?.ToJsonString();
}
