using System.Text.Json.Nodes;
using System.Threading.Channels;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Sandboxing.Network;
using SecFlow.Execution.Targets;
using SecFlow.Execution.Tools;

namespace SecFlow.Execution.Plugins;

/// <summary>What a grant needs to run tools.</summary>
internal sealed record ToolServices(ToolCatalogue Catalogue, ToolRunner Runner);

/// <summary>
/// The tools of one work: one at a time, each in a sandbox of its own.
/// 1. Policy, then the guard of the arguments, then the catalogue; a refusal starts nothing.
/// 2. While it runs, its targets are looked at: one that may not be touched any more ends the tool, and the work ends with that refusal, whatever the script makes of it.
/// 3. A limit that the tool reached is an error for the script with the limit's code; only time that ran out and output that was cut are told in the result.
/// </summary>
internal sealed class ToolCalls(BrokerGrant grant, PluginWork work, Handles handles, BrokerUses uses, Func<CancellationToken, Task<TargetScope?>> reach) : IAsyncDisposable
{
    private const int MostDataKept = 10_000;
    private readonly TimeProvider _time = grant.Tools.Runner.Time;
    private readonly long _started = grant.Tools.Runner.Time.GetTimestamp();
    private readonly TimeSpan _stoodStill = work.Freezer?.StoodStill ?? TimeSpan.Zero;
    private readonly HashSet<string> _data = new(work.Scope?.Targets.SelectMany(t => new[] { t.Value, t.Name }).Where(text => text.StartsWith('-')) ?? [], StringComparer.Ordinal);
    private readonly Dictionary<string, Diagnostic> _failures = new(StringComparer.Ordinal);
    private readonly List<ToolUse> _used = [];
    private readonly TargetCopies _copies = new();
    private CancellationTokenSource _stop = new();
    private Channel<IReadOnlyList<string>>? _lines;
    private Task<JsonNode?>? _running;
    private Diagnostic? _withdrawn;

    public IReadOnlyList<ToolUse> Used => _used;

    /// <summary>Remembers what of an input could be taken for an option.</summary>
    public void Saw(JsonNode? record)
    {
        switch (record)
        {
            case JsonValue value when value.TryGetValue<string>(out var text) && text.StartsWith('-') && _data.Count < MostDataKept:
                _data.Add(text);
                break;
            case JsonArray list:
                foreach (var item in list)
                {
                    Saw(item);
                }

                break;
            case JsonObject members:
                foreach (var (_, item) in members)
                {
                    Saw(item);
                }

                break;
        }
    }

    /// <summary>Runs a tool and gives its result, or begins it when lines are asked for.</summary>
    public async Task<JsonNode?> StartAsync(JsonNode? arguments, CancellationToken ct)
    {
        // Its script has given up on it: an error in onLine.
        await EndAsync();
        var call = ToolCall.Read(arguments);
        grant.Policy.ToolCall(grant.Subject, call.Name, grant.Manifest.Tools).Require();
        ToolArguments.Check(call.Name, call.Arguments, text => _data.Count >= MostDataKept || _data.Contains(text));
        if (work.Planned is { } planned)
        {
            return await planned.ToolAsync(call, handles, ct);
        }

        if (!call.Lines)
        {
            return await RunAsync(call, null, ct);
        }

        var lines = _lines = Channel.CreateBounded<IReadOnlyList<string>>(4);
        _running = RunAndCompleteAsync(call, lines, ct);
        return new JsonObject { ["running"] = true };
    }

    /// <summary>Lines that came since, <c>{lines: [text]}</c>; after the last ones the result.</summary>
    public async Task<JsonNode?> LinesAsync(CancellationToken ct)
    {
        if (_running is not { } running || _lines is not { } lines)
        {
            throw new SecFlowException(Codes.RequestInvalid, "ctx.tool: no tool is running.");
        }

        if (await lines.Reader.WaitToReadAsync(ct) && lines.Reader.TryRead(out var some))
        {
            return new JsonObject { ["lines"] = new JsonArray([.. some.Select(line => (JsonNode)line)]) };
        }

        (_running, _lines) = (null, null);
        return await running;
    }

    /// <summary>A script error that carries the code of a failure which was answered in this work is that failure; a code that nobody answered is only the script's word.</summary>
    public SessionEnd Judge(SessionEnd end) =>
        end.Violation ? end
        : _failures.GetValueOrDefault(Codes.ForbiddenSystemCall) is { } violation ? new SessionEnd(violation, null, Violation: true)
        : _withdrawn is { } withdrawn ? new SessionEnd(withdrawn)
        : end.Error is { Code: Codes.ScriptError } error && _failures.FirstOrDefault(f => error.Message.Contains($"[{f.Key}]", StringComparison.Ordinal)).Value is { } failure ? end with { Error = failure }
        : end;

    public async ValueTask DisposeAsync()
    {
        await EndAsync();
        _copies.Dispose();
        _stop.Dispose();
    }

    private async Task EndAsync()
    {
        if (_running is { } running)
        {
            await _stop.CancelAsync();
            await running.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            _stop.Dispose();
            (_running, _lines, _stop) = (null, null, new CancellationTokenSource());
        }
    }

