using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using SecFlow.Data.Audit;

namespace SecFlow.Data.Plugins;

/// <summary>What a verification found.</summary>
/// <param name="TrustState"><c>Verified</c>, <c>Unsigned</c>, ... as in <see cref="PluginVersion.TrustState"/>.</param>
/// <param name="Signer">Who signed, as people know it; null when nobody is known.</param>
/// <param name="TrustRule">Rule of the trust policy that accepted it; null when none did.</param>
public sealed record PluginVerification(string TrustState, string? Signer, string? TrustRule);

/// <summary>Plugin versions. A team sees the installation's and its own, never those of another team.</summary>
public sealed partial class PluginStore(Database database)
{
    /// <summary>Every version that the team can see, by id, newest discovery first.</summary>
    public async Task<IReadOnlyList<PluginVersion>> ListAsync(Guid teamId, CancellationToken ct = default) => await database.ReadAsync(
        db => Visible(db, teamId).OrderBy(row => row.PluginId).ThenByDescending(row => row.DiscoveredAt).ToListAsync(ct), ct);

    public Task<PluginVersion?> FindAsync(Guid teamId, Guid id, CancellationToken ct = default) =>
        database.ReadAsync(db => Visible(db, teamId).SingleOrDefaultAsync(row => row.Id == id, ct), ct);

    /// <summary>The version with this package digest; the team's own before the installation's.</summary>
    public Task<PluginVersion?> FindByDigestAsync(Guid teamId, string digest, CancellationToken ct = default) => database.ReadAsync(
        db => Visible(db, teamId).Where(row => row.Digest == digest).OrderByDescending(row => row.TeamId == teamId).FirstOrDefaultAsync(ct), ct);

    /// <summary>Enabled versions with this id or alias, in no order; the caller chooses by version. Of an id that is pinned, the pinned one only.</summary>
    public async Task<IReadOnlyList<PluginVersion>> FindEnabledAsync(Guid teamId, string idOrAlias, CancellationToken ct = default)
    {
        var enabled = await database.ReadAsync(
            db => Visible(db, teamId)
                .Where(row => row.State == PluginState.Enabled && (row.PluginId == idOrAlias || row.Aliases.Contains(idOrAlias)))
                .Where(row => !db.PluginPins.Any(pin => pin.PluginId == row.PluginId && pin.Digest != row.Digest))
                .ToListAsync(ct),
            ct);
        return [.. enabled.Where(row => row.PluginId == idOrAlias || row.Aliases.Split(' ').Contains(idOrAlias, StringComparer.Ordinal))];
    }

    /// <summary>Stores a version that was not known; sets id and time of discovery. Throws <see cref="ConflictException"/> when its digest is known.</summary>
    public Task<PluginVersion> AddAsync(Actor actor, PluginVersion version, CancellationToken ct = default) => database.WriteAsync(
        write =>
        {
            version.Id = Guid.CreateVersion7(write.Now);
            version.DiscoveredAt = write.Now;
            write.Db.PluginVersions.Add(version);
            write.Audit(Entry(actor, "discover.plugin", version) with { After = Describe(version) });
            return Task.FromResult(version);
        },
        ct);

    /// <summary>
    /// Moves a version along its life, when it still is in <paramref name="from"/>. Throws <see cref="ConflictException"/> when it is not, or when it is not visible to
    /// the actor's team. Whether the step is allowed at all is decided by the registry.
    /// </summary>
    /// <param name="actor">Who moves it.</param>
    /// <param name="id">Which version.</param>
    /// <param name="from">Where it is.</param>
    /// <param name="to">Where it goes.</param>
    /// <param name="reason">Why, in words.</param>
    /// <param name="owner">Towards Approved: whose signature it has.</param>
    /// <param name="ct">Cancels before the commit.</param>
    public Task<PluginVersion> ChangeStateAsync(Actor actor, Guid id, PluginState from, PluginState to, string reason, string? owner = null, CancellationToken ct = default) => database.WriteAsync(
        async write =>
        {
            var version = await Visible(write.Db, actor.TeamId).SingleOrDefaultAsync(row => row.Id == id, ct);
            if (version is null || version.State != from)
            {
                throw new ConflictException(version is null ? "There is no such plugin version." : $"The plugin is {version.State} now, no longer {from}. Look at it again.");
            }

            Move(write, actor, version, to, reason, owner);
            return version;
        },
        ct);

