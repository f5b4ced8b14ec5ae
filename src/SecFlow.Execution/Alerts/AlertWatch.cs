using System.Globalization;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using SecFlow.Data.Alerts;
using SecFlow.Data.Audit;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Metrics;
using SecFlow.Execution.Schedules;

namespace SecFlow.Execution.Alerts;

/// <summary>
/// Looks once a minute whether a rule of <see cref="AlertRules"/> is met, for each team, and once in a while at what belongs to the installation.
/// 1. What is counted over an hour (failures, refusals) counts from the last acknowledgement on: an alert that was closed does not come back for what it told of.
/// 2. What stands (waiting runs, late schedules, disk) closes itself when it is over.
/// 3. What a silence covered that has ended by its time rings again.
/// 4. Every engine and portal of an installation looks: raising twice is raising once.
/// </summary>
public sealed partial class AlertWatch(AlertFactStore facts, AlertService alerts, AlertStore stored, RunTimings timings, AuditLog audit, SecFlowMeter meter, EngineOptions options, TimeProvider time, ILogger<AlertWatch> logger) : BackgroundService
{
    private static readonly TimeSpan _every = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan _chainEvery = TimeSpan.FromHours(6);
    private static readonly TimeSpan _closedKept = TimeSpan.FromDays(180);

    /// <summary>Looks now, at everything but the audit chain.</summary>
    public async Task LookAsync(CancellationToken ct)
    {
        var now = time.GetUtcNow();
        await alerts.RingAgainAsync(ct);
        await timings.CatchUpAsync(now - AlertRules.Window, ct);
        foreach (var team in await facts.TeamsAsync(ct))
        {
            await LookAtAsync(team, now, ct);
        }

        await StandingAsync(AlertKind.DiskSpace, Guid.Empty, AlertRules.Disk(Room()), ct);
        await StandingAsync(AlertKind.DatabaseSize, Guid.Empty, AlertRules.DatabaseSize(await facts.SizeAsync(ct)), ct);
    }

    /// <summary>Verifies the audit chain; an alert when it is broken.</summary>
    public async Task LookAtChainAsync(CancellationToken ct)
    {
        var answer = await audit.VerifyAsync(ct);
        Finding[] broken = answer.Intact
            ? []
            : [new Finding("", AlertSeverity.Error, $"The audit chain does not verify: {answer.Reason} Expected every event unchanged since it was written. Keep a copy of the database and the checkpoints, and find out who could write to them.", "audit")];
        await StandingAsync(AlertKind.AuditChain, Guid.Empty, broken, ct);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var chain = time.GetTimestamp();
        await Beat.ForeverAsync(_every, TurnAsync, e => LookFailed(logger, e), stoppingToken);

        async Task TurnAsync(CancellationToken ct)
        {
            await LookAsync(ct);
            if (time.GetElapsedTime(chain) >= _chainEvery)
            {
                chain = time.GetTimestamp();
                await LookAtChainAsync(ct);
                meter.Reclaimed("closed-alerts", await stored.RemoveClosedAsync(time.GetUtcNow() - _closedKept, ct));
            }
        }
    }

    private async Task LookAtAsync(Guid team, DateTimeOffset now, CancellationToken ct)
    {
        var of = await facts.ReadAsync(team, now - AlertRules.Window, now - ScheduleHealth.Overdue, Codes.ScheduleOverlap, ct);
        foreach (var (kind, found) in AlertRules.Counted(of))
        {
            await RaiseAsync(kind, team, found, ct);
        }

        foreach (var (kind, found) in AlertRules.Standing(of, now))
        {
            await StandingAsync(kind, team, found, ct);
        }
    }

    private async Task StandingAsync(AlertKind kind, Guid team, IReadOnlyList<Finding> found, CancellationToken ct)
    {
        foreach (var one in found)
        {
            await RaiseAsync(kind, team, one, ct);
        }

        await alerts.EndAsync(kind, team, [.. found.Select(f => f.Subject)], ct);
    }

    private Task<bool> RaiseAsync(AlertKind kind, Guid team, Finding found, CancellationToken ct) => alerts.RaiseAsync(kind, team, found.Subject, found.Words, ct, found.Severity, found.Link);

    private (long Free, long All) Room()
    {
        var drive = new DriveInfo(Path.GetFullPath(options.DataFolder));
        return (drive.AvailableFreeSpace, drive.TotalSize);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The alert rules could not be looked at; the next look is in a minute")]
    private static partial void LookFailed(ILogger logger, Exception error);

    /// <summary>A rule that is met.</summary>
    internal sealed record Finding(string Subject, AlertSeverity Severity, string Words, string Link);
}
