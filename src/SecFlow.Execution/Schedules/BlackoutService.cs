using SecFlow.Data;
using SecFlow.Data.Audit;
using SecFlow.Data.Schedules;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Teams;

namespace SecFlow.Execution.Schedules;

/// <summary>What a blackout needs.</summary>
/// <param name="Name">1..100.</param>
/// <param name="Window">As <see cref="BlackoutWindow"/> reads it.</param>
/// <param name="ScheduleId">Only runs of this schedule; null = every run of the team.</param>
public sealed record NewBlackout(string Name, string Window, Guid? ScheduleId = null);

/// <summary>Times in which no run of a team, or of one schedule, works. The same checks for portal, API and command line.</summary>
public sealed class BlackoutService(BlackoutStore blackouts, Access access, TimeProvider time)
{
    public const int MostName = 100;

    public async Task<IReadOnlyList<Blackout>> ListAsync(Actor actor, CancellationToken ct)
    {
        await access.RequireAsync(actor, Permission.ReadWorkflows, null, "blackouts", ct);
        return await blackouts.ListAsync(actor.TeamId, ct);
    }

    /// <summary>A part of them by name, and how many there are in all.</summary>
    public async Task<(IReadOnlyList<Blackout> Rows, int Total)> PageAsync(Actor actor, int skip, int take, CancellationToken ct)
    {
        await access.RequireAsync(actor, Permission.ReadWorkflows, null, "blackouts", ct);
        return await blackouts.PageAsync(actor.TeamId, skip, take, ct);
    }

    /// <summary>Stores it. From then on it counts, also for what runs: at once, when its time is now. Throws SF1305 with every problem, SF1503 when its schedule is gone.</summary>
    public async Task<Blackout> AddAsync(Actor actor, NewBlackout blackout, CancellationToken ct)
    {
        await access.RequireAsync(actor, Permission.EditSchedules, null, "blackout", ct);
        var window = Validate(blackout);
        var row = new Blackout();
        Copy(blackout, window, row);
        return await GuardAsync(() => blackouts.AddAsync(actor, row, ct)!);
    }

    /// <summary>Changes it. Throws SF1305, and SF1307 when somebody else changed it since <paramref name="revision"/>.</summary>
    public async Task<Blackout> EditAsync(Actor actor, Guid blackoutId, NewBlackout blackout, int revision, CancellationToken ct)
    {
        await access.RequireRowAsync(actor, Permission.EditSchedules, "blackout", blackoutId, ct);
        if ((await blackouts.ListAsync(actor.TeamId, ct)).FirstOrDefault(row => row.Id == blackoutId) is { } before && before.Revision != revision)
        {
            throw new SecFlowException(Codes.ScheduleChanged, $"The blackout '{before.Name}' was changed by somebody else (revision {before.Revision}, yours is {revision}). Load it again and decide anew.");
        }

        var window = Validate(blackout);
        return await GuardAsync(() => blackouts.EditAsync(actor, blackoutId, revision, row => Copy(blackout, window, row), ct));
    }

    /// <summary>Ends it for good: what it paused goes on.</summary>
    public async Task DeleteAsync(Actor actor, Guid blackoutId, CancellationToken ct)
    {
        await access.RequireRowAsync(actor, Permission.EditSchedules, "blackout", blackoutId, ct);
        if (!await blackouts.ArchiveAsync(actor, blackoutId, ct))
        {
            throw new SecFlowException(Access.NotFound("blackout"));
        }
    }

    /// <summary>The blackout that stands now for a run of the team (of this schedule), the one that ends last; null when none does.</summary>
    public static Blackout? Standing(IReadOnlyList<Blackout> rows, Guid? scheduleId, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(rows);
        return rows.Where(row => row.ArchivedAt is null && row.StandsFrom <= now && row.StandsUntil > now && (row.ScheduleId is null || row.ScheduleId == scheduleId)).MaxBy(row => row.StandsUntil);
    }

    /// <summary>What is wrong with a stored blackout; null when this machine can read its window.</summary>
    public static string? Problem(Blackout row) => BlackoutWindow.Of(row).IsReadable
        ? null
        : $"This machine cannot read the window '{row.Window}' (is its time zone known here?): it stands until it is changed or deleted.";

    /// <summary>A blackout that stands, in words: "blackout 'office hours' until 17:30".</summary>
    public static string InWords(Blackout row)
    {
        ArgumentNullException.ThrowIfNull(row);
        return Problem(row) is { } problem ? $"blackout '{row.Name}'. {problem}" : $"blackout '{row.Name}' until {(row.StandsUntil is { } until ? Local(row, until) : "its end")}";
    }

    private static string Local(Blackout row, DateTimeOffset at)
    {
        var name = row.Window.Split(' ')[^1];
        var local = TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone) ? TimeZoneInfo.ConvertTime(at, zone) : at;
        return $"{local:yyyy-MM-dd HH:mm} {name}";
    }

    private static BlackoutWindow Validate(NewBlackout blackout)
    {
        ArgumentNullException.ThrowIfNull(blackout);
        var problems = new List<Diagnostic>();
        if (string.IsNullOrWhiteSpace(blackout.Name) || blackout.Name.Trim().Length > MostName)
        {
            problems.Add(new(Codes.BlackoutInvalid, $"A blackout has a name of 1 to {MostName} characters.") { Path = "name" });
        }

        var window = BlackoutWindow.Read(blackout.Window, problems);
        return problems.Count == 0 && window is not null ? window : throw new SecFlowException(problems);
    }

    private void Copy(NewBlackout from, BlackoutWindow window, Blackout to)
    {
        var span = window.StandingOrNext(time.GetUtcNow());
        (to.Name, to.Window, to.ScheduleId) = (from.Name.Trim(), window.Text, from.ScheduleId);
        (to.StandsFrom, to.StandsUntil) = (span?.From, span?.Until);
    }

    private static async Task<Blackout> GuardAsync(Func<Task<Blackout?>> change)
    {
        try
        {
            return await change() ?? throw new SecFlowException(Access.NotFound("blackout"));
        }
        catch (ConflictException e)
        {
            throw new SecFlowException(Codes.Conflict, e.Message, e);
        }
    }
}