    /// <summary>
    /// Approves a submitted version, or keeps the first of two approvals, whatever was shown to the approver in the event. Throws <see cref="ConflictException"/> when it is not submitted
    /// any more, or when another first approval came in between.
    /// </summary>
    /// <param name="actor">Who approves.</param>
    /// <param name="id">Which version.</param>
    /// <param name="kind">What the policy made of it.</param>
    /// <param name="firstBy">The first approver that the decision was made with.</param>
    /// <param name="reason">In the approver's words.</param>
    /// <param name="owner">Whose signature it has, for <see cref="PluginVersion.Owner"/>.</param>
    /// <param name="shown">The permissions that the approver saw.</param>
    /// <param name="ct">Cancels before the commit.</param>
    public Task<PluginVersion> ApproveAsync(Actor actor, Guid id, ApprovalKind kind, string? firstBy, string reason, string? owner, JsonObject shown, CancellationToken ct = default) => database.WriteAsync(
        async write =>
        {
            var version = await Visible(write.Db, actor.TeamId).SingleOrDefaultAsync(row => row.Id == id, ct);
            if (version is null || version.State != PluginState.Submitted || version.FirstApprovalBy != firstBy)
            {
                throw new ConflictException(version is null ? "There is no such plugin version." : $"The plugin is {version.State} now, or somebody else approved it in the same moment. Look at it again.");
            }

            var before = Describe(version);
            if (kind == ApprovalKind.First)
            {
                (version.FirstApprovalBy, version.FirstApprovalAt, version.StateReason) = (actor.Person, write.Now, $"approved by {actor.Person}; waits for a second person");
            }
            else
            {
                (version.State, version.StateReason, version.ApprovedBy, version.ApprovedAt) = (PluginState.Approved, reason, actor.Person, write.Now);
                (version.Approval, version.ApprovalReason, version.Owner) = (kind, reason, owner);
            }

            Remember(write, actor, version, kind == ApprovalKind.First ? null : PluginState.Approved, reason.Length > 0 ? reason : "approved");
            write.Audit(Entry(actor, "approve.plugin", version) with
            {
                Before = before,
                After = Describe(version),
                Details = new JsonObject { ["approval"] = kind.ToString().ToLowerInvariant(), ["first"] = version.FirstApprovalBy, ["reason"] = reason, ["permissions"] = shown },
            });
            return version;
        },
        ct);

    /// <summary>Keeps the result of a verification; audited when it differs from the one before.</summary>
    public Task<PluginVersion?> RecordVerificationAsync(Actor actor, Guid id, PluginVerification result, CancellationToken ct = default) => database.WriteAsync(
        async write =>
        {
            var version = await write.Db.PluginVersions.SingleOrDefaultAsync(row => row.Id == id, ct);
            if (version is null)
            {
                return null;
            }

            var before = Describe(version);
            var changed = version.TrustState != result.TrustState || version.Signer != result.Signer || version.TrustRule != result.TrustRule;
            (version.TrustState, version.Signer, version.TrustRule) = result;
            version.VerifiedAt = write.Now;
            if (changed)
            {
                write.Audit(Entry(actor, "verify.plugin", version) with { Before = before, After = Describe(version) });
            }

            return version;
        },
        ct);

    /// <summary>One step of a version's life within a write: state, who submitted or approved, history, event.</summary>
    private static void Move(Write write, Actor actor, PluginVersion version, PluginState to, string reason, string? owner = null)
    {
        var (before, from) = (Describe(version), version.State);
        (version.State, version.StateReason) = (to, reason);
        if (to == PluginState.Approved)
        {
            (version.ApprovedBy, version.ApprovedAt, version.Owner) = (actor.Person, write.Now, owner);
        }
        else if (to == PluginState.Submitted)
        {
            (version.SubmittedBy, version.SubmittedAt) = (actor.Person, write.Now);
        }
        else if (from == PluginState.Submitted)
        {
            (version.FirstApprovalBy, version.FirstApprovalAt) = (null, null);
        }

        Remember(write, actor, version, to, reason);
        write.Audit(Entry(actor, $"{Verb(to)}.plugin", version) with { Before = before, After = Describe(version) });
    }

    private static void Remember(Write write, Actor actor, PluginVersion version, PluginState? state, string text) => write.Db.PluginComments.Add(new PluginComment
    {
        Id = Guid.CreateVersion7(write.Now),
        PluginVersionId = version.Id,
        At = write.Now,
        Author = actor.Person,
        State = state,
        Text = text,
    });

    private static IQueryable<PluginVersion> Visible(SecFlowContext db, Guid teamId) =>
        db.PluginVersions.Where(row => row.TeamId == teamId || row.TeamId == Guid.Empty);

    private static AuditEntry Entry(Actor actor, string action, PluginVersion version) =>
        new(actor, action, "plugin", version.Digest, $"{version.PluginId} {version.Version}");

    private static string Verb(PluginState to) => to switch
    {
        PluginState.Submitted => "submit",
        PluginState.ChangesRequested => "request-changes",
        PluginState.Rejected => "reject",
        PluginState.Approved => "approve",
        PluginState.Enabled => "enable",
        PluginState.Disabled => "disable",
        PluginState.Quarantined => "quarantine",
        PluginState.Revoked => "revoke",
        _ => "discover",
    };

    private static JsonObject Describe(PluginVersion version) => new()
    {
        ["digest"] = version.Digest,
        ["state"] = version.State.ToString(),
        ["reason"] = version.StateReason,
        ["trust"] = version.TrustState,
        ["signer"] = version.Signer,
        ["rule"] = version.TrustRule,
    };
}
