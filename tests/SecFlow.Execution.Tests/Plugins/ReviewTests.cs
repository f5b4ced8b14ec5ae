using System.Text;
using SecFlow.Data.Plugins;
using SecFlow.Data.Teams;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Plugins.Review;
using SecFlow.Execution.Teams;
using static SecFlow.Execution.Tests.Plugins.SubmissionTests;

namespace SecFlow.Execution.Tests.Plugins;

/// <summary>What reviewers see and say.</summary>
public sealed class ReviewTests
{
    [Fact]
    public async Task Review_OfANewVersion_ShowsWhatItAsksForMoreAndEveryFile()
    {
        await using var world = await PluginWorld.CreateAsync();
        using var key = await TrustAsync(world, "team-key");
        var reviews = Reviews(world);
        var old = await EnableAsync(world, PluginWorld.Files(manifest: "permissions: { network: none }\n"), key);
        (await reviews.GetAsync(world.Admin, old.Id, default)).NoDifference.ShouldNotBeNull();

        var files = PluginWorld.Files(version: "1.1.0", manifest: "permissions: { network: targets, secrets: [api-token] }\ntools: [ { name: nmap } ]\n", script: "module.exports = { execute: function (ctx) { ctx.log.info('hello\u202e'); } };");
        files.Remove("README.md");
        files["fixtures/b.bin"] = [0, 1, 2];
        var now = await SubmitAsync(world, files, key);
        var review = await reviews.GetAsync(world.Admin, now.Id, default);

        (review.Refusal, review.TwoPersons, review.Solo, review.Verdict!.State).ShouldBe((null, null, true, SecFlow.Execution.Trust.TrustState.Verified));
        var difference = review.Difference!;
        difference.Against.Id.ShouldBe(old.Id);
        difference.Manifest.Where(c => c.Widens).Select(c => (c.Key, c.Before, c.After)).ShouldBe(
            [("permissions.network", "none", "targets"), ("permissions.secrets: api-token", null, "yes"), ("tools: nmap", null, "any version")]);
        difference.Manifest.Single(c => c.Key == "version").Widens.ShouldBeFalse();
        difference.Files.Select(f => (f.Path, f.Before is null, f.After is null, f.Lines is null)).ShouldBe(
            [("README.md", false, true, false), ("fixtures/b.bin", true, false, true), ("index.js", false, false, false), ("plugin.yaml", false, false, false)]);
        var script = difference.Files.Single(f => f.Path == "index.js").Lines!;
        script.Lines.Single(l => l.Kind == LineKind.Added).Text.ShouldContain("hello<U+202E>");
        review.Next.ShouldContain(PluginState.Approved);
        review.Versions.Select(v => v.Version).ShouldBe(["1.1.0", "1.0.0"], ignoreOrder: true);
        (await reviews.FileAsync(world.Admin, now.Id, "index.js", default)).Text!.ShouldContain("<U+202E>");
        (await reviews.FileAsync(world.Admin, now.Id, "fixtures/b.bin", default)).Text.ShouldBeNull();
        (await Should.ThrowAsync<SecFlowException>(() => reviews.FileAsync(world.Admin, now.Id, "../../trust/team-key.pub", default))).Code.ShouldBe(Codes.NotFound);

        await File.WriteAllTextAsync(Path.Combine(world.Folder(old), "index.js"), "changed");
        (await reviews.GetAsync(world.Admin, now.Id, default)).NoDifference!.ShouldContain("not those");
        Directory.Delete(world.Folder(now), recursive: true);
        var gone = await reviews.GetAsync(world.Admin, now.Id, default);
        (gone.Refusal!.Code, gone.Files.Count, gone.Verdict).ShouldBe((Codes.Tampered, 0, null));
    }

