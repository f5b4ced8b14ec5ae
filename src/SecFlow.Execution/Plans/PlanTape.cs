using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Policies;
using SecFlow.Execution.Targets;
using SecFlow.PluginProtocol;

namespace SecFlow.Execution.Plans;

/// <summary>On whose behalf calls are planned.</summary>
/// <param name="Scope">Approved targets, pinned.</param>
/// <param name="ReadsEarlierOutputs">Whether the node has inputs of earlier nodes.</param>
internal sealed record PlanGrant(PolicyEvaluator Policy, PolicySubject Subject, PluginManifest Manifest, TargetScope? Scope, bool ReadsEarlierOutputs);

/// <summary>
/// Stands in the place of the world while a script is only looked at.
/// 1. Nothing leaves: requests, handshakes, tools and secrets are written down and answered with neutral values. Only what is named here goes on to the broker (resources); a call that is not known is an error.
/// 2. The policy is asked the questions of a real run, in its order, and a refusal is the answer that the script would get.
/// 3. A secret is answered with a random text that is no secret of anybody; where it turns up in a call, its name is shown.
/// 4. What comes after the first neutral answer may be otherwise in a run; it is marked so.
/// 5. Bounded: after <see cref="PlanBounds.Calls"/> the script is stopped.
/// </summary>
internal sealed class PlanTape(PlanGrant grant, PlanBounds bounds, Func<Task> stop) : CallTape
{
    private const int MostRefusals = 50;
    private const int MostArgumentCharacters = 64 * 1024;

    private readonly List<PlannedRequest> _http = [];
    private readonly List<PlannedRequest> _tls = [];
    private readonly List<PlannedToolCall> _tools = [];
    private readonly Dictionary<string, string> _secrets = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _resources = new(StringComparer.Ordinal);
    private readonly Dictionary<string, PlannedRefusal> _refusals = new(StringComparer.Ordinal);
    private int _calls;
    private int _httpCount;
    private int _tlsCount;
    private int _toolCount;
    private bool _answered;

    /// <summary>True when the script made more calls than are followed.</summary>
    public bool Overrun { get; private set; }

    public PlannedCalls<PlannedRequest> Http => new(_httpCount, _http);

    public PlannedCalls<PlannedRequest> Tls => new(_tlsCount, _tls);

    public PlannedCalls<PlannedToolCall> Tools => new(_toolCount, _tools);

    public IReadOnlyList<string> Secrets => [.. _secrets.Keys.Order(StringComparer.Ordinal)];

    public IReadOnlyList<string> Resources => [.. _resources];

    public IReadOnlyList<PlannedRefusal> Refusals => [.. _refusals.Values];

    private CallBasis Basis => grant.ReadsEarlierOutputs ? CallBasis.EarlierOutputs : _answered ? CallBasis.Answers : CallBasis.Known;

    internal override async Task<ResultMessage?> AnswerAsync(CallMessage call, Handles handles, Func<CallMessage, CancellationToken, Task<ResultMessage?>> ask, CancellationToken ct)
    {
        if (++_calls > bounds.Calls)
        {
            Overrun = true;
            await stop();
            await Task.Delay(Timeout.Infinite, ct);
        }

        try
        {
            return call.Method switch
            {
                "http" => new ResultMessage(call.Id, await HttpAsync(call.Arguments, handles, ct), null),
                "tls" => new ResultMessage(call.Id, TlsAnswer(call.Arguments), null),
                "secret" => new ResultMessage(call.Id, Secret(call.Arguments), null),
                "tool" => new ResultMessage(call.Id, await ToolAsync(call.Arguments, handles, ct), null),
                "resource" => await ResourceAsync(call, ask, ct),
                _ => throw new SecFlowException(Codes.RequestInvalid, $"'{(call.Method.Length > 40 ? call.Method[..40] : call.Method)}' cannot be planned."),
            };
        }
        catch (SecFlowException e)
        {
            if (e.Category is DiagnosticCategory.Policy or DiagnosticCategory.Tool)
            {
                Refused(TapeContent.NameOf(call.Method, call.Arguments), e.Diagnostics[0]);
            }

            return new ResultMessage(call.Id, null, new CallError(e.Code, e.Diagnostics[0].Message));
        }
    }

    /// <summary>Writes down a refusal; of equal ones (code and rule) the first and how many.</summary>
    public void Refused(string what, Diagnostic refusal)
    {
        var key = $"{refusal.Code} {refusal.Rule}";
        if (_refusals.TryGetValue(key, out var before))
        {
            _refusals[key] = before with { Count = before.Count + 1 };
        }
        else if (_refusals.Count < MostRefusals)
        {
            _refusals[key] = new PlannedRefusal(Masked(what), refusal);
        }
    }

