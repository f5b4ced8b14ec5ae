using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using SecFlow.Data.Audit;

namespace SecFlow.Data.Plugins;

// Submission, review, pins and the way back to an older version.
public sealed partial class PluginStore
{
    /// <summary>
    /// Stores a version as Submitted: a new one, or one with the same digest that waits (Discovered, ChangesRequested, Rejected). Others of the same id and version that wait are Rejected as replaced.
    /// Throws <see cref="ConflictException"/> when the version is anything else by now.
    /// </summary>
    public Task<PluginVersion> SubmitAsync(Actor actor, PluginVersion version, string note, CancellationToken ct = default) => database.WriteAsync(
        async write =>
        {
            var same = await write.Db.PluginVersions.Where(row => row.TeamId == version.TeamId && row.PluginId == version.PluginId && row.Version == version.Version).ToListAsync(ct);
            if (same.FirstOrDefault(row => !Waits(row.State)) is { } taken)
            {
                throw new ConflictException($"The version is {taken.State} now. Look at it again.");
            }

            var known = same.FirstOrDefault(row => row.Digest == version.Digest);
            foreach (var replaced in same.Where(row => row != known && row.State != PluginState.Rejected))
            {
                Move(write, actor, replaced, PluginState.Rejected, $"replaced by {version.Digest}");
            }

            if (known is null)
            {
                version.Id = Guid.CreateVersion7(write.Now);
                (version.DiscoveredAt, version.State) = (write.Now, PluginState.Discovered);
                write.Db.PluginVersions.Add(version);
                known = version;
            }
            else
            {
                (known.Folder, known.TrustState, known.Signer, known.TrustRule) = (version.Folder, version.TrustState, version.Signer, version.TrustRule);
            }

            known.VerifiedAt = write.Now;
            Move(write, actor, known, PluginState.Submitted, note);
            return known;
        },
        ct);

    /// <summary>Versions that somebody uploaded and nobody has approved yet, by this person.</summary>
    public Task<int> CountWaitingAsync(string person, CancellationToken ct = default) => database.ReadAsync(
        db => db.PluginVersions.CountAsync(row => row.SubmittedBy == person && (row.State == PluginState.Submitted || row.State == PluginState.ChangesRequested || row.State == PluginState.Rejected), ct), ct);

    /// <summary>Adds a remark to a version's review. Throws <see cref="ConflictException"/> when the actor's team sees no such version.</summary>
    public Task<PluginComment> CommentAsync(Actor actor, Guid versionId, string text, CancellationToken ct = default) => database.WriteAsync(
        async write =>
        {
            var version = await Visible(write.Db, actor.TeamId).SingleOrDefaultAsync(row => row.Id == versionId, ct) ?? throw new ConflictException("There is no such plugin version.");
            Remember(write, actor, version, null, text);
            write.Audit(Entry(actor, "comment.plugin", version) with { Details = new JsonObject { ["text"] = text } });
            return write.Db.PluginComments.Local.Single();
        },
        ct);

    /// <summary>The review of a version, oldest first.</summary>
    public async Task<IReadOnlyList<PluginComment>> ListCommentsAsync(Guid versionId, CancellationToken ct = default) => await database.ReadAsync(
        db => db.PluginComments.Where(row => row.PluginVersionId == versionId).OrderBy(row => row.At).ThenBy(row => row.Id).ToListAsync(ct), ct);

    /// <summary>Every pin of the installation.</summary>
    public async Task<IReadOnlyList<PluginPin>> ListPinsAsync(CancellationToken ct = default) => await database.ReadAsync(db => db.PluginPins.OrderBy(row => row.PluginId).ToListAsync(ct), ct);

    /// <summary>Pins an id to a version, in place of an older pin.</summary>
    public Task<PluginPin> PinAsync(Actor actor, PluginVersion version, string reason, CancellationToken ct = default) => database.WriteAsync(
        async write => await PinAsync(write, actor, version, reason, ct), ct);

    /// <summary>Takes the pin of an id away. False when it has none.</summary>
    public Task<bool> UnpinAsync(Actor actor, string pluginId, string reason, CancellationToken ct = default) => database.WriteAsync(
        async write =>
        {
            if (await write.Db.PluginPins.SingleOrDefaultAsync(row => row.PluginId == pluginId, ct) is not { } pin)
            {
                return false;
            }

            write.Db.PluginPins.Remove(pin);
            write.Audit(new AuditEntry(actor, "unpin.plugin", "plugin", pin.Digest, $"{pin.PluginId} {pin.Version}") { Before = Describe(pin), Details = new JsonObject { ["reason"] = reason } });
            return true;
        },
        ct);

    /// <summary>
    /// Enables <paramref name="back"/> and disables <paramref name="newer"/>, all at once; a pin of the id moves to it. Throws <see cref="ConflictException"/> when one of them is not where it was.
    /// </summary>
    public Task<PluginVersion> RollBackAsync(Actor actor, PluginVersion back, IReadOnlyList<PluginVersion> newer, string reason, CancellationToken ct = default) => database.WriteAsync(
        async write =>
        {
            foreach (var seen in newer.Append(back))
            {
                var row = await Visible(write.Db, actor.TeamId).SingleOrDefaultAsync(r => r.Id == seen.Id, ct);
                if (row is null || row.State != seen.State)
                {
                    throw new ConflictException($"{seen.PluginId} {seen.Version} is no longer {seen.State}. Look at it again.");
                }

                var to = seen.Id == back.Id ? PluginState.Enabled : PluginState.Disabled;
                if (row.State != to)
                {
                    Move(write, actor, row, to, to == PluginState.Enabled ? reason : $"rolled back to {back.Version}: {reason}");
                }
            }

            if (await write.Db.PluginPins.AnyAsync(pin => pin.PluginId == back.PluginId && pin.Digest != back.Digest, ct))
            {
                await PinAsync(write, actor, back, reason, ct);
            }

            return (await write.Db.PluginVersions.SingleAsync(row => row.Id == back.Id, ct))!;
        },
        ct);

    /// <summary>States in which nobody has decided for a version yet, so that other bytes may take its place.</summary>
    public static bool Waits(PluginState state) => state is PluginState.Discovered or PluginState.ChangesRequested or PluginState.Rejected;

    private static async Task<PluginPin> PinAsync(Write write, Actor actor, PluginVersion version, string reason, CancellationToken ct)
    {
        var pin = await write.Db.PluginPins.SingleOrDefaultAsync(row => row.PluginId == version.PluginId, ct);
        var before = pin is null ? null : Describe(pin);
        if (pin is null)
        {
            pin = new PluginPin { Id = Guid.CreateVersion7(write.Now), PluginId = version.PluginId };
            write.Db.PluginPins.Add(pin);
        }

        (pin.Version, pin.Digest, pin.Reason, pin.PinnedBy, pin.PinnedAt) = (version.Version, version.Digest, reason, actor.Person, write.Now);
        write.Audit(Entry(actor, "pin.plugin", version) with { Before = before, After = Describe(pin) });
        return pin;
    }

    private static JsonObject Describe(PluginPin pin) => new() { ["digest"] = pin.Digest, ["version"] = pin.Version, ["reason"] = pin.Reason };
}
