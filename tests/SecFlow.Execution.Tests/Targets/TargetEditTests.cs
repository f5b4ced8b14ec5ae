using SecFlow.Data;
using SecFlow.Data.Audit;
using SecFlow.Data.Targets;
using SecFlow.Data.Teams;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Targets;
using SecFlow.TestKit;

namespace SecFlow.Execution.Tests.Targets;

/// <summary>Changing a target: what is wider is a new authorisation, what somebody else changed is not overwritten, everything is audited.</summary>
public sealed class TargetEditTests
{
    private static readonly NewTarget _shop = new("shop", TargetKind.Url, "https://app.example/", "ticket 1", new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero))
    {
        Ports = "8443",
        Windows = "deny Mon 10:00-11:00 UTC",
    };

    public static TheoryData<string, bool> Changes() => new()
    {
        { "name", false }, { "tags", false }, { "owner", false }, { "agent", false }, { "fewer ports", false }, { "slower", false }, { "gentler", false }, { "sooner", false }, { "further deny", false },
        { "value", true }, { "kind", true }, { "more ports", true }, { "faster", true }, { "harder", true }, { "later", true }, { "for ever", true }, { "no deny", true },
    };

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task Edit_WithoutSayingSo_OnlyNarrows(string what, bool widens)
    {
        await using var world = await TargetWorld.CreateAsync();
        var row = await world.Service.AddAsync(world.Admin, _shop, default);
        world.Advance(TimeSpan.FromHours(1));
        var boss = world.Admin with { Id = "u-2", Name = "bob" };

        if (widens)
        {
            var refused = await Should.ThrowAsync<SecFlowException>(() => world.Service.EditAsync(boss, row.Id, new TargetEdit(Changed(what), 1, Authorise: false), default));
            refused.Code.ShouldBe(Codes.NewAuthorisationNeeded);
            refused.Diagnostics[0].Path.ShouldBe("authorise");
            (await world.Service.GetAsync(boss, row.Id, default)).Revision.ShouldBe(1);
        }

        var edited = await world.Service.EditAsync(boss, row.Id, new TargetEdit(Changed(what) with { AuthorisationReference = "ticket 2" }, 1, Authorise: widens), default);

        edited.Revision.ShouldBe(2);
        (edited.AuthorisedBy, edited.AuthorisationReference).ShouldBe(widens ? ("bob", "ticket 2") : ("ada", "ticket 1"), "who only narrows authorises nothing");
        edited.AuthorisedFrom.ShouldBe(widens ? world.Now : row.AuthorisedFrom);
        var e = (await world.EventsAsync(widens ? "authorise.target" : "edit.target")).ShouldHaveSingleItem();
        var text = System.Text.Encoding.UTF8.GetString(e.Canonical);
        text.ShouldContain("\"before\"");
        text.ShouldContain("\"after\"");
        text.Contains("widened", StringComparison.Ordinal).ShouldBe(widens);
    }

    [DatabaseData]
    public async Task Edit_OfARevisionThatIsGone_ChangesNothing(DatabaseKind kind)
    {
        await using var world = await TargetWorld.CreateAsync(kind);
        var row = await world.Service.AddAsync(world.Admin, _shop, default);
        await world.Service.EditAsync(world.Admin, row.Id, new TargetEdit(_shop with { Tags = "first" }, 1, false), default);

        (await Should.ThrowAsync<SecFlowException>(() => world.Service.EditAsync(world.Admin, row.Id, new TargetEdit(_shop with { Tags = "second" }, 1, false), default))).Code.ShouldBe(Codes.TargetChanged);
        (await world.Targets.EditAsync(world.Admin, row.Id, 1, target => target.Tags = "third", [])).ShouldBeNull("the store looks again in its transaction");

        (await world.Service.GetAsync(world.Admin, row.Id, default)).Tags.ShouldBe("first");
    }

    [DatabaseData]
    public async Task Edit_AtTheSameTime_OneWins(DatabaseKind kind)
    {
        await using var world = await TargetWorld.CreateAsync(kind);
        var row = await world.Service.AddAsync(world.Admin, _shop, default);

        var results = await Task.WhenAll(Enumerable.Range(0, 4).Select(i => world.Targets.EditAsync(world.Admin, row.Id, 1, target => target.Tags = "t" + i, [])));

        results.Count(result => result is not null).ShouldBe(1);
        (await world.Service.GetAsync(world.Admin, row.Id, default)).Revision.ShouldBe(2);
    }

    [Fact]
    public async Task Edit_ByOthers_IsRefused()
    {
        await using var world = await TargetWorld.CreateAsync();
        var row = await world.Service.AddAsync(world.Admin, _shop, default);
        await world.Service.AddAsync(world.Admin, _shop with { Name = "other", Value = "https://other.example/" }, default);
        var edit = new TargetEdit(_shop with { Tags = "x" }, 1, true);

        (await Should.ThrowAsync<SecFlowException>(() => world.Service.EditAsync(world.Admin with { Role = TeamRole.Analyst }, row.Id, edit, default))).Code.ShouldBe(Codes.RoleMissing);
        (await Should.ThrowAsync<SecFlowException>(() => world.Service.EditAsync(world.Admin with { TeamId = Guid.NewGuid() }, row.Id, edit, default))).Code.ShouldBe(Codes.NotFound);
        (await Should.ThrowAsync<SecFlowException>(() => world.Service.GetAsync(world.Admin with { TeamId = Guid.NewGuid() }, row.Id, default))).Code.ShouldBe(Codes.NotFound);
        (await Should.ThrowAsync<SecFlowException>(() => world.Service.EditAsync(world.Admin with { Scopes = ["targets:read"] }, row.Id, edit, default))).Code.ShouldBe(Codes.TokenScopeMissing);
        (await Should.ThrowAsync<SecFlowException>(() => world.Service.EditAsync(world.Admin, row.Id, edit with { Target = _shop with { Name = "other" } }, default))).Code.ShouldBe(Codes.Conflict);
        (await Should.ThrowAsync<SecFlowException>(() => world.Service.EditAsync(world.Admin, row.Id, edit with { Target = _shop with { Value = "ftp://x", Ports = "0" } }, default))).Diagnostics.Count.ShouldBe(2);
        await world.Service.ArchiveAsync(world.Admin, row.Id, default);
        (await Should.ThrowAsync<SecFlowException>(() => world.Service.EditAsync(world.Admin, row.Id, edit with { Revision = 2 }, default))).Code.ShouldBe(Codes.Conflict);
    }

    [Fact]
    public void Lesser_OfWhatChangedSince_OnlyNarrows()
    {
        var now = DateTimeOffset.UnixEpoch.AddYears(60);
        var row = new Target { Id = Guid.NewGuid(), Name = "n", Kind = TargetKind.Host, Value = "h.example", Ports = "80 443", MaxIntrusiveness = Intrusiveness.Intrusive, RequestsPerSecond = 20, AuthorisedFrom = now.AddDays(-9), Revision = 1 };
        var pinned = ScopedTarget.Of(row);
        LiveTargets.Lesser(pinned, row, now).ShouldBeSameAs(pinned);
        LiveTargets.Lesser(pinned, null, now).ShouldBeSameAs(pinned);

        row.Revision = 2;
        (row.Ports, row.MaxIntrusiveness, row.RequestsPerSecond, row.AuthorisedUntil, row.Windows) = ("443 8443", Intrusiveness.Safe, 50, now.AddDays(1), "deny daily 00:00-24:00 UTC");
        var less = LiveTargets.Lesser(pinned, row, now);
        less.Ports.ShouldBe([443]);
        (less.MaxIntrusiveness, less.RequestsPerSecond, less.AuthorisedUntil).ShouldBe((Intrusiveness.Safe, 20, now.AddDays(1)));
        less.RefusalAt(now)!.Code.ShouldBe(Codes.OutsideWindow);

        row.Ports = "8443";
        LiveTargets.Lesser(pinned, row, now).RefusalAt(now)!.Code.ShouldBe(Codes.AuthorisationLapsed, "no port is left: not all ports");
        (row.Ports, row.Windows, row.Value) = ("80 443", "", "other.example");
        LiveTargets.Lesser(pinned, row, now).RefusalAt(now)!.Code.ShouldBe(Codes.AuthorisationLapsed);
        (row.Value, row.ArchivedAt) = ("h.example", now);
        LiveTargets.Lesser(pinned, row, now).RefusalAt(now)!.Code.ShouldBe(Codes.AuthorisationLapsed);
    }

    private static NewTarget Changed(string what) => what switch
    {
        "name" => _shop with { Name = "shop 2" },
        "tags" => _shop with { Tags = "web" },
        "owner" => _shop with { Owner = "Shop team" },
        "agent" => _shop with { UserAgent = "Example-Security" },
        "fewer ports" => _shop with { Ports = "" },
        "slower" => _shop with { RequestsPerSecond = 5 },
        "gentler" => _shop with { MaxIntrusiveness = Intrusiveness.Passive },
        "sooner" => _shop with { AuthorisedUntil = _shop.AuthorisedUntil!.Value.AddDays(-1) },
        "further deny" => _shop with { Windows = _shop.Windows + "\ndeny Tue 10:00-11:00 UTC" },
        "value" => _shop with { Value = "https://other.example/" },
        "kind" => _shop with { Kind = TargetKind.Host, Value = "app.example" },
        "more ports" => _shop with { Ports = "8443 9443" },
        "faster" => _shop with { RequestsPerSecond = 11 },
        "harder" => _shop with { MaxIntrusiveness = Intrusiveness.Intrusive },
        "later" => _shop with { AuthorisedUntil = _shop.AuthorisedUntil!.Value.AddDays(1) },
        "for ever" => _shop with { AuthorisedUntil = null },
        "no deny" => _shop with { Windows = "" },
        _ => throw new ArgumentOutOfRangeException(nameof(what)),
    };
}
