using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.Logging.Abstractions;
using SecFlow.Data;
using SecFlow.Data.Alerts;
using SecFlow.Data.Audit;
using SecFlow.Data.Teams;
using SecFlow.Execution.Alerts;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Teams;
using SecFlow.Execution.Tests.Runs;
using SecFlow.TestKit;
using static SecFlow.Execution.Tests.Runs.TestEngine;

namespace SecFlow.Execution.Tests.Alerts;

public sealed class WebhookTests
{
    private const string Key = "whk_test";

    [DatabaseData]
    public async Task Alert_IsSentOnce_SignedOverTimestampAndBody(DatabaseKind kind)
    {
        var time = new TestTime();
        await using var engine = await CreateAsync(kind, time);
        await using var receiver = new WebhookReceiver();
        var (sender, store) = await SetAsync(engine, receiver.Url);
        var alerts = engine.Get<AlertService>();

        await alerts.RaiseAsync(AlertKind.ScheduleOverdue, engine.Analyst.TeamId, "nightly", "It did not fire.", default, AlertSeverity.Error, "schedules");
        await alerts.RaiseAsync(AlertKind.ScheduleOverdue, engine.Analyst.TeamId, "nightly", "It did not fire.", default);
        (await sender.SendDueAsync(default)).ShouldBe(1);
        (await sender.SendDueAsync(default)).ShouldBe(0);

        var (body, timestamp, signature, delivery) = receiver.Received.ShouldHaveSingleItem();
        timestamp.ShouldBe(time.GetUtcNow().ToUnixTimeSeconds().ToString(System.Globalization.CultureInfo.InvariantCulture));
        signature.ShouldBe(WebhookClient.Sign(Key, timestamp, body));
        signature.ShouldNotBe(WebhookClient.Sign(Key, timestamp + "0", body));
        var json = JsonDocument.Parse(body).RootElement;
        (json.GetProperty("kind").GetString(), json.GetProperty("severity").GetString(), json.GetProperty("subject").GetString(), json.GetProperty("words").GetString()).ShouldBe(("schedule_overdue", "error", "nightly", "It did not fire."));
        json.GetProperty("at").GetString().ShouldBe(time.GetUtcNow().ToString("yyyy-MM-ddTHH:mm:ssZ", System.Globalization.CultureInfo.InvariantCulture));
        var row = (await store.ListAsync(engine.Analyst.TeamId, 10, default)).ShouldHaveSingleItem();
        (row.Id.ToString(), row.Attempts, row.NextAt, row.LastAnswer).ShouldBe((delivery, 1, null, "200 OK"));
        row.DeliveredAt.ShouldNotBeNull();
    }

    [Fact]
    public async Task Message_ThatIsNotTaken_IsTriedAgainWithinBoundsAndUnderOneId()
    {
        var time = new TestTime();
        await using var engine = await CreateAsync(time: time);
        await using var receiver = new WebhookReceiver { Answer = HttpStatusCode.InternalServerError };
        var (sender, store) = await SetAsync(engine, receiver.Url);
        await engine.Get<AlertService>().RaiseAsync(AlertKind.SlowRun, engine.Analyst.TeamId, "x", "slow", default);

        for (var i = 0; i < 2 * WebhookSender.MostAttempts; i++)
        {
            await sender.SendDueAsync(default);
            (await sender.SendDueAsync(default)).ShouldBe(0, "not before its time");
            time.Advance(TimeSpan.FromHours(3));
        }

        receiver.Received.Count.ShouldBe(WebhookSender.MostAttempts);
        receiver.Received.Select(r => r.Delivery).Distinct().Count().ShouldBe(1);
        var row = (await store.ListAsync(engine.Analyst.TeamId, 10, default)).Single();
        (row.DeliveredAt, row.NextAt, row.Attempts, row.LastAnswer).ShouldBe((null, null, WebhookSender.MostAttempts, "500 Internal Server Error"));

        receiver.Answer = HttpStatusCode.Redirect;
        await engine.Get<AlertService>().RaiseAsync(AlertKind.SlowRun, engine.Analyst.TeamId, "y", "slow", default);
        await sender.SendDueAsync(default);
        (await store.ListAsync(engine.Analyst.TeamId, 10, default))[0].LastAnswer!.ShouldStartWith("302");
    }

