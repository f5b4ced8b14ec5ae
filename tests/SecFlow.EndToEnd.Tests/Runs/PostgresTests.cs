using System.Diagnostics;
using SecFlow.Data;
using SecFlow.DemoTarget;
using SecFlow.EndToEnd.Tests.Stage;
using SecFlow.Execution;
using SecFlow.PortalKit;
using SecFlow.TestKit;

namespace SecFlow.EndToEnd.Tests.Runs;

/// <summary>The portal and the command line as processes on PostgreSQL, chosen by SECFLOW_DATABASE.</summary>
public sealed class PostgresTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("secflow-postgres-data-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [PostgresFact]
    public async Task Portal_OnPostgres_SignsInRunsAndShowsFindings()
    {
        var database = await TestDatabase.NewPostgresAsync();
        await using var shop = await WeakShop.StartAsync(DemoFaults.Choose("demo", 1), 1);
        await using (var portal = await PortalProcess.StartAsync(_folder, shop.Url, database))
        {
            using var browser = new TestBrowser(portal.Url);
            (await browser.SignInAsync("admin", SecFlowApplication.AdminPassword)).Path.ShouldNotBe("/signin");
            using var api = new ApiClient(portal.Url, await ApiClient.TokenAsync(database));
            var run = await StartDemoAsync(api);
            await WaitAsync(async () => (await api.GetAsync("runs/" + run)).GetProperty("run").GetProperty("status").GetString() is not ("Queued" or "Running"));

            (await api.GetAsync("runs/" + run)).GetProperty("run").GetProperty("status").GetString().ShouldBe("Succeeded");
            (await api.GetAsync($"findings?runId={run}&limit=200")).GetProperty("items").GetArrayLength().ShouldBe(shop.Planted.Count);
            (await browser.GetAsync("/findings")).Path.ShouldBe("/findings");
        }

        Directory.EnumerateFiles(_folder, "*.db").ShouldBeEmpty("the database is elsewhere");
        Directory.Exists(Path.Combine(_folder, "blobs")).ShouldBeTrue();
        (await VerifyAuditAsync(database)).ShouldStartWith("intact: ");
    }

    /// <summary>The demo workflow against the demo target, as the set-up made them.</summary>
    private static async Task<string> StartDemoAsync(ApiClient api)
    {
        var workflow = (await api.GetAsync("workflows")).GetProperty("items")[0].GetProperty("id").GetGuid();
        var target = (await api.GetAsync("targets")).GetProperty("items")[0].GetProperty("id").GetGuid();
        return (await api.PostAsync("runs", new { workflowId = workflow, targetIds = new[] { target } })).GetProperty("id").GetString()!;
    }

    private async Task<string> VerifyAuditAsync(DatabaseOptions database)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        foreach (var argument in new[] { Path.Combine(AppContext.BaseDirectory, "SecFlow.Cli.dll"), "audit", "verify", "--data", _folder })
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment[DatabaseVariable.Name] = database.ConnectionString;
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        process.ExitCode.ShouldBe(0, await errors);
        return await output;
    }

    private static async Task WaitAsync(Func<Task<bool>> condition)
    {
        for (var i = 0; i < 360 && !await condition(); i++)
        {
            await Task.Delay(250);
        }
    }
}
