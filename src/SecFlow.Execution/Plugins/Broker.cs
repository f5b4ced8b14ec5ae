using System.Diagnostics;
using System.Text.Json.Nodes;
using SecFlow.Data.Audit;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Policies;
using SecFlow.Execution.Resources;
using SecFlow.Execution.Targets;
using SecFlow.Execution.Tools;
using SecFlow.PluginProtocol;

namespace SecFlow.Execution.Plugins;

/// <summary>On whose behalf a broker answers; null where nothing may leave (bare scripts). Without <paramref name="Audit"/> nothing is recorded: a plugin under development belongs to no installation.</summary>
internal sealed record BrokerGrant(PluginRequest Request, PluginProvenance Provenance, PluginManifest Manifest, PolicySubject Subject, PolicyEvaluator Policy, TargetHttp Http, TargetTls Tls, ToolServices Tools, AuditLog? Audit)
{
    /// <summary>Pins the hosts that the manifest names.</summary>
    public Func<IReadOnlyList<string>, CancellationToken, Task<TargetScope>> PinHosts { get; init; } = (hosts, ct) => TargetScope.PinHostsAsync(hosts, TimeProvider.System, ct);

    /// <summary>What was imported; null where there is no installation.</summary>
    public ResourceService? Resources { get; init; }

    /// <summary>Gives secrets; null where there are none: unsigned code never gets one.</summary>
    public SecretReader? Secrets { get; init; }

    /// <summary>What the run has read, to be taken out of what is said about it.</summary>
    public SecretValues? Redaction { get; init; }

    /// <summary>An event about the node that works.</summary>
    public AuditEntry Entry(string action) => new(Request.Actor, action, "node", $"{Request.RunId}/{Request.NodeId}", $"{Provenance.PluginId} {Provenance.Version}")
    {
        PolicyRevision = Provenance.PolicyRevision,
        TraceId = Activity.Current?.TraceId.ToString(),
    };
}

/// <summary>
/// Answers the calls of one work that leave the plugin host.
/// 1. Policy first: what the manifest does not declare, or nobody granted, is refused with its code.
/// 2. Each refusal is audited; of equal ones (code and host) the first twenty, then a count at the end.
/// 3. Allowed uses give one summary event at the end.
/// 4. A refusal or failure is an answer to the script, never the end of the work.
/// </summary>
internal sealed class Broker : IAsyncDisposable
{
    private readonly BrokerGrant? _grant;
    private readonly PluginWork _work;
    private readonly IPluginOutput _output;
    private readonly ToolCalls? _tools;
    private readonly Dictionary<string, InputReader> _inputs = new(StringComparer.Ordinal);
    private readonly PluginReach? _reach;
    private readonly RefusalLog _refusals;
    private readonly ResourceCall? _resources;

    /// <summary>The last failure of each code; codes are ours, so there are few.</summary>
    private readonly Dictionary<string, Diagnostic> _failures = new(StringComparer.Ordinal);

    public Broker(BrokerGrant? grant, PluginWork work, IPluginOutput output)
    {
        (_grant, _work, _output) = (grant, work, output);
        _reach = grant is null ? null : new PluginReach(grant.Manifest.Permissions, work.Scope, grant.PinHosts);
        _tools = grant is null ? null : new ToolCalls(grant, work, Handles, Uses, _reach!.ScopeAsync);
        _resources = grant is null ? null : new ResourceCall(grant, grant.Resources, Handles, Uses);
        _refusals = new RefusalLog(grant?.Audit, action => grant!.Entry(action));
        foreach (var (name, input) in work.Inputs)
        {
            _inputs[name] = new InputReader(name, input);
        }
    }

    public Handles Handles { get; } = new();

    /// <summary>What was allowed and used.</summary>
    public BrokerUses Uses { get; } = new();

    public int HttpRequests => Uses.Count("http");

    /// <summary>What <c>ctx.resource</c> has given.</summary>
    public IReadOnlyList<UsedResource> Resources => _resources?.Used ?? [];

    public int RefusedCalls => _refusals.Count;

    /// <summary>Different addresses of targets that were connected to.</summary>
    public int AddressesReached => _reach?.AddressesReached ?? 0;

    /// <summary>The tools that were run.</summary>
    public IReadOnlyList<ToolUse> ToolUses => _tools?.Used ?? [];

    /// <summary>An error of a tool that the script did not catch is the work's error, with its own code; a tool that violated the sandbox is a violation of its plugin's.</summary>
    public SessionEnd Judge(SessionEnd end) => _tools?.Judge(end) ?? end;