    private async Task<JsonNode?> RunAndCompleteAsync(ToolCall call, Channel<IReadOnlyList<string>> lines, CancellationToken ct)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, _stop.Token);
        try
        {
            return await RunAsync(call, (some, token) => lines.Writer.WriteAsync(some, token).AsTask(), either.Token);
        }
        finally
        {
            lines.Writer.Complete();
        }
    }

    private async Task<JsonNode?> RunAsync(ToolCall call, Func<IReadOnlyList<string>, CancellationToken, Task>? onLines, CancellationToken ct)
    {
        try
        {
            return await InvokeAsync(call, onLines, ct);
        }
        catch (SecFlowException e) when (e.Category is DiagnosticCategory.Tool or DiagnosticCategory.Sandbox)
        {
            _failures[e.Code] = e.Diagnostics[0];
            throw;
        }
    }

    private async Task<JsonNode?> InvokeAsync(ToolCall call, Func<IReadOnlyList<string>, CancellationToken, Task>? onLines, CancellationToken ct)
    {
        var program = await grant.Tools.Catalogue.RequireAsync(grant.Manifest.Tools.First(tool => tool.Name == call.Name), ct);
        var contents = new List<FileStream>();
        try
        {
            async Task<FileStream> Of(ToolContent content, long most)
            {
                contents.Add(ToolSpool.NewFile());
                await handles.CopyAsync(content, contents[^1], most, ct);
                return contents[^1];
            }

            var inputs = new Dictionary<string, FileStream>(StringComparer.Ordinal);
            foreach (var (name, content) in call.Inputs)
            {
                inputs[name] = await Of(content, Limits.OutputBytesKept.Default);
            }

            var scope = await reach(ct);
            var left = work.Timeout - _time.GetElapsedTime(_started) + ((work.Freezer?.StoodStill ?? TimeSpan.Zero) - _stoodStill);
            var request = new ToolRequest(program, call.Arguments)
            {
                Stdin = call.Stdin is null ? null : await Of(call.Stdin, ToolRequest.MostStdinBytes),
                Inputs = inputs,
                Network = scope?.NetworkPlan(),
                TargetFolders = grant.Manifest.Permissions.TargetFiles
                    ? (work.Scope?.Folders ?? []).ToDictionary(folder => folder.Inside, folder => _copies.Readable(folder.Path), StringComparer.Ordinal)
                    : new Dictionary<string, string>(StringComparer.Ordinal),
                Files = call.Files,
                Timeout = call.Timeout is { } asked && asked < left ? asked : left,
                OnLines = onLines,
                Freezer = work.Freezer,
                Limits = ToolLimits.For(grant.Manifest.ToolLimits),
            };
            uses.Add("tool", $"{program.Name} {program.Version} {ToolArguments.Digest(call.Arguments)}");
            await using var result = await RunWhileAllowedAsync(request, ct);
            if (_used.Count < ToolUse.MostKept)
            {
                _used.Add(new ToolUse(
                    program.Name, program.Version, program.Digest, ToolArguments.Digest(call.Arguments), result.ExitCode, (long)result.Wall.TotalMilliseconds, result.Limit?.Code, result.Truncated,
                    Known(result.Network)?.Accepted, Known(result.Network)?.Blocked));
            }

            return result.Limit is { } limit && !result.TimedOut ? throw new SecFlowException(limit) : await AnswerAsync(result, program, ct);
        }
        finally
        {
            foreach (var file in contents)
            {
                await file.DisposeAsync();
            }
        }
    }

    private async Task<ToolResult> RunWhileAllowedAsync(ToolRequest request, CancellationToken ct)
    {
        if (work.Scope is not { } scope || (request.Network is null && request.TargetFolders.Count == 0))
        {
            return await grant.Tools.Runner.RunAsync(request, ct);
        }

        async Task<Diagnostic?> LookAsync(CancellationToken token)
        {
            await scope.LookAgainAsync(token);
            return grant.Policy.Withdrawal(grant.Subject, scope, grant.Manifest.Permissions.Network == NetworkPermission.Targets ? request.Network : null);
        }

        if (await LookAsync(ct) is { } closed)
        {
            throw new SecFlowException(closed);
        }

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        await using var watch = new SessionWatch(LookAsync, _ => stop.Cancel(), _time);
        try
        {
            return await grant.Tools.Runner.RunAsync(request, stop.Token);
        }
        catch (OperationCanceledException) when (watch.Refusal is not null && !ct.IsCancellationRequested)
        {
            var refusal = watch.Refusal;
            _withdrawn = refusal with { Message = $"The tool '{request.Program.Name}' was stopped while it ran. {refusal.Message}" };
            throw new SecFlowException(_withdrawn);
        }
    }

    private static NetworkCount? Known(NetworkCount? count) => count is { Known: true } ? count : null;

    private async Task<JsonNode?> AnswerAsync(ToolResult result, ToolProgram program, CancellationToken ct)
    {
        async Task<JsonNode> Keep(FileStream file)
        {
            var handle = await handles.KeepAsync(file, ct);
            return new JsonObject { ["handle"] = handle.Id, ["size"] = handle.Size };
        }

        var files = new JsonObject();
        foreach (var (name, file) in result.Files)
        {
            files[name] = await Keep(file);
        }

        return new JsonObject
        {
            ["exitCode"] = result.ExitCode,
            ["stdout"] = await Keep(result.Stdout),
            ["stderr"] = await Keep(result.Stderr),
            ["files"] = files,
            ["timedOut"] = result.TimedOut,
            ["truncated"] = result.Truncated,
            ["toolVersion"] = program.Version,
        };
    }
}
