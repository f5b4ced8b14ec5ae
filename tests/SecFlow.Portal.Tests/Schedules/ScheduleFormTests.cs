using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using SecFlow.Data.Audit;
using SecFlow.Data.Schedules;
using SecFlow.Data.Targets;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Schedules;
using SecFlow.Execution.Targets;
using SecFlow.Execution.Workflows;
using SecFlow.Portal.Components.Schedules;

namespace SecFlow.Portal.Tests.Schedules;

/// <summary>What the form reads is what it saves.</summary>
[Collection(PortalTests.Name)]
public sealed class ScheduleFormTests(PortalFixture portal)
{
    private static readonly Guid _target = Guid.NewGuid();

    private static Schedule Row(Action<Schedule> change)
    {
        var row = new Schedule { Name = "nightly", WorkflowId = Guid.NewGuid(), Zone = "Europe/Berlin", TargetIds = _target.ToString() };
        change(row);
        return row;
    }

    private static Schedule Saved(Schedule row, Action<ScheduleForm>? edit = null)
    {
        var form = ScheduleForm.Of(row);
        edit?.Invoke(form);
        var after = new Schedule();
        var made = form.ToSchedule();
        (after.Kind, after.Cron, after.IntervalSeconds, after.RunAt, after.StartsAt, after.EndsAt, after.JitterSeconds) = (made.Kind, made.Cron, made.IntervalSeconds, made.RunAt, made.StartsAt, made.EndsAt, made.JitterSeconds);
        return after;
    }

    [Theory]
    [InlineData("2027-10-31T00:30:00Z")] // the first 02:30
    [InlineData("2027-10-31T01:30:00Z")] // the second one
    [InlineData("2027-06-01T20:00:07Z")]
    [InlineData("2027-06-01T20:00:07.25Z")]
    public void Instant_ThatNobodyEdited_StaysWhatItIs(string text)
    {
        var at = DateTimeOffset.Parse(text);
        Saved(Row(row => (row.Kind, row.RunAt) = (ScheduleKind.Once, at))).RunAt.ShouldBe(at);
        var bounded = Saved(Row(row => (row.Cron, row.StartsAt, row.EndsAt) = ("0 0 6 * * ?", at, at.AddDays(400))));
        (bounded.StartsAt, bounded.EndsAt).ShouldBe((at, at.AddDays(400)));
    }

    [Fact]
    public void Instant_ThatWasEdited_OrIsOfAnotherZone_IsReadAnew()
    {
        var row = Row(row => (row.Kind, row.RunAt) = (ScheduleKind.Once, DateTimeOffset.Parse("2027-10-31T01:30:00Z")));
        Saved(row, form => form.RunAt = "2027-10-31T04:00").RunAt.ShouldBe(DateTimeOffset.Parse("2027-10-31T03:00:00Z"));
        Saved(row, form => form.Zone = "UTC").RunAt.ShouldBe(DateTimeOffset.Parse("2027-10-31T02:30:00Z"));
        Saved(row, form => (form.Often, form.Every, form.Unit) = (Often.Interval, 1, 60)).RunAt.ShouldBeNull();
    }

    [Theory]
    [InlineData(60, 30)]
    [InlineData(61, 0)]
    [InlineData(100_001, 86_400)]
    [InlineData(31_622_400, 1)]
    public void Interval_AndJitter_AreWhatTheServiceAllows(int seconds, int jitter)
    {
        var saved = Saved(Row(row => (row.Kind, row.IntervalSeconds, row.JitterSeconds) = (ScheduleKind.Interval, seconds, jitter)));
        (saved.IntervalSeconds, saved.JitterSeconds).ShouldBe((seconds, jitter));
        ScheduleRule.Read(ScheduleSpec.Of(Row(row => (row.Kind, row.IntervalSeconds, row.JitterSeconds) = (saved.Kind, saved.IntervalSeconds, saved.JitterSeconds))), Guid.Empty, DateTimeOffset.UnixEpoch).Next(DateTimeOffset.UnixEpoch, 2).Count.ShouldBe(2);
    }

    [Fact]
    public async Task Parameters_OfAnotherVersion_AreLetGoOf_SoThatItCanBeSaved()
    {
        var actor = Actor.System(portal.Main.Id, "test");
        var (workflows, schedules) = (portal.App.Services.GetRequiredService<WorkflowService>(), portal.App.Services.GetRequiredService<ScheduleService>());
        var target = await portal.App.Services.GetRequiredService<TargetService>().AddAsync(actor, new NewTarget("form", TargetKind.Url, "http://127.0.0.1:9/form", "TEST-1", null) { PrivateAddressApproved = true }, default);
        string Recipe(string parameters) => $"version: \"1.0\"\nname: Workflow of a form\nparameters: {parameters}\nnodes: [{{ id: baseline, type: scan.web-baseline }}]";
        var workflow = (await workflows.SaveAsync(actor, Recipe("{ depth: { type: integer }, width: { type: integer } }"), default)).WorkflowId;
        var row = await schedules.AddAsync(actor, new NewSchedule("of a form", workflow, "0 30 2 * * ?", "UTC", [target.Id]) { Parameters = new JsonObject { ["depth"] = 3, ["width"] = 4 } }, default);
        await workflows.SaveAsync(actor, Recipe("{ width: { type: integer } }"), default);

        var form = ScheduleForm.Of(row);
        (await Should.ThrowAsync<SecFlowException>(() => schedules.EditAsync(actor, row.Id, new ScheduleEdit(form.ToSchedule(), row.Revision), default))).Code.ShouldBe(Codes.RecipeParameter);
        form.Parameters["never-set"] = "";
        form.KeepDeclared(["width"]).ShouldBe(["depth"], "what was empty is no loss");
        var saved = await schedules.EditAsync(actor, row.Id, new ScheduleEdit(form.ToSchedule(), row.Revision), default);

        JsonNode.Parse(saved.Parameters)!["width"]!.ToString().ShouldBe("4");
        ScheduleTargets.ParametersOf(saved).Count.ShouldBe(1);
        form.KeepDeclared(["width"]).ShouldBeEmpty();
        await schedules.DeleteAsync(actor, row.Id, default);
    }
}