    /// <summary>The answer to a call; null when the method is not one of the protocol.</summary>
    public Task<ResultMessage?> AnswerAsync(CallMessage call, CancellationToken ct) =>
        _work.Tape is not { } tape || call.Method is "input.read" or "handle.read" or "artifact" ? AskAsync(call, ct) : tape.AnswerAsync(call, Handles, AskAsync, ct);

    private async Task<ResultMessage?> AskAsync(CallMessage call, CancellationToken ct)
    {
        try
        {
            if (_work.Planned is { } planned)
            {
                await planned.AdmitAsync(call, ct);
            }

            JsonNode? value;
            switch (call.Method)
            {
                case "http":
                    value = await HttpAsync(call.Arguments, ct);
                    break;
                case "tls":
                    value = await TlsAsync(call.Arguments, ct);
                    break;
                case "artifact":
                    value = await ArtifactAsync(call.Arguments, ct);
                    break;
                case "input.read":
                    value = await InputAsync(call.Arguments, ct);
                    break;
                case "handle.read":
                    value = await HandleAsync(call.Arguments, ct);
                    break;
                case "tool":
                    value = await Tools("ctx.tool").StartAsync(call.Arguments, ct);
                    break;
                case "tool.lines":
                    value = await Tools("ctx.tool").LinesAsync(ct);
                    break;
                case "resource" when _resources is not null:
                    value = await _resources.AnswerAsync(call.Arguments, ct);
                    break;
                case "secret":
                    value = await SecretCall.AnswerAsync(_grant, _work, call.Arguments, ct);
                    Uses.Add("secret", Host(call));
                    break;
                case "resource":
                    throw new SecFlowException(new Diagnostic(Codes.NotGranted, $"ctx.{call.Method} is not granted to this plugin. It can use ctx.http towards approved targets only.")
                    {
                        Rule = "permissions." + call.Method,
                        Remedy = "Use a plugin that does not need it.",
                    });
                default:
                    return null;
            }

            return new ResultMessage(call.Id, value, null);
        }
        catch (SecFlowException e)
        {
            _work.Planned?.Failed(call, e.Diagnostics[0]);
            _failures[e.Code] = e.Diagnostics[0];
            if (e.Category == DiagnosticCategory.Policy)
            {
                await RefusedAsync(e.Diagnostics[0], call, ct);
            }

            return new ResultMessage(call.Id, null, new CallError(e.Code, e.Diagnostics[0].Message));
        }
        catch (Exception e) when (e is IOException or System.Text.Json.JsonException or UnauthorizedAccessException)
        {
            return new ResultMessage(call.Id, null, new CallError(Codes.StorageFailed, "The data could not be read. Run the node again."));
        }
    }

    /// <summary>
    /// What really ended a script that did not catch the failure of a call, by the words <c>... [SF5001]</c> of its end; null when it was something else.
    /// A tool or a resource that is missing is not the script's fault. The script may choose among failures that it was given, and nothing more.
    /// </summary>
    public Diagnostic? CauseOf(string? message) => _failures.Values.FirstOrDefault(failure =>
        (failure.Code.StartsWith("SF17", StringComparison.Ordinal) || failure.Code.StartsWith("SF50", StringComparison.Ordinal) || failure.Code.StartsWith("SF40", StringComparison.Ordinal))
        && message?.EndsWith($"[{failure.Code}]", StringComparison.Ordinal) == true);

    /// <summary>Ends the tape, and writes the counts of refusals and the summary of uses.</summary>
    public async Task FinishAsync(CancellationToken ct)
    {
        await (_work.Tape?.EndAsync(Handles, _grant?.Redaction, ct) ?? Task.CompletedTask);
        await _refusals.FinishAsync();
        if (_grant?.Audit is { } audit && Uses.Any)
        {
            await audit.AppendAsync(_grant.Entry("use.broker") with { Details = Uses.ToJson() }, ct);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_tools is not null)
        {
            await _tools.DisposeAsync();
        }

        foreach (var input in _inputs.Values)
        {
            input.Dispose();
        }

        await Handles.DisposeAsync();
    }

    private ToolCalls Tools(string call) =>
        _tools ?? throw new SecFlowException(Codes.PermissionNotDeclared, $"A bare script has no tools, so {call} is refused. Make it a plugin that declares 'tools: [{{ name: ... }}]'.");

    private async Task<JsonNode?> HttpAsync(JsonNode? arguments, CancellationToken ct)
    {
        if (_grant is null)
        {
            throw new SecFlowException(Codes.PermissionNotDeclared, "A bare script has no network. Make it a plugin that declares 'permissions: { network: targets }'.");
        }

        var request = HttpCall.Read(arguments);
        var scope = await _reach!.ScopeAsync(ct);
        _grant.Policy.TargetCall("ctx.http", _grant.Subject, scope, request.Url).Require();

        if (_work.Planned is { } planned)
        {
            return HttpCall.Write(planned.Http(request), await Handles.KeepAsync(ReadOnlyMemory<byte>.Empty, ct));
        }

        // counted before it is sent: the target was asked, whatever becomes of the answer
        Uses.Add("http", request.Url.Authority);
        var response = await _grant.Http.SendAsync(scope!, request, ct);
        return HttpCall.Write(response, await Handles.KeepAsync(response.Body, ct));
    }

