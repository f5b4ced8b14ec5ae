using SecFlow.Data.Audit;
using SecFlow.Data.Teams;
using SecFlow.TestKit;

namespace SecFlow.Data.Tests.Teams;

public sealed class SignInLinkStoreTests
{
    [DatabaseData]
    public async Task Use_TenAtOnce_ExactlyOneSucceeds(DatabaseKind kind)
    {
        await using var test = await TestDatabase.CreateAsync(kind);
        var user = await TestRows.NewUserAsync(test);
        var links = new SignInLinkStore(test.Database);
        var text = await links.CreateAsync(Actor.System(), user.Id, TimeSpan.FromMinutes(15));

        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => Task.Run(() => links.UseAsync(text, "127.0.0.1"))));

        answers.Where(answer => answer is not null).ShouldHaveSingleItem().ShouldBe(user.Id);
    }

    [DatabaseData]
    public async Task Use_ExpiredOrUnknown_IsRefused(DatabaseKind kind)
    {
        var time = new TestTime();
        await using var test = await TestDatabase.CreateAsync(kind, time);
        var user = await TestRows.NewUserAsync(test);
        var links = new SignInLinkStore(test.Database);
        var text = await links.CreateAsync(Actor.System(), user.Id, TimeSpan.FromMinutes(15));

        (await links.UseAsync("unknown", null)).ShouldBeNull();
        time.Advance(TimeSpan.FromMinutes(15));
        (await links.UseAsync(text, null)).ShouldBeNull();
    }
}
