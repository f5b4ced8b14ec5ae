using SecFlow.Data.Targets;

namespace SecFlow.Execution.Runs;

/// <summary>
/// What was looked up for one acceptance, or for one batch of them: each question is asked once, and all of them are answered as of the same moment.
/// Lives as long as the batch (well below a second); nothing in it outlasts the transaction that it leads to.
/// </summary>
public sealed class StartFacts
{
    private readonly Dictionary<object, object?> _known = [];
    private readonly Dictionary<Guid, Target> _targets = [];

    /// <summary>The answer to a question, asked at its first use.</summary>
    public async Task<T> OnceAsync<T>(object question, Func<Task<T>> ask)
    {
        if (_known.TryGetValue(question, out var known))
        {
            return (T)known!;
        }

        var answer = await ask();
        _known[question] = answer;
        return answer;
    }

    /// <summary>The team's targets of these ids that exist.</summary>
    public async Task<Dictionary<Guid, Target>> TargetsAsync(TargetStore targets, Guid teamId, IReadOnlyList<Guid> ids, CancellationToken ct)
    {
        var missing = ids.Where(id => !_targets.ContainsKey(id)).ToList();
        if (missing.Count > 0)
        {
            foreach (var row in await targets.FindManyAsync(teamId, missing, ct))
            {
                _targets[row.Id] = row;
            }
        }

        return ids.Where(id => _targets.TryGetValue(id, out var row) && row.TeamId == teamId).Distinct().ToDictionary(id => id, id => _targets[id]);
    }
}
