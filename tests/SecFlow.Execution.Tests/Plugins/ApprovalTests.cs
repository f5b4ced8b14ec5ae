using System.Text;
using SecFlow.Data.Audit;
using SecFlow.Data.Plugins;
using SecFlow.Data.Teams;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;

namespace SecFlow.Execution.Tests.Plugins;

/// <summary>Enforcement points 1 and 2: what it takes until a plugin may run.</summary>
public sealed class ApprovalTests
{
    [Fact]
    public async Task Approval_OfANewSignerWithOneAdministrator_IsSoloWithItsReason_AndTheNextTakesOne()
    {
        await using var world = await PluginWorld.CreateAsync();
        var first = await SubmitAsync(world, PluginWorld.Files());
        (await Should.ThrowAsync<SecFlowException>(() => world.Registry.ChangeStateAsync(world.Admin, first.Id, PluginState.Approved, " ", default))).Code.ShouldBe(Codes.TypedReasonNeeded);

        var approved = await world.Registry.ChangeStateAsync(world.Admin, first.Id, PluginState.Approved, "known from the old portal", default);

        (approved.State, approved.Approval, approved.ApprovalReason).ShouldBe((PluginState.Approved, ApprovalKind.Solo, "known from the old portal"));
        var events = await world.EventsAsync("approve.plugin");
        events.Select(e => (e.Outcome, e.ReasonCode)).ShouldBe([(AuditOutcome.Allowed, null), (AuditOutcome.Denied, Codes.TypedReasonNeeded)], ignoreOrder: true);
        var told = Encoding.UTF8.GetString(events.Single(e => e.Outcome == AuditOutcome.Allowed).Canonical);
        told.ShouldContain("\"approval\":\"solo\"");
        told.ShouldContain("\"network\":");

        var second = await SubmitAsync(world, PluginWorld.Files(version: "1.0.1"));
        (await world.Registry.ChangeStateAsync(world.Admin, second.Id, PluginState.Approved, "the same signer", default)).Approval.ShouldBe(ApprovalKind.One);
    }

    [Fact]
    public async Task Approval_WithTwoAdministrators_TakesTwoPersons_AndATokenIsItsMakersHand()
    {
        await using var world = await PluginWorld.CreateAsync();
        await world.AddAdministratorsAsync("ada", "bob");
        var ada = world.Admin with { Name = "ada", Person = "ada" };
        var row = await SubmitAsync(world, PluginWorld.Files());

        row = await world.Registry.ChangeStateAsync(ada, row.Id, PluginState.Approved, "looked at it", default);

        (row.State, row.FirstApprovalBy).ShouldBe((PluginState.Submitted, "ada"));
        var again = await Should.ThrowAsync<SecFlowException>(() => world.Registry.ChangeStateAsync(ada, row.Id, PluginState.Approved, "me again", default));
        (again.Code, again.Diagnostics[0].Rule).ShouldBe((Codes.SecondPersonNeeded, "approval.second-person"));
        var token = ada with { Kind = ActorKind.Token, Name = "ci", Scopes = ["plugins:write"] };
        (await Should.ThrowAsync<SecFlowException>(() => world.Registry.ChangeStateAsync(token, row.Id, PluginState.Approved, "by my token", default))).Code.ShouldBe(Codes.SecondPersonNeeded);
        (await Should.ThrowAsync<SecFlowException>(() => world.Registry.ChangeStateAsync(ada, row.Id, PluginState.Enabled, "anyway", default))).Code.ShouldBe(Codes.Conflict);

        row = await world.Registry.ChangeStateAsync(world.Admin with { Name = "bob", Person = "bob" }, row.Id, PluginState.Approved, "I agree", default);

        (row.State, row.Approval, row.FirstApprovalBy, row.ApprovedBy).ShouldBe((PluginState.Approved, ApprovalKind.Two, "ada", "bob"));
        (await world.EventsAsync("approve.plugin")).Count(e => e.Outcome == AuditOutcome.Denied && e.ReasonCode == Codes.SecondPersonNeeded).ShouldBe(2);
    }

    [Fact]
    public async Task Rejection_ForgetsTheFirstApproval()
    {
        await using var world = await PluginWorld.CreateAsync();
        await world.AddAdministratorsAsync("ada", "bob");
        var row = await SubmitAsync(world, PluginWorld.Files());
        await world.Registry.ChangeStateAsync(world.Admin with { Person = "ada" }, row.Id, PluginState.Approved, "looked at it", default);

        await world.Registry.ChangeStateAsync(world.Admin, row.Id, PluginState.Rejected, "no", default);

        row = await world.Registry.ChangeStateAsync(world.Admin, row.Id, PluginState.Submitted, "again", default);
        row.FirstApprovalBy.ShouldBeNull();
    }

    private static async Task<PluginVersion> SubmitAsync(PluginWorld world, Dictionary<string, byte[]> files) =>
        await world.Registry.ChangeStateAsync(world.Admin, (await world.InstallSignedAsync(files)).Id, PluginState.Submitted, "please", default);
}
