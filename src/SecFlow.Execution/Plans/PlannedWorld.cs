using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Targets;
using SecFlow.PluginProtocol;

namespace SecFlow.Execution.Plans;

/// <summary>
/// Stands in the place of the world while a script is only looked at. The broker asks it after everything that it asks in a run: form of the call, policy, scope, guard of a tool's arguments.
/// 1. Nothing leaves: requests, handshakes, tools and secrets are written down and answered with neutral values. Resources, inputs and handles are read: they are the engine's own. A call that is not named in <see cref="_known"/> is an error: a new one must be planned before it can be used.
/// 2. A secret is answered with a random text that is no secret of anybody; where it turns up in a call, its name is shown.
/// 3. What comes after the first neutral answer may be otherwise in a run; it is marked so.
/// 4. Bounded: after <see cref="PlanBounds.Calls"/> the script is stopped.
/// </summary>
/// <param name="bounds">How far it goes.</param>
/// <param name="tools">The declared tools as they are on this machine.</param>
/// <param name="readsEarlierOutputs">Whether the node has inputs of earlier nodes.</param>
/// <param name="stop">Stops the work.</param>
internal sealed class PlannedWorld(PlanBounds bounds, IReadOnlyList<PlannedTool> tools, bool readsEarlierOutputs, Func<Task> stop)
{
    private const int MostRefusals = 50;
    private static readonly string[] _known = ["http", "tls", "tool", "secret", "resource", "artifact", "input.read", "handle.read"];

    private readonly List<PlannedRequest> _http = [];
    private readonly List<PlannedRequest> _tls = [];
    private readonly List<PlannedToolCall> _tools = [];
    private readonly Dictionary<string, string> _secrets = new(StringComparer.Ordinal);
    private readonly Dictionary<string, PlannedRefusal> _refusals = new(StringComparer.Ordinal);
    private int _calls;
    private int _httpCount;
    private int _tlsCount;
    private int _toolCount;
    private bool _answered;

    /// <summary>True when the script made more calls than are followed.</summary>
    public bool Overrun { get; private set; }

    public PlannedCalls<PlannedRequest> HttpCalls => new(_httpCount, _http);

    public PlannedCalls<PlannedRequest> TlsCalls => new(_tlsCount, _tls);

    public PlannedCalls<PlannedToolCall> ToolCalls => new(_toolCount, _tools);

    public IReadOnlyList<string> Secrets => [.. _secrets.Keys.Order(StringComparer.Ordinal)];

    public IReadOnlyList<PlannedRefusal> Refusals => [.. _refusals.Values];

    private CallBasis Basis => readsEarlierOutputs ? CallBasis.EarlierOutputs : _answered ? CallBasis.Answers : CallBasis.Known;

    /// <summary>Before each call. Does not return when the script made too many; throws SF1501 for a call that cannot be planned.</summary>
    public async Task AdmitAsync(CallMessage call, CancellationToken ct)
    {
        if (!_known.Contains(call.Method, StringComparer.Ordinal))
        {
            throw new SecFlowException(Codes.RequestInvalid, $"'{(call.Method.Length > 40 ? call.Method[..40] : call.Method)}' cannot be planned.");
        }

        if (call.Method is not ("artifact" or "input.read" or "handle.read") && ++_calls > bounds.Calls)
        {
            Overrun = true;
            await stop();
            await Task.Delay(Timeout.Infinite, ct);
        }
    }

    /// <summary>A call was refused or failed before it would have left; of equal failures (code and rule) the first is kept, and how many.</summary>
    public void Failed(CallMessage call, Diagnostic failure)
    {
        if (failure.Code is not Codes.ResourceMissing && Codes.CategoryOf(failure.Code) is not (DiagnosticCategory.Policy or DiagnosticCategory.Tool or DiagnosticCategory.Sandbox))
        {
            return;
        }

        var key = $"{failure.Code} {failure.Rule}";
        if (_refusals.TryGetValue(key, out var before))
        {
            _refusals[key] = before with { Count = before.Count + 1 };
        }
        else if (_refusals.Count < MostRefusals)
        {
            _refusals[key] = new PlannedRefusal(Masked(TapeContent.NameOf(call.Method, call.Arguments)), failure);
        }
    }

    public TargetResponse Http(TargetRequest request)
    {
        if (_httpCount++ < bounds.Shown)
        {
            _http.Add(new PlannedRequest(request.Method, Masked(request.Url.AbsoluteUri), Basis));
        }

        _answered = true;
        return new TargetResponse(200, request.Url, [], [], false, TimeSpan.Zero, [], null);
    }

    public TlsFacts Tls(Uri url)
    {
        if (_tlsCount++ < bounds.Shown)
        {
            _tls.Add(new PlannedRequest("TLS", url.Authority, Basis));
        }

        _answered = true;
        TlsVersion[] untested = [.. new[] { "Tls10", "Tls11", "Tls12", "Tls13" }.Select(name => new TlsVersion(name, TlsAnswer.Untested, null, "This is a plan."))];
        return new TlsFacts(url.Host, url.Port, untested, [], false, false, [], false, TimeSpan.Zero);
    }

    /// <summary>Exit code 0, and every file that was asked for is there and empty.</summary>
    public async Task<JsonNode?> ToolAsync(ToolCall call, Handles handles, CancellationToken ct)
    {
        if (_toolCount++ < bounds.Shown)
        {
            _tools.Add(new PlannedToolCall(call.Name, [.. call.Arguments.Select(Masked)], Basis) { Inputs = [.. call.Inputs.Keys.Order(StringComparer.Ordinal)], Stdin = call.Stdin is not null });
        }

        _answered = true;
        var files = new JsonObject();
        foreach (var file in call.Files)
        {
            files[file] = await EmptyAsync(handles, ct);
        }

        return new JsonObject
        {
            ["exitCode"] = 0,
            ["stdout"] = await EmptyAsync(handles, ct),
            ["stderr"] = await EmptyAsync(handles, ct),
            ["files"] = files,
            ["timedOut"] = false,
            ["truncated"] = false,
            ["toolVersion"] = tools.FirstOrDefault(t => t.Declared.Name == call.Name) is { } tool ? tool.State.Version is { Length: > 0 } version ? version : tool.Declared.MinVersion ?? "" : "",
        };
    }

    /// <summary>A text for the secret; the same one each time.</summary>
    public string Secret(string name)
    {
        if (!_secrets.TryGetValue(name, out var placeholder))
        {
            _secrets[name] = placeholder = "planned-" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        }

        return placeholder;
    }

    private static async Task<JsonObject> EmptyAsync(Handles handles, CancellationToken ct)
    {
        var handle = await handles.KeepAsync(ReadOnlyMemory<byte>.Empty, ct);
        return new JsonObject { ["handle"] = handle.Id, ["size"] = handle.Size };
    }

    /// <summary>With the names of secrets in the place of their placeholders.</summary>
    private string Masked(string text) => _secrets.Aggregate(text, (masked, secret) => masked.Replace(secret.Value, string.Create(CultureInfo.InvariantCulture, $"{{secret {secret.Key}}}"), StringComparison.OrdinalIgnoreCase));
}
