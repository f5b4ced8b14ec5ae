using System.Globalization;
using System.Text.Json.Nodes;
using SecFlow.Data.Schedules;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Schedules;

namespace SecFlow.Portal.Components.Schedules;

/// <summary>How often, in plain language; each but the last writes the cron expression, or has none.</summary>
public enum Often
{
    Weekly,
    Daily,
    Weekdays,
    Monthly,
    Hourly,
    Interval,
    Once,
    Own,
}

/// <summary>What the form of a schedule holds.</summary>
public sealed class ScheduleForm
{
    public static readonly IReadOnlyList<string> Weekdays = ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"];

    private static readonly CultureInfo _culture = CultureInfo.InvariantCulture;

    // Stored instants by path, each with the text and the zone that stand for it. A wall clock says less than an instant: no ticks, and of an hour that comes twice not which.
    private readonly Dictionary<string, (string Text, string Zone, DateTimeOffset At)> _stored = new(StringComparer.Ordinal);

    public string Name { get; set; } = "";

    public Guid? WorkflowId { get; set; }

    public Often Often { get; set; } = Often.Weekly;

    public string Time { get; set; } = "06:00";

    public HashSet<string> Days { get; } = ["MON"];

    /// <summary>1..31, or L for the last.</summary>
    public string MonthDay { get; set; } = "1";

    public int Minute { get; set; }

    public int Every { get; set; } = 6;

    /// <summary>Seconds of the unit of <see cref="Every"/>.</summary>
    public int Unit { get; set; } = 3600;

    public string RunAt { get; set; } = "";

    public string Cron { get; set; } = "0 0 6 ? * MON";

    public string Zone { get; set; } = "UTC";

    public string StartsAt { get; set; } = "";

    public string EndsAt { get; set; } = "";

    public int JitterSeconds { get; set; }

    public MisfirePolicy Misfire { get; set; }

    public OverlapPolicy Overlap { get; set; }

    public int Priority { get; set; } = 5;

    public HashSet<Guid> Targets { get; } = [];

    public string Tags { get; set; } = "";

    public Dictionary<string, string> Parameters { get; } = new(StringComparer.Ordinal);

    public ScheduleKind Kind => Often switch { Often.Interval => ScheduleKind.Interval, Often.Once => ScheduleKind.Once, _ => ScheduleKind.Cron };

    public string[] TagList => Tags.Split([' ', ','], StringSplitOptions.RemoveEmptyEntries);

    /// <summary>A form that holds a stored schedule. Its cron expression stays as it is, under the words that it has, or as an own one.</summary>
    public static ScheduleForm Of(Schedule row)
    {
        ArgumentNullException.ThrowIfNull(row);
        var zone = TimeZoneInfo.TryFindSystemTimeZoneById(row.Zone, out var info) ? info : TimeZoneInfo.Utc;
        var form = new ScheduleForm
        {
            Name = row.Name,
            WorkflowId = row.WorkflowId,
            Cron = row.Kind == ScheduleKind.Cron ? row.Cron : "0 0 6 ? * MON",
            Zone = row.Zone,
            JitterSeconds = row.JitterSeconds,
            Misfire = row.Misfire,
            Overlap = row.Overlap,
            Priority = row.Priority,
            Tags = row.TargetTags,
        };
        string Wall(string path, DateTimeOffset? stored)
        {
            if (stored is not { } at)
            {
                return "";
            }

            var wall = TimeZoneInfo.ConvertTime(at, zone);
            var text = wall.ToString(wall.Second == 0 ? "yyyy-MM-dd'T'HH:mm" : "yyyy-MM-dd'T'HH:mm:ss", _culture);
            form._stored[path] = (text, row.Zone, at);
            return text;
        }

        (form.RunAt, form.StartsAt, form.EndsAt) = (Wall("runAt", row.RunAt), Wall("startsAt", row.StartsAt), Wall("endsAt", row.EndsAt));
        form.Targets.UnionWith(ScheduleTargets.IdsOf(row));
        foreach (var (name, value) in ScheduleTargets.ParametersOf(row))
        {
            form.Parameters[name] = value is JsonValue text && text.TryGetValue<string>(out var words) ? words : value?.ToJsonString() ?? "";
        }

        form.Often = row.Kind switch { ScheduleKind.Interval => Often.Interval, ScheduleKind.Once => Often.Once, _ => Often.Own };
        if (row.IntervalSeconds is { } seconds)
        {
            form.Unit = new[] { 86_400, 3600, 60 }.FirstOrDefault(unit => seconds % unit == 0, 1);
            form.Every = seconds / form.Unit;
        }

        return form;
    }