    private async Task<JsonNode?> TlsAsync(JsonNode? arguments, CancellationToken ct)
    {
        if (_grant is null)
        {
            throw new SecFlowException(Codes.PermissionNotDeclared, "A bare script has no network. Make it a plugin that declares 'permissions: { network: targets }'.");
        }

        var (url, timeout) = TlsCall.Read(arguments);
        var scope = await _reach!.ScopeAsync(ct);
        _grant.Policy.TargetCall("ctx.tls", _grant.Subject, scope, url).Require();
        if (_work.Planned is { } planned)
        {
            return TlsCall.Write(planned.Tls(url));
        }

        Uses.Add("tls", url.Authority);
        return TlsCall.Write(await _grant.Tls.LookAsync(scope!, url, timeout, ct));
    }

    private async Task<JsonNode?> ArtifactAsync(JsonNode? arguments, CancellationToken ct)
    {
        string Text(string key) => arguments is JsonObject call && call[key] is JsonValue value && value.TryGetValue<string>(out var text)
            ? text
            : throw new SecFlowException(Codes.RequestInvalid, $"ctx.artifact: '{key}' is not a text. Correct the call.");
        await _output.ArtifactAsync(Text("name"), Text("mediaType"), Text("text"), ct);
        return null;
    }

    private async Task<JsonNode?> InputAsync(JsonNode? arguments, CancellationToken ct)
    {
        var name = arguments is JsonObject call && call["name"] is JsonValue text && text.TryGetValue<string>(out var found) ? found : "";
        if (!_inputs.TryGetValue(name, out var input))
        {
            throw new SecFlowException(Codes.RequestInvalid, "There is no such input. Use one of ctx.inputs.");
        }

        var (records, next) = await input.ReadAsync((int)Number(arguments, "from", 0, int.MaxValue), (int)Number(arguments, "max", 1, 1000), ct);
        _tools?.Saw(records);
        return new JsonObject { ["records"] = records, ["next"] = next };
    }

    private async Task<JsonNode?> HandleAsync(JsonNode? arguments, CancellationToken ct)
    {
        var bytes = await Handles.ReadAsync(
            (int)Number(arguments, "handle", 0, int.MaxValue), Number(arguments, "offset", 0, long.MaxValue / 2), (int)Number(arguments, "length", 0, Handles.MostBytesAtOnce), ct)
            ?? throw new SecFlowException(Codes.RequestInvalid, "There is no such handle. Use one that ctx has given in this run of the plugin.");
        return new JsonObject { ["data"] = Convert.ToBase64String(bytes) };
    }

    private static long Number(JsonNode? arguments, string key, long least, long most) =>
        arguments is JsonObject call && call[key] is JsonValue value && value.TryGetValue<double>(out var number) && double.IsFinite(number)
            ? (long)Math.Clamp(number, least, most)
            : least;

    private async Task RefusedAsync(Diagnostic refused, CallMessage call, CancellationToken ct)
    {
        var refusal = refused with { Message = _grant?.Redaction?.Redact(refused.Message) ?? refused.Message };
        var said = call.Method + (Host(call) is { Length: > 0 } host ? " " + host : "");
        var what = _grant?.Redaction?.Redact(said) ?? said;
        if (await _refusals.AddAsync("refuse." + call.Method.Split('.')[0], refusal, what))
        {
            await _output.RefusedAsync(refusal, ct);
        }
    }

    private static string Host(CallMessage call)
    {
        if (call.Method == "secret")
        {
            return call.Arguments is JsonObject secret && secret["name"] is JsonValue name && name.TryGetValue<string>(out var asked) ? TargetValidation.Show(asked) : "";
        }

        if (call.Method == "tls" && call.Arguments is JsonObject tls)
        {
            var peer = $"{tls["host"]}:{tls["port"]}";
            return peer.Length > 260 ? peer[..260] : peer;
        }

        var url = call.Arguments is JsonObject arguments && arguments["url"] is JsonValue value && value.TryGetValue<string>(out var text) ? text : "";
        var host = url.Length <= 8192 && Uri.TryCreate(url, UriKind.Absolute, out var uri) ? uri.Authority : "";
        return host.Length > 260 ? host[..260] : host;
    }
}
