using Microsoft.Extensions.DependencyInjection;
using SecFlow.Data;
using SecFlow.Data.Audit;
using SecFlow.Data.Targets;
using SecFlow.DemoTarget;
using SecFlow.EndToEnd.Tests.Stage;
using SecFlow.Execution.Targets;
using SecFlow.Execution.Workflows;
using SecFlow.Portal.Demo;
using SecFlow.PortalKit;

namespace SecFlow.EndToEnd.Tests.Runs;

/// <summary>kill -9 of the portal in the middle of a node: the next start goes on, nothing is lost, nothing doubled.</summary>
public sealed class KillTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("secflow-kill-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Kill_InTheMiddleOfANode_RunContinuesAfterTheNextStart()
    {
        await using var shop = await WeakShop.StartAsync(DemoFaults.Choose("demo", 1), 1);
        var (workflow, target) = await PrepareAsync(shop);
        string run;
        await using (var first = await PortalProcess.StartAsync(_folder, shop.Url))
        {
            using var api = new ApiClient(first.Url, await ApiClient.TokenAsync(_folder));
            run = (await api.PostAsync("runs", new { workflowId = workflow, targetIds = new[] { target } })).GetProperty("id").GetString()!;
            await WaitForAsync(async () => (await api.GetAsync("runs/" + run)).GetProperty("nodes")[0].GetProperty("status").GetString() == "Running", "the node runs");
            await Task.Delay(1_500);
            await first.KillAsync();
        }

        await using var second = await PortalProcess.StartAsync(_folder, shop.Url);
        using var again = new ApiClient(second.Url, await ApiClient.TokenAsync(_folder));
        await WaitForAsync(async () => (await again.GetAsync("runs/" + run)).GetProperty("run").GetProperty("status").GetString() is not ("Queued" or "Running"), "the run ends");

        var detail = await again.GetAsync("runs/" + run);
        detail.GetProperty("run").GetProperty("status").GetString().ShouldBe("Succeeded");
        var findings = await again.GetAsync($"findings?runId={run}&limit=200");
        findings.GetProperty("items").GetArrayLength().ShouldBe(shop.Planted.Count);
        var runs = await again.GetAsync("runs");
        runs.GetProperty("items").GetArrayLength().ShouldBe(1);
        var database = new Database(new DatabaseOptions(DatabaseKind.Sqlite, $"Data Source={Path.Combine(_folder, "secflow.db")}"), TimeProvider.System);
        (await new AuditLog(database, AuditFiles.In(_folder)).VerifyAsync()).Intact.ShouldBeTrue();
    }

    /// <summary>An installation with a target that takes its time: ten requests a second.</summary>
    private async Task<(Guid Workflow, Guid Target)> PrepareAsync(WeakShop shop)
    {
        var application = await SecFlowApplication.StartAsync(options => options with { Demo = true, Time = TimeProvider.System }, _folder);
        try
        {
            var actor = Actor.System((await application.TeamAsync("demo")).Id, "end-to-end test");
            var target = await application.Services.GetRequiredService<TargetService>().AddAsync(
                actor, new NewTarget("Slow shop", TargetKind.Url, shop.Url.ToString(), "end-to-end test", null) { PrivateAddressApproved = true, RequestsPerSecond = 10 }, CancellationToken.None);
            var saved = await application.Services.GetRequiredService<WorkflowService>().SaveAsync(actor, DemoSetup.Recipe, CancellationToken.None);
            return (saved.WorkflowId, target.Id);
        }
        finally
        {
            await application.StopAsync();
        }
    }

    private static async Task WaitForAsync(Func<Task<bool>> condition, string what)
    {
        for (var i = 0; i < 240; i++)
        {
            if (await condition())
            {
                return;
            }

            await Task.Delay(250);
        }

        throw new TimeoutException($"Waited 60 s until {what}.");
    }
}
