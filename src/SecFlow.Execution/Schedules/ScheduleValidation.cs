using SecFlow.Data.Audit;
using SecFlow.Data.Targets;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Targets;

namespace SecFlow.Execution.Schedules;

/// <summary>A schedule that was found valid.</summary>
/// <param name="Tags">In their one spelling.</param>
/// <param name="TargetIds">What it would look at now: named ones and those that have a tag.</param>
/// <param name="Firings">Its next times, at least one.</param>
public sealed record ValidSchedule(string Tags, IReadOnlyList<Guid> TargetIds, IReadOnlyList<DateTimeOffset> Firings);

/// <summary>What can be wrong with a schedule before any policy is asked. Everything at once (SF1301), each with its path.</summary>
public sealed class ScheduleValidation(TargetStore targets, TimeProvider time)
{
    public const int MostName = 100;
    private const int MostParameters = 50_000;

    public async Task<ValidSchedule> RequireAsync(Actor actor, NewSchedule schedule, CancellationToken ct)
    {
        var problems = new List<Diagnostic>();
        if (string.IsNullOrWhiteSpace(schedule.Name) || schedule.Name.Trim().Length > MostName)
        {
            problems.Add(Wrong("name", $"A schedule has a name of 1 to {MostName} characters."));
        }

        var firings = Firings(schedule, problems);
        if (schedule.Priority is < 0 or > 9)
        {
            problems.Add(Wrong("priority", $"The priority {schedule.Priority} is out of range: expected 0 (lowest) to 9."));
        }

        if (schedule.Parameters.ToJsonString().Length > MostParameters)
        {
            problems.Add(Wrong("parameters", $"The parameters are longer than {MostParameters} characters."));
        }

        var (tags, ids) = await TargetsAsync(actor, schedule, problems, ct);
        return problems.Count == 0 ? new ValidSchedule(tags, ids, firings) : throw new SecFlowException(problems);
    }

    private IReadOnlyList<DateTimeOffset> Firings(NewSchedule schedule, List<Diagnostic> problems)
    {
        var now = time.GetUtcNow();
        if (ScheduleRule.TryRead(schedule.Spec, Guid.Empty, now, problems) is not { } rule)
        {
            return [];
        }

        var firings = rule.Next(now, ScheduleGate.Firings);
        if (firings.Count == 0)
        {
            problems.Add(rule switch
            {
                OnceRule => Wrong("runAt", $"{rule.Words} is over. Choose a time in the future."),
                _ when schedule.EndsAt <= now => Wrong("endsAt", $"The end ({schedule.EndsAt:u}) is over. Choose a later one, or none."),
                CronRule => Wrong("cron", $"The rule '{schedule.Cron}' never fires again{(schedule.EndsAt is null ? "" : " before its end")}. Choose a time in the future."),
                _ => Wrong("endsAt", "The rule does not fire before its end. Choose a later one, or none."),
            });
        }

        return firings;
    }

    private async Task<(string Tags, IReadOnlyList<Guid> Ids)> TargetsAsync(Actor actor, NewSchedule schedule, List<Diagnostic> problems, CancellationToken ct)
    {
        var found = new List<Diagnostic>();
        var tags = TargetValidation.ReadTags(string.Join(' ', schedule.TargetTags), found);
        problems.AddRange(found.Select(problem => problem with { Code = Codes.ScheduleInvalid }));
        var wanted = schedule.TargetIds.Distinct().ToList();
        var empty = wanted.Count == 0 && schedule.TargetTags.All(string.IsNullOrWhiteSpace);
        var named = await targets.FindManyAsync(actor.TeamId, wanted, ct);
        if (empty || named.Count(t => t.ArchivedAt is null) != wanted.Count)
        {
            problems.Add(Wrong("targets", empty ? "A schedule needs at least one target or tag." : "Some of the targets do not exist in this team (any more)."));
        }

        var words = tags.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var tagged = words.Length == 0 ? [] : (await targets.ListAsync(actor.TeamId, ct: ct)).Where(row => row.Tags.Split(' ').Intersect(words, StringComparer.Ordinal).Any()).Select(row => row.Id);
        return (tags, [.. wanted.Concat(tagged).Distinct()]);
    }

    private static Diagnostic Wrong(string path, string message) => new(Codes.ScheduleInvalid, message) { Path = path };
}
