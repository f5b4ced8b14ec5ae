using Microsoft.EntityFrameworkCore;
using SecFlow.Data.Teams;
using SecFlow.TestKit;

namespace SecFlow.Data.Tests.Teams;

public sealed class TokenStoreTests
{
    private static readonly TestTime Time = new();

    [DatabaseData]
    public async Task Create_Text_IsNowhereInTheDatabase(DatabaseKind kind)
    {
        await using var test = await TestDatabase.CreateAsync(kind);
        var actor = await TestRows.NewTeamAsync(test);

        var (token, text) = await new TokenStore(test.Database).CreateAsync(actor, Valid());

        text.ShouldMatch("^sf_[A-Za-z0-9_-]{43}$");
        token.TokenHash.ShouldNotContain(text);
        var canonical = await test.Database.ReadAsync(db => db.AuditEvents.Select(row => row.Canonical).ToListAsync());
        var secret = text[3..];
        canonical.ShouldAllBe(bytes => !System.Text.Encoding.UTF8.GetString(bytes).Contains(secret, StringComparison.Ordinal));
    }

    [DatabaseData]
    public async Task Find_Text_AnswersOnlyWhileValid(DatabaseKind kind)
    {
        var time = new TestTime();
        await using var test = await TestDatabase.CreateAsync(kind, time);
        var actor = await TestRows.NewTeamAsync(test);
        var tokens = new TokenStore(test.Database);
        var (token, text) = await tokens.CreateAsync(actor, Valid());
        var (revoked, revokedText) = await tokens.CreateAsync(actor, Valid());

        (await tokens.FindAsync(text))!.Scopes.ShouldBe("runs:read runs:write");
        (await tokens.FindAsync(text + "x")).ShouldBeNull();
        (await tokens.FindAsync(text[3..])).ShouldBeNull();
        (await tokens.FindAsync("")).ShouldBeNull();
        (await tokens.FindAsync("sf_" + new string('a', 1_000_000))).ShouldBeNull();
        (await tokens.RevokeAsync(actor, revoked.Id)).ShouldBeTrue();
        (await tokens.RevokeAsync(actor, revoked.Id)).ShouldBeFalse();
        (await tokens.FindAsync(revokedText)).ShouldBeNull();
        time.Advance(TimeSpan.FromDays(31));
        (await tokens.FindAsync(text)).ShouldBeNull();
        (await tokens.ListAsync(actor.TeamId)).Select(row => row.Id).ShouldBe([token.Id, revoked.Id], ignoreOrder: true);
    }

    [DatabaseData]
    public async Task Touch_WithinAMinute_WritesOnce(DatabaseKind kind)
    {
        var time = new TestTime();
        await using var test = await TestDatabase.CreateAsync(kind, time);
        var actor = await TestRows.NewTeamAsync(test);
        var tokens = new TokenStore(test.Database);
        var (_, text) = await tokens.CreateAsync(actor, Valid());
        var first = time.GetUtcNow();

        await tokens.TouchAsync((await tokens.FindAsync(text))!);
        time.Advance(TimeSpan.FromSeconds(30));
        await tokens.TouchAsync((await tokens.FindAsync(text))!);
        (await tokens.FindAsync(text))!.LastUsedAt.ShouldBe(first);
        time.Advance(TimeSpan.FromSeconds(31));
        await tokens.TouchAsync((await tokens.FindAsync(text))!);

        (await tokens.FindAsync(text))!.LastUsedAt.ShouldBe(time.GetUtcNow());
    }

    [DatabaseData]
    public async Task Create_MoreThanItsMaker_IsAConflict(DatabaseKind kind)
    {
        await using var test = await TestDatabase.CreateAsync(kind);
        var analyst = await TestRows.NewTeamAsync(test) with { Role = TeamRole.Analyst };
        var tokens = new TokenStore(test.Database);

        await Should.ThrowAsync<ConflictException>(() => tokens.CreateAsync(analyst, Valid() with { Role = TeamRole.Admin }));
        await Should.ThrowAsync<ConflictException>(() => tokens.CreateAsync(analyst, Valid() with { ExpiresAt = Time.GetUtcNow() }));

        (await tokens.ListAsync(analyst.TeamId)).ShouldBeEmpty();
    }

    private static NewToken Valid() => new("ci", ["runs:read", "runs:write"], TeamRole.Analyst, Time.GetUtcNow().AddDays(30));
}
