using System.Globalization;
using SecFlow.Data.Alerts;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Schedules;
using Finding = SecFlow.Execution.Alerts.AlertWatch.Finding;

namespace SecFlow.Execution.Alerts;

/// <summary>One rule, as the page shows it.</summary>
/// <param name="Kind">Of its alerts.</param>
/// <param name="Title">Two or three words.</param>
/// <param name="When">When it rings.</param>
/// <param name="ClosesItself">Whether it is closed by its end; otherwise by a person who acknowledges it.</param>
/// <param name="OfInstallation">Whether its alerts belong to the installation, not to a team.</param>
public sealed record AlertRule(AlertKind Kind, string Title, string When, bool ClosesItself, bool OfInstallation = false);

/// <summary>The defaults of contracts 11: pure functions from facts to alerts.</summary>
public static class AlertRules
{
    /// <summary>What is counted is counted over this.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromHours(1);

    private static readonly TimeSpan _waitWarning = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan _waitError = TimeSpan.FromHours(1);

    private const int LeastEnds = 4;
    private const double FailingWarning = 0.25;
    private const double FailingError = 0.5;
    private const int Signatures = 5;
    private const int Denials = 3;
    private const int Sandboxes = 10;
    private const int Violations = 2;
    private const long GiB = 1024L * 1024 * 1024;

    public static IReadOnlyList<AlertRule> All { get; } =
    [
        new(AlertKind.SlowRun, "Slow run", "A run is more than 3 deviations and 20 % (and a second) above the median of its last 20 comparable runs; before 10 are known: above 30 s, as an error above 120 s.", false),
        new(AlertKind.SlowNode, "Slow node", "The same for a node; before 10 are known: above 10 s, as an error above 60 s.", false),
        new(AlertKind.NodeFailures, "Nodes fail", "A quarter of at least 4 nodes of a plugin failed within an hour; as an error from one half on.", false),
        new(AlertKind.PluginSilent, "Plugin finds nothing", "A node finds nothing for the first time in 30 runs.", false),
        new(AlertKind.ScheduleOverdue, "Schedule overdue", $"A schedule should have fired {ScheduleHealth.Overdue.TotalMinutes:0} minutes ago and did not.", true),
        new(AlertKind.ScheduleSilent, "Schedule starts nothing", "A schedule was stopped, or its last firing started no run; not when it skips what overlaps, or does not fire again.", true),
        new(AlertKind.QueueWait, "Long queue", "A run waits for more than 10 minutes for a slot (not for the end of a blackout, a hold or another run); as an error for more than an hour.", true),
        new(AlertKind.SignatureFailures, "Signatures refused", "5 refusals because of a signature or of trust within an hour.", false),
        new(AlertKind.PolicyDenials, "Policy refuses", "3 refusals by the policy within an hour.", false),
        new(AlertKind.SandboxFailures, "Sandbox fails", "10 nodes ended at a limit of the sandbox, or without one, within an hour.", false),
        new(AlertKind.SandboxViolations, "Break-out attempts", "2 plugins broke out of their rules within an hour.", false),
        new(AlertKind.DiskSpace, "Disk nearly full", "Less than 10 % or 2 GiB of the data folder's disk is free; as an error less than 3 % or 512 MiB.", true, true),
        new(AlertKind.DatabaseSize, "Database large", "The database is larger than 10 GiB; as an error larger than 50 GiB.", true, true),
        new(AlertKind.AuditChain, "Audit chain broken", "The audit log does not verify; looked at every 6 hours.", true, true),
    ];

    public static AlertRule Of(AlertKind kind) => All.Single(rule => rule.Kind == kind);

