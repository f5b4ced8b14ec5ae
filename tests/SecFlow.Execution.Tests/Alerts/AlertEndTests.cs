using Microsoft.EntityFrameworkCore;
using SecFlow.Data;
using SecFlow.Data.Alerts;
using SecFlow.Data.Audit;
using SecFlow.Data.Runs;
using SecFlow.Data.Schedules;
using SecFlow.Execution.Alerts;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Tests.Runs;
using SecFlow.TestKit;
using static SecFlow.Execution.Tests.Alerts.AlertTests;
using static SecFlow.Execution.Tests.Runs.TestEngine;

namespace SecFlow.Execution.Tests.Alerts;

/// <summary>What ends the ringing of an alert, and what lets it ring again.</summary>
public sealed class AlertEndTests
{
    private const string OneScan = "  - { id: scan, type: scan.test }";

    [DatabaseData]
    public async Task StandingAlert_Acknowledged_IsSilentUntilItsConditionEnds_AndRingsAnewWhenItReturns(DatabaseKind kind)
    {
        var time = new TestTime();
        await using var engine = await CreateAsync(kind, time);
        await AddWebhookAsync(engine);
        var (alerts, watch) = (engine.Get<AlertService>(), Watch(engine));
        var run = await engine.StartAsync(OneScan);
        time.Advance(TimeSpan.FromMinutes(11));
        await watch.LookAsync(default);
        var alert = (await OpenAsync(engine)).ShouldHaveSingleItem();
        alert.Kind.ShouldBe(AlertKind.QueueWait);

        (await alerts.AcknowledgeAsync(engine.Analyst, alert.Id, "a larger machine comes", default)).ClosedAt.ShouldBeNull();
        (await Should.ThrowAsync<SecFlowException>(() => alerts.AcknowledgeAsync(engine.Analyst, alert.Id, null, default))).Code.ShouldBe(Codes.Conflict);
        for (var minute = 0; minute < 3; minute++)
        {
            time.Advance(TimeSpan.FromMinutes(1));
            await watch.LookAsync(default);
        }

        var seen = (await OpenAsync(engine)).ShouldHaveSingleItem();
        (seen.Id, seen.ClosedBy, seen.ClosedReason, seen.AcknowledgedAt).ShouldBe((alert.Id, "analyst", "a larger machine comes", alert.LastAt));
        (await RingingAsync(engine)).ShouldBe(0);
        (await SentAsync(engine)).ShouldBe([alert.Id]);

        await SetAsync(engine, run.Id, row => row.Status = RunStatus.Paused);
        await watch.LookAsync(default);
        var over = await engine.Database.ReadAsync(db => db.Alerts.SingleAsync(a => a.Id == alert.Id));
        (over.ClosedAt, over.ClosedBy, over.ClosedReason).ShouldBe((time.GetUtcNow(), "analyst", "a larger machine comes"));

        await SetAsync(engine, run.Id, row => row.Status = RunStatus.Queued);
        await watch.LookAsync(default);
        var anew = (await OpenAsync(engine)).ShouldHaveSingleItem();
        (await RingingAsync(engine)).ShouldBe(1);
        (await SentAsync(engine)).ShouldBe([alert.Id, anew.Id], ignoreOrder: true);
        (await ActionsOfAsync(engine, AlertKind.QueueWait)).ShouldBe(["raise.alert", "acknowledge.alert", "end.alert", "raise.alert"]);
    }

    [DatabaseData]
    public async Task Silence_ThatEnds_LetsWhatIsOpenRingAgain_AndSendsItOnce(DatabaseKind kind)
    {
        var time = new TestTime();
        await using var engine = await CreateAsync(kind, time);
        await AddWebhookAsync(engine);
        var (alerts, watch, team) = (engine.Get<AlertService>(), Watch(engine), engine.Analyst.TeamId);
        Task<AlertSilence> SilenceAsync(string subject, int hours) => alerts.SilenceAsync(engine.Analyst, AlertKind.SlowRun, subject, TimeSpan.FromHours(hours), "being moved", default);
        async Task<Guid> RaiseAsync(string subject)
        {
            await alerts.RaiseAsync(AlertKind.SlowRun, team, subject, "slow", default);
            return (await OpenAsync(engine)).Single(a => a.Subject == subject).Id;
        }

        var told = await RaiseAsync("told before");
        await SilenceAsync("", 1);
        await SilenceAsync("covered twice", 2);
        var byHand = await SilenceAsync("covered by hand", 24);
        var (quiet, twice, hand) = (await RaiseAsync("never told"), await RaiseAsync("covered twice"), await RaiseAsync("covered by hand"));
        await watch.LookAsync(default);
        (await RingingAsync(engine)).ShouldBe(0);
        (await SentAsync(engine)).ShouldBe([told]);

        time.Advance(TimeSpan.FromMinutes(61));
        await watch.LookAsync(default);
        await watch.LookAsync(default);
        (await SilencedAsync(engine)).ShouldBe([twice, hand], ignoreOrder: true);
        (await SentAsync(engine)).ShouldBe([told, quiet], ignoreOrder: true);

        await alerts.EndSilenceAsync(engine.Analyst, byHand.Id, default);
        (await SilencedAsync(engine)).ShouldBe([twice]);
        (await SentAsync(engine)).ShouldBe([told, quiet, hand], ignoreOrder: true);

        time.Advance(TimeSpan.FromHours(1));
        await watch.LookAsync(default);
        (await RingingAsync(engine)).ShouldBe(4);
        (await SentAsync(engine)).ShouldBe([told, quiet, hand, twice], ignoreOrder: true);
        (await ActionsOfAsync(engine, AlertKind.SlowRun)).Count(action => action == "ring.alert").ShouldBe(4);
    }