    [Fact]
    public async Task Comment_IsKeptAndAudited_ForAnalysts()
    {
        await using var world = await PluginWorld.CreateAsync();
        using var key = await TrustAsync(world, "team-key");
        var reviews = Reviews(world);
        var row = await SubmitAsync(world, PluginWorld.Files(), key);
        world.Time.Advance(TimeSpan.FromMinutes(1));
        var ana = world.Admin with { Name = "ana", Person = "ana", Role = TeamRole.Analyst };

        await reviews.CommentAsync(ana, row.Id, " why does it need that? ", default);

        (await reviews.GetAsync(ana with { Role = TeamRole.Viewer }, row.Id, default)).Comments[^1].ShouldSatisfyAllConditions(c => c.Author.ShouldBe("ana"), c => c.Text.ShouldBe("why does it need that?"), c => c.State.ShouldBeNull());
        (await world.EventsAsync("comment.plugin")).ShouldHaveSingleItem();
        (await Should.ThrowAsync<SecFlowException>(() => reviews.CommentAsync(ana with { Role = TeamRole.Viewer }, row.Id, "x", default))).Code.ShouldBe(Codes.RoleMissing);
        (await Should.ThrowAsync<SecFlowException>(() => reviews.CommentAsync(ana, row.Id, " ", default))).Code.ShouldBe(Codes.RequestInvalid);
        (await Should.ThrowAsync<SecFlowException>(() => reviews.CommentAsync(ana, row.Id, new string('x', 2001), default))).Code.ShouldBe(Codes.RequestInvalid);
        (await Should.ThrowAsync<SecFlowException>(() => reviews.GetAsync(ana, Guid.NewGuid(), default))).Code.ShouldBe(Codes.NotFound);
    }

    [Fact]
    public void Lines_OfRandomTexts_ChangeAsLittleAsPossible_AndSayTheTruth()
    {
        var random = new Random(7);
        for (var round = 0; round < 400; round++)
        {
            string[] Make() => [.. Enumerable.Range(0, random.Next(0, 14)).Select(_ => ((char)('a' + random.Next(0, 4))).ToString())];
            var (old, now) = (Make(), Make());

            var diff = LineDiff.Of(Text(old), Text(now));

            var common = Common(old, now);
            (diff.Removed, diff.Added, diff.Complete).ShouldBe((old.Length - common, now.Length - common, true), $"{Text(old)}|{Text(now)}");
            foreach (var line in diff.Lines)
            {
                if (line.Old is { } before)
                {
                    line.Text.ShouldBe(old[before - 1]);
                }

                if (line.New is { } after)
                {
                    line.Text.ShouldBe(now[after - 1]);
                }
            }
        }
    }

    [Fact]
    public void Lines_ThatAreTooManyOrTooLong_AreCutAndItIsSaid()
    {
        string Numbered(string word) => string.Concat(Enumerable.Range(0, 3000).Select(i => $"{word} {i}\n"));
        LineDiff.Of(Numbered("a"), Numbered("b")).ShouldSatisfyAllConditions(d => d.Complete.ShouldBeFalse(), d => d.Lines.ShouldBeEmpty());
        var many = LineDiff.Of("", string.Concat(Enumerable.Range(0, 900).Select(i => $"{i}\n")));
        (many.Lines.Count, many.Added, many.Complete).ShouldBe((LineDiff.MostShown, 900, false));
        LineDiff.Of("", new string('x', 5000)).Lines.Single().Text.Length.ShouldBeLessThan(LineDiff.MostWidth + 10);
        LineDiff.Of("a\nb\n", "a\nb").Lines.Select(l => l.Kind).ShouldBe([LineKind.Same, LineKind.Removed, LineKind.Added]);
        LineDiff.Visible("a\tb\u0000\u200b\u2028é").ShouldBe("a\tb<U+0000><U+200B><U+2028>é");
    }

    private static PluginReviews Reviews(PluginWorld world) =>
        new(world.Registry, world.Store, new TeamStore(world.Database), new Access(world.Audit, new OwnerStore(world.Database)));

    private static string Text(string[] lines) => string.Concat(lines.Select(line => line + "\n"));

    /// <summary>Length of the longest common subsequence, by the book.</summary>
    private static int Common(string[] a, string[] b)
    {
        var table = new int[a.Length + 1, b.Length + 1];
        for (var i = 1; i <= a.Length; i++)
        {
            for (var j = 1; j <= b.Length; j++)
            {
                table[i, j] = a[i - 1] == b[j - 1] ? table[i - 1, j - 1] + 1 : Math.Max(table[i - 1, j], table[i, j - 1]);
            }
        }

        return table[a.Length, b.Length];
    }
}
