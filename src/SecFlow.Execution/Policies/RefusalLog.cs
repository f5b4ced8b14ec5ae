using System.Text.Json.Nodes;
using SecFlow.Data.Audit;
using SecFlow.Execution.Diagnostics;

namespace SecFlow.Execution.Policies;

/// <summary>
/// Refusals of one piece of work (broker calls, records), audited (contracts 5): of equal ones the first <see cref="Audited"/>, then their count at the end.
/// Who is refused chooses what is said: of many different ones only the first <see cref="Different"/> get a count of their own.
/// </summary>
/// <param name="audit">Where events go; null = they are only counted (a plugin under development belongs to no installation).</param>
/// <param name="entry">An event of the work with this action.</param>
internal sealed class RefusalLog(AuditLog? audit, Func<string, AuditEntry> entry)
{
    public const int Audited = 20;

    public const int Different = 100;

    private readonly Dictionary<string, (string Action, string Code, int Count)> _equal = new(StringComparer.Ordinal);

    public int Count { get; private set; }

    /// <summary>Records a refusal; true while it is one of the first of its kind.</summary>
    /// <param name="action">Action of the event, such as <c>refuse.http</c>.</param>
    /// <param name="refusal">Code, rule and words.</param>
    /// <param name="what">What was refused; together with the code it makes refusals equal.</param>
    public async Task<bool> AddAsync(string action, Diagnostic refusal, string what)
    {
        Count++;
        var key = _equal.Count < Different ? $"{action} {refusal.Code} {what}" : $"{action} {refusal.Code} others";
        var count = _equal.TryGetValue(key, out var before) ? before.Count + 1 : 1;
        _equal[key] = (action, refusal.Code, count);
        if (count > Audited)
        {
            return false;
        }

        if (audit is not null)
        {
            var details = new JsonObject { ["what"] = what, ["rule"] = refusal.Rule, ["message"] = refusal.Message };

            // A work that is killed at this moment was refused all the same.
            await audit.AppendAsync(entry(action) with { Outcome = AuditOutcome.Denied, ReasonCode = refusal.Code, Details = details }, CancellationToken.None);
        }

        return true;
    }

    /// <summary>Writes the counts of what was not audited one by one.</summary>
    public async Task FinishAsync()
    {
        foreach (var (key, (_, code, count)) in _equal.Where(one => one.Value.Count > Audited))
        {
            if (audit is not null)
            {
                var details = new JsonObject { ["calls"] = count, ["audited"] = Audited, ["what"] = key };
                await audit.AppendAsync(entry("refuse.calls") with { Outcome = AuditOutcome.Denied, ReasonCode = code, Details = details }, CancellationToken.None);
            }
        }
    }
}
