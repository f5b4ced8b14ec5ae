using SecFlow.Data.Audit;
using SecFlow.Data.Plugins;
using SecFlow.Data.Targets;
using SecFlow.Data.Teams;
using SecFlow.TestKit;

namespace SecFlow.Data.Tests;

/// <summary>Minimal valid rows and people of tests.</summary>
internal static class TestRows
{
    /// <summary>A new team and an admin who acts for it.</summary>
    public static async Task<Actor> NewTeamAsync(TestDatabase test, string slug = "payments")
    {
        var team = await new TeamStore(test.Database).CreateAsync(Actor.System(), slug, slug);
        return new Actor(ActorKind.User, Guid.NewGuid().ToString(), "ada", team.Id, TeamRole.Admin);
    }

    public static async Task<User> NewUserAsync(TestDatabase test, string name = "ada")
    {
        var user = new User { Id = Guid.NewGuid(), UserName = name, NormalizedUserName = name.ToUpperInvariant() };
        await test.Database.WriteAsync(write =>
        {
            write.Db.Users.Add(user);
            return Task.CompletedTask;
        });
        return user;
    }

    public static Target Target(string name = "shop") => new() { Name = name, Kind = TargetKind.Url, Value = "http://127.0.0.1:8081/", AuthorisationReference = "ticket 1" };

    public static PluginVersion Plugin(Guid team, string digest = "1", string id = "scan.web-baseline") => new()
    {
        TeamId = team,
        PluginId = id,
        Version = "1.0.0",
        Aliases = "scan.baseline scan.web",
        Digest = "sha256:" + digest.PadLeft(64, '0'),
        TrustState = "Unsigned",
    };

    public static async Task<IReadOnlyList<string>> ActionsAsync(TestDatabase test, Actor actor) =>
        [.. (await new AuditLog(test.Database, AuditFiles.In(test.Folder)).ListAsync(new AuditQuery(actor.TeamId) { Take = 500 })).Events.Reverse().Select(row => row.Action)];
}