    [Fact]
    public async Task Silenced_OrSwitchedOff_NothingIsSent()
    {
        await using var engine = await CreateAsync();
        await using var receiver = new WebhookReceiver();
        var (sender, store) = await SetAsync(engine, receiver.Url);
        var alerts = engine.Get<AlertService>();
        await alerts.SilenceAsync(engine.Analyst, AlertKind.SlowRun, null, TimeSpan.FromHours(1), "known", default);
        await alerts.RaiseAsync(AlertKind.SlowRun, engine.Analyst.TeamId, "x", "slow", default);
        (await sender.SendDueAsync(default)).ShouldBe(0);

        await alerts.RaiseAsync(AlertKind.SlowNode, engine.Analyst.TeamId, "x", "slow", default);
        await store.RemoveAsync(engine.Analyst, default);
        (await sender.SendDueAsync(default)).ShouldBe(0);
        (await store.ListAsync(engine.Analyst.TeamId, 10, default)).Single().LastAnswer!.ShouldContain("removed");
        receiver.Received.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("ftp://hooks.example/x")]
    [InlineData("http://user:pass@hooks.example/")]
    [InlineData("https://hooks.example/#part")]
    [InlineData("/relative")]
    [InlineData("")]
    [InlineData("https://hooks.example/a b")]
    public async Task Address_ThatIsNone_IsRefused(string url)
    {
        await using var engine = await CreateAsync();
        var (service, admin) = Service(engine, "203.0.113.5");

        (await Should.ThrowAsync<SecFlowException>(() => service.SetAsync(admin, new WebhookWish(url), default))).Code.ShouldBe(Codes.WebhookInvalid);
    }

    [Theory]
    [InlineData("http://169.254.169.254/latest", null)]
    [InlineData("https://hooks.example/", "169.254.169.254")]
    [InlineData("https://hooks.example/", "0.0.0.0")]
    [InlineData("http://[fe80::1]/", null)]
    [InlineData("https://hooks.example/", "10.1.2.3")]
    [InlineData("http://127.0.0.1:9/", null)]
    public async Task Address_OfThisMachineOrAPrivateNetwork_IsRefusedToATeamsAdmin(string url, string? resolved)
    {
        await using var engine = await CreateAsync();
        var (service, admin) = Service(engine, resolved);

        (await Should.ThrowAsync<SecFlowException>(() => service.SetAsync(admin, new WebhookWish(url, ApprovePrivateAddress: true), default))).Code.ShouldBe(Codes.WebhookRefused);
        if (resolved is null or "169.254.169.254" or "0.0.0.0" && !url.Contains("127", StringComparison.Ordinal))
        {
            (await Should.ThrowAsync<SecFlowException>(() => service.SetAsync(admin with { OfInstallation = true }, new WebhookWish(url), default))).Code.ShouldBe(Codes.WebhookRefused);
        }
    }

    [Fact]
    public async Task Address_OnAPortOfThisProcess_IsRefusedEvenToTheAdministrator()
    {
        await using var engine = await CreateAsync();
        await using var receiver = new WebhookReceiver();
        var (service, admin) = Service(engine, null);

        var refused = await Should.ThrowAsync<SecFlowException>(() => service.SetAsync(admin with { OfInstallation = true }, new WebhookWish(receiver.Url, ApprovePrivateAddress: true), default));
        (refused.Code, refused.Message.Contains("SecFlow itself listens", StringComparison.Ordinal)).ShouldBe((Codes.WebhookRefused, true));
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("localhost")]
    public async Task Message_ToAPortOnWhichThisProgramListensByNow_IsNotSent(string host)
    {
        await using var engine = await CreateAsync();
        await using var receiver = new WebhookReceiver();
        var store = new WebhookStore(engine.Database);
        var client = new WebhookClient(_keys, engine.Database.Time);
        var url = $"http://{host}:{receiver.Port}/hook";
        var hook = await store.SetAsync(engine.Analyst, new Webhook { TeamId = engine.Analyst.TeamId, Url = url, ApprovedAddress = "127.0.0.1", ApprovedBy = "test", ProtectedSecret = client.Protect(engine.Analyst.TeamId, Key) }, null, default);

        var answer = await client.SendAsync(hook, Guid.NewGuid(), "{}", default);

        answer.Delivered.ShouldBeFalse();
        answer.Words.ShouldStartWith($"{Codes.WebhookRefused}: SecFlow itself listens on port {receiver.Port}");
        receiver.Received.ShouldBeEmpty();
    }