    private async Task<JsonNode?> HttpAsync(JsonNode? arguments, Handles handles, CancellationToken ct)
    {
        var request = HttpCall.Read(arguments);
        grant.Policy.TargetCall("ctx.http", grant.Subject, grant.Scope, request.Url).Require();
        if (_httpCount++ < bounds.Shown)
        {
            _http.Add(new PlannedRequest(request.Method, Masked(request.Url.AbsoluteUri), Basis));
        }

        _answered = true;
        return HttpCall.Write(new TargetResponse(200, request.Url, [], [], false, TimeSpan.Zero, [], null), await handles.KeepAsync(ReadOnlyMemory<byte>.Empty, ct));
    }

    private JsonObject TlsAnswer(JsonNode? arguments)
    {
        var (url, _) = TlsCall.Read(arguments);
        grant.Policy.TargetCall("ctx.tls", grant.Subject, grant.Scope, url).Require();
        if (_tlsCount++ < bounds.Shown)
        {
            _tls.Add(new PlannedRequest("TLS", url.Authority, Basis));
        }

        _answered = true;
        TlsVersion[] untested = [.. new[] { "Tls10", "Tls11", "Tls12", "Tls13" }.Select(name => new TlsVersion(name, Targets.TlsAnswer.Untested, null, "This is a plan."))];
        return TlsCall.Write(new TlsFacts(url.Host, url.Port, untested, [], false, false, [], false, TimeSpan.Zero));
    }

    private JsonNode Secret(JsonNode? arguments)
    {
        var name = Text(arguments, "name");
        grant.Policy.GrantedCall(grant.Subject, "secret", name).Require();
        if (!_secrets.TryGetValue(name, out var placeholder))
        {
            _secrets[name] = placeholder = "planned-" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        }

        return JsonValue.Create(placeholder);
    }

    private async Task<JsonNode?> ToolAsync(JsonNode? arguments, Handles handles, CancellationToken ct)
    {
        var name = Text(arguments, "name");
        grant.Policy.ToolCall(grant.Subject, name, grant.Manifest.Tools).Require();
        var words = (arguments as JsonObject)?["args"] is JsonArray list ? list.Select(word => word?.ToString() ?? "").ToList() : [];
        if (_toolCount++ < bounds.Shown && words.Sum(word => word.Length) <= MostArgumentCharacters)
        {
            _tools.Add(new PlannedToolCall(name, [.. words.Select(Masked)], Basis));
        }

        _answered = true;
        var files = new JsonObject();
        foreach (var file in (arguments as JsonObject)?["options"]?["files"] as JsonArray ?? [])
        {
            files[file?.ToString() ?? ""] = await EmptyAsync(handles, ct);
        }

        return new JsonObject
        {
            ["exitCode"] = 0,
            ["stdout"] = await EmptyAsync(handles, ct),
            ["stderr"] = await EmptyAsync(handles, ct),
            ["files"] = files,
            ["timedOut"] = false,
            ["truncated"] = false,
            ["toolVersion"] = grant.Manifest.Tools.FirstOrDefault(t => t.Name == name)?.MinVersion ?? "",
        };
    }

    private async Task<ResultMessage?> ResourceAsync(CallMessage call, Func<CallMessage, CancellationToken, Task<ResultMessage?>> ask, CancellationToken ct)
    {
        var answer = await ask(call, ct);
        if (answer is { Error: null } && _resources.Count < MostRefusals)
        {
            _resources.Add(Text(call.Arguments, "uri"));
        }

        return answer;
    }

    private static async Task<JsonObject> EmptyAsync(Handles handles, CancellationToken ct)
    {
        var handle = await handles.KeepAsync(ReadOnlyMemory<byte>.Empty, ct);
        return new JsonObject { ["handle"] = handle.Id, ["size"] = handle.Size };
    }

    private static string Text(JsonNode? arguments, string key)
    {
        var text = arguments is JsonObject call && call[key] is JsonValue value && value.TryGetValue<string>(out var found) ? found : "";
        return text.Length > 500 ? text[..500] : text;
    }

    /// <summary>With the names of secrets in the place of their placeholders, also where they stand percent-encoded.</summary>
    private string Masked(string text) => _secrets.Aggregate(text, (masked, secret) => masked.Replace(secret.Value, string.Create(CultureInfo.InvariantCulture, $"{{secret {secret.Key}}}"), StringComparison.OrdinalIgnoreCase));
}
