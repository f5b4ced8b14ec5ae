using Microsoft.EntityFrameworkCore;
using SecFlow.Data.Findings;
using SecFlow.Data.Runs;

namespace SecFlow.Data.Plugins;

/// <summary>Whose traces are looked for: everything that these bytes, or this signer or key, did.</summary>
/// <param name="TeamId">In which team; null = in every team.</param>
/// <param name="Text">A package digest or key fingerprint (<c>sha256:hex</c>), a signer as it is shown, the name of a key, or the identity of a certificate.</param>
public sealed record BlastQuery(Guid? TeamId, string Text)
{
    /// <summary>Most runs, findings and targets that are listed; all are counted.</summary>
    public int Take { get; init; } = 200;
}

/// <summary>A node that ran, or runs, with these bytes.</summary>
public sealed record BlastNode(NodeRun Node, Guid TeamId, string Workflow, RunStatus RunStatus, string StartedBy, string Targets);

/// <summary>A finding that rests on one of these nodes.</summary>
public sealed record BlastFinding(Guid Id, Guid TeamId, string Title, Severity Severity, FindingStatus Status, string Target, string PluginId, DateTimeOffset LastSeenAt);

/// <summary>What was touched, as it is stored.</summary>
/// <param name="Versions">Installed versions that are meant.</param>
/// <param name="Nodes">Newest first, at most <see cref="BlastQuery.Take"/>.</param>
/// <param name="NodeCount">All of them.</param>
/// <param name="RunCount">Different runs.</param>
/// <param name="Running">Nodes that run now.</param>
/// <param name="Waiting">Nodes of accepted runs that have not begun.</param>
/// <param name="Findings">Worst first, at most <see cref="BlastQuery.Take"/>.</param>
/// <param name="FindingCounts">All of them, by severity.</param>
/// <param name="Uses">Canonical audit events <c>use.broker</c> of the listed nodes: what they reached, which tools they ran, which secrets and resources they read.</param>
/// <param name="Events">Audit events about these versions, newest first: who approved, enabled, revoked.</param>
public sealed record BlastTraces(
    IReadOnlyList<PluginVersion> Versions, IReadOnlyList<BlastNode> Nodes, int NodeCount, int RunCount, int Running, int Waiting,
    IReadOnlyList<BlastFinding> Findings, IReadOnlyDictionary<Severity, int> FindingCounts, IReadOnlyList<byte[]> Uses, IReadOnlyList<Audit.AuditEvent> Events);

/// <summary>Looks through runs, findings and the audit log for what one package, signer or key touched.</summary>
public sealed class BlastRadiusStore(Database database)
{
    private static readonly string[] _lifeOf = ["approve.plugin", "enable.plugin", "disable.plugin", "revoke.plugin", "quarantine.plugin", "reject.plugin", "request-changes.plugin", "submit.plugin", "discover.plugin", "end.plugin"];

    public Task<BlastTraces> FindAsync(BlastQuery query, CancellationToken ct = default) => database.ReadAsync(
        async db =>
        {
            var versions = await Versions(db, query).OrderBy(v => v.PluginId).ThenByDescending(v => v.DiscoveredAt).ToListAsync(ct);
            var digests = versions.Select(v => v.Digest).ToList();
            var meant = Meant(db, query, digests);
            var touched = meant.Where(n => n.Signer != null);
            var rows = await touched.Join(db.Runs, n => n.RunId, r => r.Id, (n, r) => new { Node = n, Run = r })
                .OrderByDescending(x => x.Node.StartedAt).ThenByDescending(x => x.Node.Id).Take(query.Take).ToListAsync(ct);
            var findings = db.Occurrences.Where(o => touched.Any(n => n.Id == o.NodeRunId)).Select(o => o.FindingId).Distinct().Join(db.Findings, id => id, f => f.Id, (_, f) => f);
            var counts = await findings.GroupBy(f => f.Severity).Select(g => new { g.Key, Count = g.Count() }).ToDictionaryAsync(g => g.Key, g => g.Count, ct);
            var listed = await findings.OrderByDescending(f => f.Severity).ThenByDescending(f => f.LastSeenAt).Take(query.Take)
                .Select(f => new BlastFinding(f.Id, f.TeamId, f.Title, f.Severity, f.Status, f.Target, f.PluginId, f.LastSeenAt)).ToListAsync(ct);
            var resources = rows.Select(x => $"{x.Node.RunId}/{x.Node.NodeId}").ToList();
            return new BlastTraces(
                versions,
                [.. rows.Select(x => new BlastNode(x.Node, x.Run.TeamId, x.Run.WorkflowName, x.Run.Status, x.Run.StartedByName, x.Run.Targets))],
                await touched.CountAsync(ct),
                await touched.Select(n => n.RunId).Distinct().CountAsync(ct),
                await touched.CountAsync(n => n.Status == NodeStatus.Running, ct),
                await meant.CountAsync(n => n.Status == NodeStatus.Pending && db.Runs.Any(r => r.Id == n.RunId && (r.Status == RunStatus.Queued || r.Status == RunStatus.Running)), ct),
                listed,
                counts,
                await db.AuditEvents.Where(e => e.Action == "use.broker" && resources.Contains(e.ResourceId)).OrderByDescending(e => e.Seq).Select(e => e.Canonical).ToListAsync(ct),
                await db.AuditEvents.Where(e => _lifeOf.Contains(e.Action) && digests.Contains(e.ResourceId) && (query.TeamId == null || e.TeamId == null || e.TeamId == query.TeamId))
                    .OrderByDescending(e => e.Seq).Take(query.Take).ToListAsync(ct));
        },
        ct);

    /// <summary>How a signer begins: <c>key NAME (fingerprint)</c>, <c>workflow by issuer (ref)</c>.</summary>
    private static (string Text, string Key, string Fingerprint, string Issuer) Starts(BlastQuery query) => (query.Text, $"key {query.Text} (", query.Text + " (", query.Text + " by ");

    private static IQueryable<PluginVersion> Versions(SecFlowContext db, BlastQuery query)
    {
        var (text, key, fingerprint, issuer) = Starts(query);
        var visible = db.PluginVersions.Where(v => query.TeamId == null || v.TeamId == Guid.Empty || v.TeamId == query.TeamId);
        return visible.Where(v => v.Digest == text || (v.Signer != null && (v.Signer == text || v.Signer.Substring(0, key.Length) == key || v.Signer.Substring(0, fingerprint.Length) == fingerprint || v.Signer.Substring(0, issuer.Length) == issuer))
            || db.NodeRuns.Any(n => n.PluginDigest == v.Digest && (n.SignerKey == text || n.SignerIdentity == text)));
    }

    /// <summary>Nodes with these bytes, or of this signer; of a node that has not begun nobody knows the signer, so its bytes decide.</summary>
    private static IQueryable<NodeRun> Meant(SecFlowContext db, BlastQuery query, List<string> digests)
    {
        var (text, key, fingerprint, issuer) = Starts(query);
        var nodes = db.NodeRuns.Where(n => query.TeamId == null || n.TeamId == query.TeamId);
        return nodes.Where(n => n.PluginDigest == text || n.SignerKey == text || n.SignerIdentity == text
            || (n.Signer != null && (n.Signer == text || n.Signer.Substring(0, key.Length) == key || n.Signer.Substring(0, fingerprint.Length) == fingerprint || n.Signer.Substring(0, issuer.Length) == issuer))
            || (n.Signer == null && digests.Contains(n.PluginDigest)));
    }
}