    /// <summary>What is counted over <see cref="Window"/>.</summary>
    internal static IEnumerable<(AlertKind Kind, Finding Found)> Counted(TeamFacts facts)
    {
        foreach (var ends in facts.Ends.Where(e => e.All >= LeastEnds && e.Failed >= FailingWarning * e.All))
        {
            yield return (AlertKind.NodeFailures, new Finding(ends.PluginId, ends.Failed >= FailingError * ends.All ? AlertSeverity.Error : AlertSeverity.Warning,
                $"{ends.Failed} of {ends.All} nodes of {ends.PluginId} failed within an hour. Expected fewer than {FailingWarning:0%}. Look at the newest of them for its code and its log.", "runs?status=failed"));
        }

        int Refused(AlertKind kind, DiagnosticCategory category) => facts.Refusals.Count(r => Codes.CategoryOf(r.Code) == category && r.Time > Closed(facts, kind));
        if (Refused(AlertKind.SignatureFailures, DiagnosticCategory.Trust) is >= Signatures and var untrusted)
        {
            yield return (AlertKind.SignatureFailures, new Finding("", AlertSeverity.Error, $"{untrusted} times within an hour a plugin was refused because of its signature or of trust. Expected fewer than {Signatures}. See the audit log for which plugin, and whether somebody replaced it.", "audit?outcome=denied"));
        }

        if (Refused(AlertKind.PolicyDenials, DiagnosticCategory.Policy) is >= Denials and var denied)
        {
            yield return (AlertKind.PolicyDenials, new Finding("", AlertSeverity.Warning, $"{denied} times within an hour the policy refused (scope, permission, role or ceiling). Expected fewer than {Denials}. See the audit log for who asked for what.", "audit?outcome=denied"));
        }

        bool IsViolation(string code) => code is Codes.ProtocolViolation or Codes.ForbiddenSystemCall;
        if (facts.SandboxEnds.Count(e => !IsViolation(e.Code) && e.Time > Closed(facts, AlertKind.SandboxFailures)) is >= Sandboxes and var limits)
        {
            yield return (AlertKind.SandboxFailures, new Finding("", AlertSeverity.Warning, $"{limits} nodes within an hour ended at a limit of the sandbox, or without a sandbox. Expected fewer than {Sandboxes}. Look at their limits, and run 'secflow doctor' on the machine.", "security"));
        }

        if (facts.SandboxEnds.Count(e => IsViolation(e.Code) && e.Time > Closed(facts, AlertKind.SandboxViolations)) is >= Violations and var broke)
        {
            yield return (AlertKind.SandboxViolations, new Finding("", AlertSeverity.Error, $"{broke} plugins within an hour tried to break out of the sandbox or of its protocol. They are quarantined; see who published them.", "plugins"));
        }
    }

    /// <summary>What stands now; an empty list closes what was open.</summary>
    internal static IEnumerable<(AlertKind Kind, IReadOnlyList<Finding> Found)> Standing(TeamFacts facts, DateTimeOffset now)
    {
        var waits = facts.WaitingSince is { } since ? now - since : TimeSpan.Zero;
        yield return (AlertKind.QueueWait, waits < _waitWarning ? [] : [new Finding("", waits >= _waitError ? AlertSeverity.Error : AlertSeverity.Warning,
            $"A run waits since {facts.WaitingSince:yyyy-MM-dd HH:mm} UTC for a slot. Expected less than {_waitWarning.TotalMinutes:0} minutes. See whether an engine runs, and what occupies its slots.", "runs?status=queued")]);
        yield return (AlertKind.ScheduleOverdue, [.. facts.Schedules.Where(s => now - s.NextFireAt > ScheduleHealth.Overdue).Select(s => new Finding(s.Subject, AlertSeverity.Error,
            $"The schedule {s.Name} should have fired at {s.NextFireAt:yyyy-MM-dd HH:mm:ss} UTC and did not. See whether an engine that executes runs is up, and what its log says; it fires by its misfire policy as soon as one is.", $"schedules/{s.Id}"))]);
        yield return (AlertKind.ScheduleSilent, [.. facts.Schedules.Where(s => (s.StoppedReason ?? s.Refusal) is not null).Select(s => new Finding(s.Subject, AlertSeverity.Warning,
            s.StoppedReason is { } stopped ? $"The schedule {s.Name} was stopped: {stopped}" : $"The schedule {s.Name} fired and started nothing: {s.Refusal}", $"schedules/{s.Id}"))]);
    }

    /// <summary>Room on the disk of the data folder.</summary>
    internal static IReadOnlyList<Finding> Disk((long Free, long All) room)
    {
        var share = room.All == 0 ? 1 : (double)room.Free / room.All;
        var error = share < 0.03 || room.Free < GiB / 2;
        return !error && share >= 0.1 && room.Free >= 2 * GiB ? [] : [new Finding("", error ? AlertSeverity.Error : AlertSeverity.Warning,
            $"{(room.Free / (double)GiB).ToString("0.0", CultureInfo.InvariantCulture)} GiB ({share.ToString("0%", CultureInfo.InvariantCulture)}) are left on the disk of the data folder. Free some, or give it a larger disk: when it is full, runs stop.", "")];
    }

    internal static IReadOnlyList<Finding> DatabaseSize(long bytes) => bytes < 10 * GiB ? [] : [new Finding("", bytes >= 50 * GiB ? AlertSeverity.Error : AlertSeverity.Warning,
        $"The database has {bytes / GiB} GiB. Expected fewer than 10. Shorten what is kept, or move to a larger machine.", "")];

    private static DateTimeOffset Closed(TeamFacts facts, AlertKind kind) => facts.Closed.GetValueOrDefault((kind, ""), DateTimeOffset.MinValue);
}
