using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using SecFlow.Portal.Web;
using SecFlow.PortalKit;

namespace SecFlow.Portal.Tests.Web;

/// <summary>What people and programs see while the engine is in trouble, and after it.</summary>
public sealed class TroubleTests
{
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task Database_LockedByAnotherProgram_IsToldByReadinessAndPage_UntilItIsOver()
    {
        await using var app = await SecFlowApplication.StartAsync();
        using var client = app.Client();
        using var browser = await app.SignInAsync();
        await using (var other = new SqliteConnection($"Data Source={Path.Combine(app.DataFolder, "secflow.db")};Pooling=False"))
        {
            await other.OpenAsync();
            await using var command = other.CreateCommand();
            command.CommandText = "PRAGMA busy_timeout=30000; BEGIN IMMEDIATE";
            await command.ExecuteNonQueryAsync();

            var trouble = await UntilAsync(client, status: HttpStatusCode.ServiceUnavailable, ready: false);
            trouble.GetProperty("reason").GetString()!.ShouldContain("SF7010");
            var page = await browser.GetAsync("/account");
            page.Status.ShouldBe(HttpStatusCode.OK);
            page.Html.ShouldContain("role=\"alert\"");
            page.Html.ShouldContain("SF7010");
        }

        (await UntilAsync(client, HttpStatusCode.OK, ready: true)).GetProperty("reason").GetString().ShouldBe("answers");
        (await browser.GetAsync("/account")).Html.ShouldNotContain("SF7010");
    }

    [Theory]
    [InlineData(5, "SF7010")]
    [InlineData(13, "SF7011")]
    [InlineData(10, "SF7001")]
    public void Request_ThatTheDatabaseCouldNotServe_IsToldToAskAgain(int error, string code)
    {
        var (status, said) = Problems.Of(new DbUpdateException("while saving", new SqliteException("secret words of the database", error)));

        status.ShouldBe(503);
        said.ShouldHaveSingleItem().Code.ShouldBe(code);
        said[0].Message.ShouldNotContain("secret words");
        said[0].Message.ShouldContain("Ask again");
    }

    [Fact]
    public async Task Clock_ThatWasSet_IsToldAndKeepsNothingFromItsWork()
    {
        await using var app = await SecFlowApplication.StartAsync();
        using var client = app.Client();
        using var browser = await app.SignInAsync();

        app.Time.Advance(TimeSpan.FromHours(1));

        JsonElement clock;
        var since = Stopwatch.GetTimestamp();
        do
        {
            await Task.Delay(100);
            clock = Check(await client.GetFromJsonAsync<JsonElement>("readyz"), "clock");
        }
        while (clock.GetProperty("reason").GetString() == "goes as it should" && Stopwatch.GetElapsedTime(since) < _patience);

        clock.GetProperty("reason").GetString()!.ShouldContain("SF7012");
        clock.GetProperty("ready").GetBoolean().ShouldBeTrue();
        var page = await browser.GetAsync("/account");
        page.Html.ShouldContain("SF7012");
        page.Html.ShouldContain("class=\"trouble\" role=\"status\"");
    }

    private static async Task<JsonElement> UntilAsync(HttpClient client, HttpStatusCode status, bool ready)
    {
        var since = Stopwatch.GetTimestamp();
        while (true)
        {
            using var answer = await client.GetAsync(new Uri("readyz", UriKind.Relative));
            var check = Check(await answer.Content.ReadFromJsonAsync<JsonElement>(), "database");
            if (check.GetProperty("ready").GetBoolean() == ready || Stopwatch.GetElapsedTime(since) > _patience)
            {
                check.GetProperty("ready").GetBoolean().ShouldBe(ready, check.ToString());
                answer.StatusCode.ShouldBe(status);
                return check;
            }

            await Task.Delay(100);
        }
    }

    private static JsonElement Check(JsonElement readiness, string name) => readiness.GetProperty("checks").EnumerateArray().Single(c => c.GetProperty("name").GetString() == name);
}