    [Fact]
    public async Task Webhook_SetByAdmins_KeepsItsKeyAndItsApproval_AndIsAudited()
    {
        await using var engine = await CreateAsync();
        var (service, admin) = Service(engine, "203.0.113.5");
        var made = await service.SetAsync(admin, new WebhookWish("https://Hooks.Example/x?sig=1"), default);
        (made.Webhook.Url, made.Webhook.ApprovedAddress).ShouldBe(("https://hooks.example/x?sig=1", null));
        made.Key!.ShouldStartWith("whk_");
        (await service.SetAsync(admin, new WebhookWish("https://hooks.example/x?sig=1", Enabled: false, Revision: 1), default)).Key.ShouldBeNull();
        foreach (var stale in new int?[] { null, 1, 3 })
        {
            (await Should.ThrowAsync<SecFlowException>(() => service.SetAsync(admin, new WebhookWish("https://hooks.example/z", Revision: stale), default))).Code.ShouldBe(Codes.WebhookChanged);
        }

        (await service.SetAsync(admin, new WebhookWish("https://hooks.example/y", NewKey: true, Revision: 2), default)).Key.ShouldNotBe(made.Key);

        var (inside, _) = Service(engine, "10.1.2.3");
        var approved = await inside.SetAsync(admin with { OfInstallation = true, Name = "root" }, new WebhookWish("https://inside.example/", ApprovePrivateAddress: true, Revision: 3), default);
        (approved.Webhook.ApprovedAddress, approved.Webhook.ApprovedBy).ShouldBe(("10.1.2.3", "root"));
        (await inside.SetAsync(admin, new WebhookWish("https://inside.example/", Enabled: false, Revision: 4), default)).Webhook.ApprovedBy.ShouldBe("root");
        (await Should.ThrowAsync<SecFlowException>(() => inside.SetAsync(admin, new WebhookWish("https://inside.example/other", Revision: 5), default))).Code.ShouldBe(Codes.WebhookRefused);

        (await Should.ThrowAsync<SecFlowException>(() => service.SetAsync(engine.Analyst, new WebhookWish("https://hooks.example/"), default))).Code.ShouldBe(Codes.RoleMissing);
        await service.RemoveAsync(admin, default);
        (await Should.ThrowAsync<SecFlowException>(() => service.TestAsync(admin, default))).Code.ShouldBe(Codes.NotFound);
        var events = await engine.Database.ReadAsync(db => Task.FromResult(db.AuditEvents.Where(e => e.ResourceKind == "webhook").OrderBy(e => e.Seq).ToList()));
        events.Where(e => e.Action != "refuse.access").Select(e => e.Action).ShouldBe(["set.webhook", "set.webhook", "set.webhook", "set.webhook", "set.webhook", "remove.webhook"]);
        events.ShouldAllBe(e => !System.Text.Encoding.UTF8.GetString(e.Canonical).Contains(made.Key, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Test_SaysWhatTheReceiverAnswered()
    {
        await using var engine = await CreateAsync();
        await using var receiver = new WebhookReceiver();
        await SetAsync(engine, receiver.Url);
        var (service, admin) = Service(engine, null);

        (await service.TestAsync(admin, default)).ShouldBe(new WebhookAnswer(true, "200 OK"));
        var told = JsonDocument.Parse(receiver.Received.ShouldHaveSingleItem().Body).RootElement;
        (told.GetProperty("event").GetString(), told.GetProperty("words").GetString(), told.GetProperty("at").GetString()!.EndsWith('Z')).ShouldBe(("test", "admin tests the webhook.", true));
        await receiver.DisposeAsync();
        var answer = await service.TestAsync(admin, default);

        (answer.Delivered, answer.Words.StartsWith("It could not be reached", StringComparison.Ordinal)).ShouldBe((false, true));
        (await service.DeliveriesAsync(admin, default)).Select(d => (d.AlertId, d.DeliveredAt is not null)).ShouldBe([(null, false), (null, true)]);
    }

    private static (WebhookService Service, Actor Admin) Service(TestEngine engine, string? resolved)
    {
        var service = new WebhookService(new WebhookStore(engine.Database), Client(engine), engine.Get<Access>(), engine.Database.Time)
        {
            Resolve = (_, _) => Task.FromResult(resolved is null ? [] : new[] { IPAddress.Parse(resolved) }),
        };
        return (service, engine.Analyst with { Role = TeamRole.Admin, Name = "admin" });
    }

    // The receiver is in this process, where no webhook may lead: it is stored as if an administrator had approved another process' port.
    private static async Task<(WebhookSender Sender, WebhookStore Store)> SetAsync(TestEngine engine, string url)
    {
        var store = new WebhookStore(engine.Database);
        await store.SetAsync(engine.Analyst, new Webhook { TeamId = engine.Analyst.TeamId, Url = url, ApprovedAddress = "127.0.0.1", ApprovedBy = "test", ProtectedSecret = Client(engine).Protect(engine.Analyst.TeamId, Key) }, null, default);
        return (new WebhookSender(store, Client(engine), engine.Database.Time, NullLogger<WebhookSender>.Instance), store);
    }

    private static readonly EphemeralDataProtectionProvider _keys = new();

    // The receivers of these tests listen in this process, where no webhook may lead: they stand for another one.
    private static WebhookClient Client(TestEngine engine) => new(_keys, engine.Database.Time) { Ports = () => new HashSet<int>() };
}