    [Theory]
    [InlineData(AlertKind.DiskSpace)]
    [InlineData(AlertKind.DatabaseSize)]
    [InlineData(AlertKind.AuditChain)]
    public async Task Silence_OfAnAlertOfTheInstallation_IsRefusedAndSaysWhatToDo(AlertKind kind)
    {
        await using var engine = await CreateAsync();
        var alerts = engine.Get<AlertService>();

        var refused = await Should.ThrowAsync<SecFlowException>(() => alerts.SilenceAsync(engine.Analyst, kind, null, TimeSpan.FromHours(1), "known", default));

        refused.Code.ShouldBe(Codes.RequestInvalid);
        refused.Message.ShouldContain("An administrator of the installation acknowledges the alert");
        (await alerts.SilencesAsync(engine.Analyst, default)).ShouldBeEmpty();
    }

    [DatabaseData]
    public async Task LongQueue_CountsOnlyWhatWaitsForASlot(DatabaseKind kind)
    {
        var time = new TestTime();
        await using var engine = await CreateAsync(kind, time);
        var watch = Watch(engine);
        var (before, after) = (await engine.StartAsync(OneScan), await engine.StartAsync(OneScan));
        await SetAsync(engine, before.Id, row => row.Status = RunStatus.Paused);
        await SetAsync(engine, after.Id, row => row.AfterRunId = before.Id);
        time.Advance(TimeSpan.FromHours(2));
        await watch.LookAsync(default);
        (await OpenAsync(engine)).ShouldBeEmpty("it waits for the run before it");

        await SetAsync(engine, before.Id, row => row.Status = RunStatus.Cancelled);
        var until = time.GetUtcNow().AddHours(1);
        await engine.Database.WriteAsync(write =>
        {
            write.Db.Blackouts.Add(new Blackout { Id = Guid.NewGuid(), TeamId = engine.Analyst.TeamId, Name = "hours", Window = "x", StandsFrom = time.GetUtcNow(), StandsUntil = until, CreatedAt = write.Now });
            return Task.CompletedTask;
        });
        await watch.LookAsync(default);
        (await OpenAsync(engine)).ShouldBeEmpty("it waits for the end of the blackout");

        time.Advance(TimeSpan.FromHours(1));
        await watch.LookAsync(default);
        (await OpenAsync(engine)).ShouldHaveSingleItem().Kind.ShouldBe(AlertKind.QueueWait);
    }

    private static Task AddWebhookAsync(TestEngine engine) =>
        new WebhookStore(engine.Database).SetAsync(engine.Analyst, new Webhook { TeamId = engine.Analyst.TeamId, Url = "https://hooks.example/x", ProtectedSecret = "x" }, null, default);

    private static Task SetAsync(TestEngine engine, Guid runId, Action<Run> change) => engine.Database.WriteAsync(async write => change(await write.Db.Runs.SingleAsync(r => r.Id == runId)));

    // The disk of the machine that runs this may ring as well.
    private static async Task<int> RingingAsync(TestEngine engine) =>
        await engine.Get<AlertService>().RingingAsync(engine.Analyst, default) - await engine.Database.ReadAsync(db => db.Alerts.CountAsync(a => a.Kind == AlertKind.DiskSpace && a.ClosedAt == null));

    private static async Task<IReadOnlyList<Guid>> SilencedAsync(TestEngine engine) => [.. (await OpenAsync(engine)).Where(a => a.Silenced).Select(a => a.Id)];

    private static async Task<IReadOnlyList<Guid>> SentAsync(TestEngine engine) => await engine.Database.ReadAsync(
        db => db.WebhookDeliveries.Where(d => !db.Alerts.Any(a => a.Id == d.AlertId && a.Kind == AlertKind.DiskSpace)).Select(d => d.AlertId!.Value).ToListAsync());

    private static async Task<IReadOnlyList<string>> ActionsOfAsync(TestEngine engine, AlertKind kind)
    {
        var ids = (await engine.Database.ReadAsync(db => db.Alerts.Where(a => a.Kind == kind).Select(a => a.Id).ToListAsync())).ConvertAll(id => id.ToString());
        return await engine.Database.ReadAsync(db => db.AuditEvents.Where(e => e.ResourceKind == "alert" && ids.Contains(e.ResourceId)).OrderBy(e => e.Seq).Select(e => e.Action).ToListAsync());
    }
}
