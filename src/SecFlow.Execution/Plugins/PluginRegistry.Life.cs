using System.Text.Json.Nodes;
using SecFlow.Data;
using SecFlow.Data.Audit;
using SecFlow.Data.Plugins;
using SecFlow.Data.Teams;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Policies;
using SecFlow.Execution.Teams;
using SecFlow.Execution.Trust;

namespace SecFlow.Execution.Plugins;

// The life of a version: who moves it, what the policy and Trust say to that.
public sealed partial class PluginRegistry
{
    /// <summary>
    /// Moves a version along its life; a transition that contracts 1 does not know is SF1503, a package that Trust refuses SF200x. Role Admin.
    /// An approval that takes two persons leaves the version Submitted until the second (SF3031 for the same person again); the reason stands for the second while there is one administrator.
    /// </summary>
    public async Task<PluginVersion> ChangeStateAsync(Actor actor, Guid pluginVersionId, PluginState state, string reason, CancellationToken ct)
    {
        await access.RequireAsync(actor, Permission.ManagePlugins, null, $"plugin/{pluginVersionId}", ct);
        var row = await store.FindAsync(actor.TeamId, pluginVersionId, ct)
            ?? throw NoSuchVersion();
        if (reason.Length > MostReason)
        {
            throw new SecFlowException(Codes.RequestInvalid, $"A reason has at most {MostReason} characters; found {reason.Length}.");
        }

        if (state == PluginState.Approved && PluginLife.Next(row.State).Contains(state))
        {
            return await ApproveAsync(actor, row, reason, ct);
        }

        if (string.IsNullOrWhiteSpace(reason))
        {
            throw new SecFlowException(Codes.RequestInvalid, $"A reason of 1 to {MostReason} characters is needed. Say why the plugin changes its state.");
        }

        if (state is PluginState.Submitted or PluginState.Enabled && PluginLife.Next(row.State).Contains(state))
        {
            var refusal = await TrustRefusalAsync(row, ct);
            var answer = state == PluginState.Submitted ? evaluator.Submission(PolicySubject.Of(row, Installed(row).Manifest), refusal).Refusal : refusal;
            await RequireAsync(actor, state == PluginState.Submitted ? "submit.plugin" : "enable.plugin", row, answer, ct);
        }

        return await MoveAsync(actor, row, state, reason, ct);
    }

    /// <summary>The approval of a submitted version: what it takes, and whether this one is enough, is the policy's answer.</summary>
    private async Task<PluginVersion> ApproveAsync(Actor actor, PluginVersion row, string reason, CancellationToken ct)
    {
        var manifest = Installed(row).Manifest;
        var typed = reason.Trim();
        var (refusal, verdict) = await TrustAsync(row, ct);
        var owner = PluginOwners.Of(verdict);
        var facts = new ApprovalFacts(actor.Person, row.FirstApprovalBy, await SignerIsNewAsync(owner, ct), await teams.CountAdministratorsAsync(ct), typed);
        var (decision, kind) = evaluator.Approval(PolicySubject.Of(row, manifest), refusal, facts);
        await RequireAsync(actor, "approve.plugin", row, decision.Refusal, ct);
        try
        {
            return await store.ApproveAsync(actor, row.Id, kind, row.FirstApprovalBy, typed, owner, Shown(manifest), ct);
        }
        catch (ConflictException e)
        {
            throw new SecFlowException(Codes.Conflict, e.Message, e);
        }
    }

    /// <summary>What the approver saw, for the audit log.</summary>
    private static JsonObject Shown(PluginManifest manifest) => new()
    {
        ["network"] = manifest.Permissions.Network.ToString().ToLowerInvariant(),
        ["hosts"] = Texts(manifest.Permissions.Hosts),
        ["targetFiles"] = manifest.Permissions.TargetFiles,
        ["secrets"] = Texts(manifest.Permissions.Secrets),
        ["resources"] = Texts(manifest.Permissions.Resources),
        ["tools"] = Texts(manifest.Tools.Select(tool => tool.Name)),
        ["intrusiveness"] = manifest.Intrusiveness.ToString().ToLowerInvariant(),
        ["minLevel"] = manifest.MinLevel.ToString(),
    };

    private static JsonArray Texts(IEnumerable<string> texts) => new([.. texts.Select(text => (JsonNode?)text)]);

