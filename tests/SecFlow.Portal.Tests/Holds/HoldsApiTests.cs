using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using SecFlow.Data.Audit;
using SecFlow.Data.Holds;
using SecFlow.Data.Teams;
using SecFlow.Execution.Holds;
using SecFlow.PortalKit;
using SecFlow.Portal.Live;

namespace SecFlow.Portal.Tests.Holds;

public sealed class HoldsApiTests
{
    [Fact]
    public async Task Hold_ByApi_IsListedShownOnEveryPageAndResumed()
    {
        await using var app = await SecFlowApplication.StartAsync();
        var main = await app.TeamAsync();
        await app.AddUserAsync("vera", main, TeamRole.Viewer);
        var other = await app.AddTeamAsync("other");
        await app.AddUserAsync("oda", other, TeamRole.Admin);
        using var api = app.ApiClient(await app.AddTokenAsync(main, TeamRole.Admin, "holds:write", "runs:read"));

        (await RefusedAsync(await api.PostAsJsonAsync("api/v1/holds", new { kind = "stop", reason = "an intruder", confirm = "yes" }))).ShouldBe((HttpStatusCode.BadRequest, "SF1501"));
        (await RefusedAsync(await api.PostAsJsonAsync("api/v1/holds", new { kind = "stop", reach = "installation", reason = "an intruder", confirm = "installation" }))).ShouldBe((HttpStatusCode.Forbidden, "SF3001"));
        (await RefusedAsync(await api.PostAsJsonAsync("api/v1/holds", new { reason = "no kind" }))).ShouldBe((HttpStatusCode.BadRequest, "SF1501"));
        (await RefusedAsync(await api.PostAsJsonAsync("api/v1/holds/resume", new { reason = "nothing" }))).ShouldBe((HttpStatusCode.Conflict, "SF1503"));
        var made = await api.PostAsJsonAsync("api/v1/holds", new { kind = "stop", reach = "team", reason = "an intruder", confirm = "main" });
        made.StatusCode.ShouldBe(HttpStatusCode.Created);

        var listed = (await api.GetFromJsonAsync<JsonElement>("api/v1/holds")).GetProperty("items")[0];
        (listed.GetProperty("kind").GetString(), listed.GetProperty("reach").GetString(), listed.GetProperty("standing").GetBoolean(), listed.GetProperty("reason").GetString()).ShouldBe(("stop", "team", true, "an intruder"));
        await UntilAsync(() => app.Services.GetRequiredService<HoldFeed>().Of(main.Id).Count == 1);
        using var vera = await app.SignInAsync("vera");
        foreach (var path in new[] { "/", "/runs", "/security" })
        {
            var html = (await vera.GetAsync(path)).Html;
            html.ShouldContain("All work of this team is stopped.");
            html.ShouldContain("an intruder");
        }

        using var oda = await app.SignInAsync("oda");
        (await oda.GetAsync("/security")).Html.ShouldNotContain("an intruder");

        (await api.PostAsJsonAsync("api/v1/holds/resume", new { reach = "team", reason = "looked at" })).StatusCode.ShouldBe(HttpStatusCode.OK);
        await UntilAsync(() => app.Services.GetRequiredService<HoldFeed>().Of(main.Id).Count == 0);
        (await vera.GetAsync("/")).Html.ShouldNotContain("is stopped");
    }

    [Fact]
    public async Task Hold_OfTheInstallation_TakesATokenThatItsAdministratorMade()
    {
        await using var app = await SecFlowApplication.StartAsync();
        var main = await app.TeamAsync();
        var tokens = app.Services.GetRequiredService<TokenStore>();
        var admin = new Actor(ActorKind.User, Guid.NewGuid().ToString(), "ana", main.Id, TeamRole.Admin);
        var wanted = new NewToken("all", ["installation:write"], TeamRole.Viewer, app.Time.GetUtcNow().AddDays(1));
        (await Should.ThrowAsync<Data.ConflictException>(() => tokens.CreateAsync(admin, wanted))).Message.ShouldContain("administrator of the installation");
        using var api = app.ApiClient((await tokens.CreateAsync(admin with { OfInstallation = true }, wanted)).Text);

        (await api.PostAsJsonAsync("api/v1/holds", new { kind = "drain", reach = "installation", reason = "maintenance" })).StatusCode.ShouldBe(HttpStatusCode.Created);

        var hold = (await app.Services.GetRequiredService<HoldStore>().ListStandingAsync()).ShouldHaveSingleItem();
        (hold.OfInstallation, hold.Kind).ShouldBe((true, HoldKind.Drain));
        (await app.Audit.ListAsync(new AuditQuery(main.Id) { Installation = true, Action = "drain.work" })).Events.ShouldHaveSingleItem().TeamId.ShouldBeNull();
        (await api.PostAsJsonAsync("api/v1/holds/resume", new { reach = "installation", reason = "done" })).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Hold_BegunByAnotherProcess_IsNoticedByThePages()
    {
        await using var app = await SecFlowApplication.StartAsync();
        var main = await app.TeamAsync();
        var feed = app.Services.GetRequiredService<HoldFeed>();
        var told = 0;
        using var subscription = feed.Subscribe(() =>
        {
            Interlocked.Increment(ref told);
            return Task.CompletedTask;
        });

        await app.Services.GetRequiredService<HoldStore>().BeginAsync(Actor.System(main.Id), main.Id, HoldKind.Drain, "from elsewhere");

        await UntilAsync(() => Volatile.Read(ref told) == 1);
        feed.Of(main.Id).ShouldHaveSingleItem().Reason.ShouldBe("from elsewhere");
        feed.Of(Guid.NewGuid()).ShouldBeEmpty();
    }

    private static async Task<(HttpStatusCode Status, string Code)> RefusedAsync(HttpResponseMessage answer) =>
        (answer.StatusCode, (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("code").GetString()!);

    private static async Task UntilAsync(Func<bool> holds)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (!holds())
        {
            await Task.Delay(50, limit.Token);
        }
    }
}
