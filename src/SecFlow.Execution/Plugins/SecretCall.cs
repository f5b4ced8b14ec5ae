using System.Text.Json.Nodes;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Targets;

namespace SecFlow.Execution.Plugins;

/// <summary><c>ctx.secret(name, target?)</c>: <c>{name, target?}</c> -> the value as text. Throws SF3004 (not declared), SF3022 (not set, or nobody who may get one), SF1501.</summary>
internal static class SecretCall
{
    /// <param name="grant">On whose behalf; without a reader there are no secrets (unsigned code, bare scripts).</param>
    /// <param name="work">Its targets.</param>
    /// <param name="arguments">As the plugin gave them.</param>
    /// <param name="ct">Cancels.</param>
    public static async Task<JsonNode?> AnswerAsync(BrokerGrant? grant, PluginWork work, JsonNode? arguments, CancellationToken ct)
    {
        if (grant is null)
        {
            throw new SecFlowException(Codes.PermissionNotDeclared, "A bare script has no secrets. Make it a plugin that declares 'permissions: { secrets: [name] }', and install it.");
        }

        var name = Text(arguments, "name") is { Length: <= 100 } text ? text : throw new SecFlowException(Codes.RequestInvalid, "ctx.secret: the name is not a text of at most 100 characters. Correct the call.");
        var targets = work.Scope?.Targets ?? [];
        var declared = grant.Subject.Permissions.Secrets.Contains(name, StringComparer.Ordinal);
        var found = declared && grant.Secrets is { } reader ? await reader.FindAsync(grant.Request.Actor.TeamId, targets, name, ct) : [];
        grant.Policy.SecretCall(grant.Subject, name, grant.Secrets is not null, found.Count > 0).Require();
        if (work.Planned is { } planned)
        {
            SecretReader.Choose(found, targets, name, Text(arguments, "target"));
            return JsonValue.Create(planned.Secret(name));
        }

        var entry = grant.Entry("read.secret") with
        {
            Details = new JsonObject { ["run"] = grant.Request.RunId.ToString(), ["node"] = grant.Request.NodeId, ["plugin"] = $"{grant.Provenance.PluginId} {grant.Provenance.Version}" },
        };
        var value = await grant.Secrets!.ReadAsync(found, targets, name, Text(arguments, "target"), entry, ct);
        grant.Redaction?.Add(name, value);
        return JsonValue.Create(value);
    }

    private static string? Text(JsonNode? arguments, string key) => arguments is JsonObject call && call[key] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;
}
