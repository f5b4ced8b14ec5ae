using SecFlow.Data.Audit;
using SecFlow.Data.Teams;
using SecFlow.TestKit;

namespace SecFlow.Data.Tests.Teams;

public sealed class TeamStoreTests
{
    [DatabaseData]
    public async Task Create_SlugTaken_IsAConflict(DatabaseKind kind)
    {
        await using var test = await TestDatabase.CreateAsync(kind);
        var teams = new TeamStore(test.Database);
        var team = await teams.CreateAsync(Actor.System(), "payments", "Payments", isDemo: true);

        var error = await Should.ThrowAsync<ConflictException>(() => teams.CreateAsync(Actor.System(), "payments", "Other"));

        error.Message.ShouldContain("payments");
        (await teams.FindBySlugAsync("payments"))!.Id.ShouldBe(team.Id);
        (await teams.FindAsync(team.Id))!.IsDemo.ShouldBeTrue();
        (await teams.ListAllAsync()).ShouldHaveSingleItem();
    }

    [DatabaseData]
    public async Task SetMember_NewThenOtherRole_IsKeptAndAudited(DatabaseKind kind)
    {
        await using var test = await TestDatabase.CreateAsync(kind);
        var actor = await TestRows.NewTeamAsync(test);
        var (ada, bob) = (await TestRows.NewUserAsync(test), await TestRows.NewUserAsync(test, "bob"));
        var teams = new TeamStore(test.Database);

        await teams.SetMemberAsync(actor, ada.Id, TeamRole.Admin);
        await teams.SetMemberAsync(actor, bob.Id, TeamRole.Viewer);
        await teams.SetMemberAsync(actor, bob.Id, TeamRole.Analyst);
        await teams.SetMemberAsync(actor, bob.Id, TeamRole.Analyst);

        (await teams.MembersAsync(actor.TeamId)).ShouldBe([new TeamMember(ada.Id, "ada", TeamRole.Admin), new TeamMember(bob.Id, "bob", TeamRole.Analyst)]);
        (await teams.FindRoleAsync(actor.TeamId, bob.Id)).ShouldBe(TeamRole.Analyst);
        (await teams.ListOfUserAsync(bob.Id)).ShouldHaveSingleItem().Role.ShouldBe(TeamRole.Analyst);
        (await TestRows.ActionsAsync(test, actor)).ShouldBe(["create.team", "add.member", "add.member", "change.member"]);
    }

    [DatabaseData]
    public async Task LastAdmin_StepsDownOrLeaves_IsAConflict(DatabaseKind kind)
    {
        await using var test = await TestDatabase.CreateAsync(kind);
        var actor = await TestRows.NewTeamAsync(test);
        var (ada, bob) = (await TestRows.NewUserAsync(test), await TestRows.NewUserAsync(test, "bob"));
        var teams = new TeamStore(test.Database);
        await teams.SetMemberAsync(actor, ada.Id, TeamRole.Admin);

        await Should.ThrowAsync<ConflictException>(() => teams.SetMemberAsync(actor, ada.Id, TeamRole.Viewer));
        await Should.ThrowAsync<ConflictException>(() => teams.RemoveMemberAsync(actor, ada.Id));
        await teams.SetMemberAsync(actor, bob.Id, TeamRole.Admin);

        (await teams.RemoveMemberAsync(actor, ada.Id)).ShouldBeTrue();
        (await teams.RemoveMemberAsync(actor, ada.Id)).ShouldBeFalse();
        (await teams.FindRoleAsync(actor.TeamId, ada.Id)).ShouldBeNull();
    }
}
