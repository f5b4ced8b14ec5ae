namespace SecFlow.Portal.Components.Pages;

/// <summary>Rules that most schedules are.</summary>
public static class CronPresets
{
    public static IReadOnlyList<(string Cron, string Words)> All { get; } =
    [
        ("0 0 6 ? * MON", "every Monday at 06:00"),
        ("0 0 6 * * ?", "every day at 06:00"),
        ("0 0 6 ? * MON-FRI", "on weekdays at 06:00"),
        ("0 0 * * * ?", "every hour"),
        ("0 0 6 1 * ?", "on the first of each month at 06:00"),
    ];
}
