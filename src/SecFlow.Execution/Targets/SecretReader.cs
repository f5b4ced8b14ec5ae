using System.Text.Json.Nodes;
using SecFlow.Data.Audit;
using SecFlow.Data.Targets;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Metrics;

namespace SecFlow.Execution.Targets;

/// <summary>
/// Gives secrets to plugins, for the broker alone.
/// 1. Only of the targets of the node and of its team; a target's own one counts before the team's.
/// 2. Each read is audited, by name, before the value is handed out; and counted.
/// </summary>
public sealed class SecretReader(TargetSecretStore secrets, SecretProtection protection, AuditLog audit, SecFlowMeter meter)
{
    /// <summary>What is set under a name for these targets and the team.</summary>
    public Task<IReadOnlyList<TargetSecret>> FindAsync(Guid teamId, IReadOnlyList<ScopedTarget> targets, string name, CancellationToken ct) =>
        secrets.FindAsync(teamId, [.. targets.Select(target => target.Id)], name, ct);

    /// <summary>The value of the one that is meant. Throws SF1501 when that is not clear, SF3022 when there is none or it cannot be decrypted.</summary>
    /// <param name="found">Of <see cref="FindAsync"/>.</param>
    /// <param name="targets">Targets of the node.</param>
    /// <param name="name">Name of the secret.</param>
    /// <param name="asked">Id, name or value of the target that is meant; null = the only one.</param>
    /// <param name="entry">The audit event, to be completed.</param>
    /// <param name="ct">Cancels.</param>
    public async Task<string> ReadAsync(IReadOnlyList<TargetSecret> found, IReadOnlyList<ScopedTarget> targets, string name, string? asked, AuditEntry entry, CancellationToken ct)
    {
        var secret = Choose(found, targets, name, asked);
        var value = protection.Unprotect(secret)
            ?? throw Refuse($"The secret '{name}' cannot be decrypted with the keys of this installation.", "Set it again; every engine of one installation needs the same folder keys.");
        await audit.AppendAsync(entry with { ResourceKind = "secret", ResourceId = secret.Id.ToString(), ResourceName = name, Details = new JsonObject { ["target"] = secret.TargetId?.ToString(), ["revision"] = secret.Revision, ["by"] = entry.Details?.DeepClone() } }, ct);
        meter.SecretRead(secret.TargetId is null ? "team" : "target");
        return value;
    }

    /// <summary>The one that is meant; throws as <see cref="ReadAsync"/>.</summary>
    internal static TargetSecret Choose(IReadOnlyList<TargetSecret> found, IReadOnlyList<ScopedTarget> targets, string name, string? asked)
    {
        var team = found.FirstOrDefault(secret => secret.TargetId is null);
        var own = found.Where(secret => secret.TargetId is not null).ToList();
        if (asked is not null)
        {
            var target = targets.FirstOrDefault(t => t.Id.ToString() == asked || t.Name == asked || t.Value == asked)
                ?? throw new SecFlowException(Codes.RequestInvalid, $"ctx.secret: '{TargetValidation.Show(asked)}' is not a target of this node. Use ctx.targets[i].id.");
            return own.Find(secret => secret.TargetId == target.Id) ?? team ?? throw Refuse($"The secret '{name}' is not set for target '{target.Name}' and not for the team.", "Have an administrator of the team set it.");
        }

        // Another target's credential must not go to this one: with several targets, one that some of them have for themselves is asked for by target.
        return (own.Count, targets.Count) switch
        {
            (0, _) => team!,
            (1, 1) => own[0],
            _ => throw new SecFlowException(Codes.RequestInvalid, $"ctx.secret('{name}'): {own.Count} of {targets.Count} targets have one of their own. Say which is meant: ctx.secret('{name}', ctx.targets[i].id)."),
        };
    }

    internal static SecFlowException Refuse(string message, string remedy) => new(new Diagnostic(Codes.SecretNotSet, $"{message} {remedy}") { Rule = "permission.secrets", Remedy = remedy });
}
