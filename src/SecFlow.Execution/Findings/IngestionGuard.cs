using System.Diagnostics;
using System.Text.Json.Nodes;
using SecFlow.Data.Audit;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Policies;
using SecFlow.Execution.Runs;

namespace SecFlow.Execution.Findings;

/// <summary>The policy at the door through which a plugin's words become records (enforcement point 7): counts, and audits what it refuses.</summary>
internal sealed class IngestionGuard
{
    private readonly PolicyEvaluator _policy;
    private readonly AuditLog _audit;
    private readonly RefusalLog _refusals;
    private readonly Func<string, AuditEntry> _entry;

    public IngestionGuard(PolicyEvaluator policy, AuditLog audit, RunContext context, string nodeId, PluginProvenance provenance)
    {
        _entry = action => new AuditEntry(context.Actor, action, "node", $"{context.Run.Id}/{nodeId}", $"{provenance.PluginId} {provenance.Version}")
        {
            PolicyRevision = provenance.PolicyRevision,
            ScopeRevision = context.Run.ScopeRevision,
            TraceId = Activity.Current?.TraceId.ToString(),
        };
        (_policy, _audit, _refusals) = (policy, audit, new RefusalLog(audit, _entry));
    }

    /// <summary>A batch was accepted: one decision.</summary>
    public void Accepted(int records)
    {
        if (records > 0)
        {
            _policy.Ingestion(null);
        }
    }

    /// <summary>A record is refused.</summary>
    public async ValueTask RefuseAsync(Diagnostic refusal, string port) => await _refusals.AddAsync("refuse.record", _policy.Ingestion(refusal).Refusal!, port);

    /// <summary>Writes the counts: of refusals beyond the first ones, and of records that were kept as out of scope.</summary>
    public async Task FinishAsync(IReadOnlyDictionary<string, int> outOfScope)
    {
        await _refusals.FinishAsync();
        if (outOfScope.Count > 0)
        {
            await _audit.AppendAsync(_entry("mark.out-of-scope") with { Details = new JsonObject(outOfScope.Select(one => KeyValuePair.Create(one.Key, (JsonNode?)one.Value))) }, CancellationToken.None);
        }
    }
}
