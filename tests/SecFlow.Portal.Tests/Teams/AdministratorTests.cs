using Microsoft.Extensions.DependencyInjection;
using SecFlow.Data.Audit;
using SecFlow.Data.Teams;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Teams;
using SecFlow.PortalKit;

namespace SecFlow.Portal.Tests.Teams;

public sealed class AdministratorTests
{
    [Fact]
    public async Task Removed_FirstAdministrator_StaysRemovedAfterARestart_AndMayNotAppoint()
    {
        var app = await SecFlowApplication.StartAsync();
        var bob = await app.AddUserAsync("bob", await app.TeamAsync(), TeamRole.Viewer);
        var service = app.Services.GetRequiredService<AdministratorService>();
        var admin = (await app.Teams.ListUsersAsync()).Single(user => user.Administers);
        var (asAdmin, asBob) = (await ActorAsync(app, admin.Id, admin.Name), await ActorAsync(app, bob.Id, "bob"));
        (await service.ListAsync(asBob, default)).ShouldHaveSingleItem().Teams.ShouldBeEmpty("who administers is told, not who else there is");
        (await Should.ThrowAsync<SecFlowException>(() => service.SetAsync(asBob, bob.Id, true, default))).Code.ShouldBe(Codes.RoleMissing);
        (await Should.ThrowAsync<SecFlowException>(() => service.SetAsync(asAdmin, Guid.NewGuid(), true, default))).Code.ShouldBe(Codes.NotFound);

        await service.SetAsync(asAdmin, bob.Id, true, default);
        await service.SetAsync(asAdmin, admin.Id, false, default);
        (await Should.ThrowAsync<SecFlowException>(async () => await service.SetAsync(await ActorAsync(app, bob.Id, "bob"), bob.Id, false, default))).Code.ShouldBe(Codes.Conflict);
        await app.StopAsync();

        await using var again = await SecFlowApplication.StartAsync(dataFolder: app.DataFolder);
        (await again.Teams.ListUsersAsync()).Single(user => user.Administers).Name.ShouldBe("bob");
        using var browser = await again.SignInAsync();
        var html = (await browser.GetAsync("/administrators")).Html;
        html.ShouldContain("bob");
        html.ShouldContain("Ask one of them");
        (await again.Audit.ListAsync(new AuditQuery((await again.TeamAsync()).Id) { Action = "refuse.access" })).Events.ShouldContain(e => e.ResourceKind == "user" && e.ReasonCode == Codes.RoleMissing);
    }

    private static async Task<Actor> ActorAsync(SecFlowApplication app, Guid id, string name) =>
        new(ActorKind.User, id.ToString(), name, (await app.TeamAsync()).Id, TeamRole.Viewer) { OfInstallation = await app.Teams.AdministersAsync(id) };
}
