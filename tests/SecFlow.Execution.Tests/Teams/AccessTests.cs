using SecFlow.Data;
using SecFlow.Data.Audit;
using SecFlow.Data.Targets;
using SecFlow.Data.Teams;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Teams;
using SecFlow.TestKit;

namespace SecFlow.Execution.Tests.Teams;

public sealed class AccessTests
{
    [DatabaseData]
    public async Task Require_RoleAndScopeSuffice_PassesWithoutAnEvent(DatabaseKind kind)
    {
        await using var test = await TestDatabase.CreateAsync(kind);
        var (access, audit) = New(test);
        var actor = NewActor(TeamRole.Analyst);

        await access.RequireAsync(actor, Permission.StartRuns, actor.TeamId, "run/1", default);
        await access.RequireAsync(actor with { Kind = ActorKind.Token, Scopes = ["runs:write"] }, Permission.StartRuns, null, "run", default);

        (await audit.ListAsync(new AuditQuery(actor.TeamId))).Total.ShouldBe(0);
    }

    [DatabaseData]
    public async Task Require_RoleTooLow_IsRefusedAndAudited(DatabaseKind kind)
    {
        await using var test = await TestDatabase.CreateAsync(kind);
        var (access, audit) = New(test);
        var actor = NewActor(TeamRole.Viewer);

        var error = await Should.ThrowAsync<SecFlowException>(() => access.RequireAsync(actor, Permission.EditTargets, null, "target/7", default));

        error.Code.ShouldBe(Codes.RoleMissing);
        error.Diagnostics[0].Remedy!.ShouldContain("Admin");
        var row = (await audit.ListAsync(new AuditQuery(actor.TeamId))).Events.ShouldHaveSingleItem();
        (row.Outcome, row.ReasonCode, row.ResourceKind, row.ResourceId).ShouldBe((AuditOutcome.Denied, Codes.RoleMissing, "target", "7"));
    }

    [Fact]
    public async Task Require_TokenWithoutTheScope_IsRefusedAndAudited()
    {
        await using var test = await TestDatabase.CreateAsync();
        var (access, audit) = New(test);
        var actor = NewActor(TeamRole.Admin) with { Kind = ActorKind.Token, Scopes = ["runs:read"] };

        var error = await Should.ThrowAsync<SecFlowException>(() => access.RequireAsync(actor, Permission.StartRuns, null, "run", default));

        error.Code.ShouldBe(Codes.TokenScopeMissing);
        error.Message.ShouldContain("runs:write");
        (await audit.ListAsync(new AuditQuery(actor.TeamId))).Events.ShouldHaveSingleItem().ReasonCode.ShouldBe(Codes.TokenScopeMissing);
    }

    [Fact]
    public async Task Require_RowOfAnotherTeam_AnswersAsIfItWereNotThere()
    {
        await using var test = await TestDatabase.CreateAsync();
        var (access, audit) = New(test);
        var actor = NewActor(TeamRole.Admin);

        var error = await Should.ThrowAsync<SecFlowException>(() => access.RequireAsync(actor, Permission.ReadRuns, Guid.NewGuid(), "run/1", default));

        error.Diagnostics.ShouldHaveSingleItem().ShouldBe(Access.NotFound("run"));
        (await audit.ListAsync(new AuditQuery(actor.TeamId))).Events.ShouldHaveSingleItem().ReasonCode.ShouldBe(Codes.TeamMismatch);
    }

    [DatabaseData]
    public async Task RequireRow_OwnForeignAndMissing_ForeignAndMissingAnswerTheSame(DatabaseKind kind)
    {
        await using var test = await TestDatabase.CreateAsync(kind);
        var (access, audit) = New(test);
        var team = await new TeamStore(test.Database).CreateAsync(Actor.System(), "owner", "owner");
        var owner = NewActor(TeamRole.Admin) with { TeamId = team.Id };
        var stranger = NewActor(TeamRole.Admin);
        var target = await new TargetStore(test.Database).AddAsync(owner, new Target { Name = "shop", Value = "http://127.0.0.1/", AuthorisationReference = "ticket" });

        await access.RequireRowAsync(owner, Permission.EditTargets, "target", target.Id, default);
        var foreign = await Should.ThrowAsync<SecFlowException>(() => access.RequireRowAsync(stranger, Permission.EditTargets, "target", target.Id, default));
        var missing = await Should.ThrowAsync<SecFlowException>(() => access.RequireRowAsync(stranger, Permission.EditTargets, "target", Guid.NewGuid(), default));

        foreign.Message.ShouldBe(missing.Message);
        foreign.Code.ShouldBe(Codes.NotFound);
        (await audit.ListAsync(new AuditQuery(stranger.TeamId))).Events.ShouldHaveSingleItem().ReasonCode.ShouldBe(Codes.TeamMismatch);
    }

    private static (Access Access, AuditLog Audit) New(TestDatabase test)
    {
        var audit = new AuditLog(test.Database, AuditFiles.In(test.Folder));
        return (new Access(audit, new OwnerStore(test.Database)), audit);
    }

    private static Actor NewActor(TeamRole role) => new(ActorKind.User, Guid.NewGuid().ToString(), "ada", Guid.NewGuid(), role);
}