    /// <summary>Writes the cron expression that the words mean; what a person typed stays.</summary>
    public void Spell()
    {
        var (hour, minute) = TimeOnly.TryParseExact(Time, "HH:mm", _culture, DateTimeStyles.None, out var time) ? (time.Hour, time.Minute) : (6, 0);
        var days = string.Join(',', Weekdays.Where(Days.Contains));
        Cron = Often switch
        {
            Often.Weekly => $"0 {minute} {hour} ? * {(days.Length == 0 ? "MON" : days)}",
            Often.Daily => $"0 {minute} {hour} * * ?",
            Often.Weekdays => $"0 {minute} {hour} ? * MON-FRI",
            Often.Monthly => $"0 {minute} {hour} {MonthDay} * ?",
            Often.Hourly => $"0 {Math.Clamp(Minute, 0, 59)} * * * ?",
            _ => Cron,
        };
    }

    public void Toggle(Guid id)
    {
        if (!Targets.Remove(id))
        {
            Targets.Add(id);
        }
    }

    public void Toggle(string day)
    {
        if (!Days.Remove(day))
        {
            Days.Add(day);
        }

        Spell();
    }

    /// <summary>Lets go of values of parameters that the workflow does not declare: no field shows them, and they are refused when it is saved. Returns their names.</summary>
    public IReadOnlyList<string> KeepDeclared(IReadOnlyCollection<string> declared)
    {
        var gone = Parameters.Keys.Where(name => !declared.Contains(name)).Order(StringComparer.Ordinal).ToList();
        var told = gone.Where(name => Parameters[name].Length > 0).ToList();
        gone.ForEach(name => Parameters.Remove(name));
        return told;
    }

    public ScheduleSpec ToSpec(ICollection<Diagnostic> problems) => new()
    {
        Kind = Kind,
        Cron = Cron,
        IntervalSeconds = Kind == ScheduleKind.Interval ? (int)Math.Clamp((long)Every * Unit, 0, int.MaxValue) : null,
        RunAt = Kind == ScheduleKind.Once ? Moment(RunAt, "runAt", problems) : null,
        Zone = Zone,
        JitterSeconds = JitterSeconds,
        StartsAt = Moment(StartsAt, "startsAt", problems),
        EndsAt = Moment(EndsAt, "endsAt", problems),
    };

    // What nobody edited stays the instant that is stored; in another zone the same text is another one.
    private DateTimeOffset? Moment(string text, string path, ICollection<Diagnostic> problems) =>
        _stored.TryGetValue(path, out var kept) && (kept.Text, kept.Zone) == (text, Zone) ? kept.At : ScheduleTime.Read(text, Zone, path, problems);

    /// <summary>Throws SF1301 with everything that a person has to fill in first.</summary>
    public NewSchedule ToSchedule()
    {
        var problems = new List<Diagnostic>();
        if (string.IsNullOrWhiteSpace(Name))
        {
            problems.Add(new(Codes.ScheduleInvalid, "The schedule needs a name.") { Path = "name" });
        }

        if (WorkflowId is null)
        {
            problems.Add(new(Codes.ScheduleInvalid, "Choose the workflow that it starts.") { Path = "workflow" });
        }

        if (Targets.Count == 0 && TagList.Length == 0)
        {
            problems.Add(new(Codes.ScheduleInvalid, "Choose at least one target or tag.") { Path = "targets" });
        }

        var spec = ToSpec(problems);
        return problems.Count > 0
            ? throw new SecFlowException(problems)
            : new NewSchedule(Name.Trim(), WorkflowId!.Value, spec.Cron, spec.Zone, [.. Targets])
            {
                Kind = spec.Kind,
                IntervalSeconds = spec.IntervalSeconds,
                RunAt = spec.RunAt,
                JitterSeconds = spec.JitterSeconds,
                StartsAt = spec.StartsAt,
                EndsAt = spec.EndsAt,
                Misfire = Misfire,
                Overlap = Overlap,
                Priority = Priority,
                TargetTags = TagList,
                Parameters = new JsonObject(Parameters.Where(p => p.Value.Length > 0).Select(p => new KeyValuePair<string, JsonNode?>(p.Key, JsonValue.Create(p.Value)))),
            };
    }
}