    /// <summary>Whether no version of this signer was ever approved here.</summary>
    internal async Task<bool> SignerIsNewAsync(string? owner, CancellationToken ct) =>
        owner is null || !(await store.ListAsync(Guid.Empty, ct)).Any(other => other.ApprovedAt is not null && other.Owner == owner);

    /// <summary>The engine's own steps (set-up, quarantine): along the table, without a role.</summary>
    internal async Task<PluginVersion> MoveAsync(Actor actor, PluginVersion row, PluginState state, string reason, CancellationToken ct)
    {
        if (!PluginLife.Next(row.State).Contains(state))
        {
            var next = PluginLife.Next(row.State);
            throw new SecFlowException(
                Codes.Conflict,
                $"The plugin '{row.PluginId}' {row.Version} is {row.State} and cannot become {state}; {(next.Count == 0 ? "it stays so for ever" : "it can become " + string.Join(", ", next))}.");
        }

        try
        {
            return await store.ChangeStateAsync(actor, row.Id, row.State, state, reason, state == PluginState.Approved ? PluginOwners.OfKey(row.Signer) : null, ct);
        }
        catch (ConflictException e)
        {
            throw new SecFlowException(Codes.Conflict, e.Message, e);
        }
    }

    /// <summary>After a sandbox violation: the version runs no more until an administrator has looked at it.</summary>
    internal async Task QuarantineAsync(string digest, string reason, CancellationToken ct)
    {
        while (await store.FindByDigestAsync(Guid.Empty, digest, ct) is { } row && PluginLife.Next(row.State).Contains(PluginState.Quarantined))
        {
            try
            {
                await MoveAsync(Actor.System(), row, PluginState.Quarantined, reason, ct);
                return;
            }
            catch (SecFlowException e) when (e.Code == Codes.Conflict)
            {
                // another run or a person moved it in the same moment: look again at where it is now
            }
        }
    }

    /// <summary>What Trust says about the bytes of a version as they are now; null = verified, by its first signer.</summary>
    internal async Task<Diagnostic?> TrustRefusalAsync(PluginVersion row, CancellationToken ct) => (await TrustAsync(row, ct)).Refusal;

    /// <summary>The same with the verdict, which is null where the folder holds no package any more.</summary>
    internal async Task<(Diagnostic? Refusal, TrustVerdict? Verdict)> TrustAsync(PluginVersion row, CancellationToken ct)
    {
        try
        {
            var package = PluginPackage.ReadFolder(FolderOf(row));
            var verdict = await policies.VerifyAsync(package, row.PluginId, Guid.Empty, ct);
            return IdentityOf(package) != row.Digest
                ? (new Diagnostic(Codes.Tampered, $"The plugin '{row.PluginId}' {row.Version} is Tampered: expected {row.Digest}; found {package.Digest ?? "no SHA256SUMS"}. Install the package again."), null)
                : (verdict.Allowed ? await OtherOwnerAsync(Installed(row).Manifest, verdict, ct) : verdict.ToDiagnostic(row.PluginId), verdict);
        }
        catch (SecFlowException e)
        {
            return (new Diagnostic(Codes.Tampered, $"The plugin '{row.PluginId}' {row.Version} is no package any more: {e.Diagnostics[0].Message} Install the package again."), null);
        }
    }

    private async Task<Diagnostic?> OtherOwnerAsync(PluginManifest manifest, TrustVerdict verdict, CancellationToken ct) =>
        PluginOwners.Refusal(manifest, verdict, [.. (await store.ListAsync(Guid.Empty, ct)).Where(r => r is { ApprovedAt: not null, State: not PluginState.Revoked })]);

    private async Task RequireAsync(Actor actor, string action, PluginVersion row, Diagnostic? refusal, CancellationToken ct)
    {
        if (refusal is null)
        {
            return;
        }

        await audit.AppendAsync(
            new AuditEntry(actor, action, "plugin", row.Digest, $"{row.PluginId} {row.Version}")
            {
                Outcome = AuditOutcome.Denied,
                ReasonCode = refusal.Code,
                PolicyRevision = (await policies.CurrentAsync(ct)).Revision,
                Details = new JsonObject { ["rule"] = refusal.Rule, ["message"] = refusal.Message },
            },
            ct);
        throw new SecFlowException(refusal);
    }
}
