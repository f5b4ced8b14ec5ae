using System.Net;
using System.Net.Sockets;
using SecFlow.Data.Findings;
using SecFlow.Data.Runs;
using SecFlow.DemoTarget;
using SecFlow.EndToEnd.Tests.Stage;

namespace SecFlow.EndToEnd.Tests.Runs;

/// <summary>What is found equals what was planted: through the whole engine, in the real sandbox.</summary>
public sealed class PlantedFaultsTests
{
    private const int Seeds = 20;

    [Fact]
    public async Task Scan_RandomFaultsOfTwentySeeds_FindsExactlyThePlantedSet()
    {
        await using var portal = await RunningPortal.StartAsync("none");
        var workflow = await portal.SaveWorkflowAsync("Planted faults", "scan.web-baseline");
        for (var seed = 1; seed <= Seeds; seed++)
        {
            await using var shop = await WeakShop.StartAsync(DemoFaults.Choose("random", seed), seed);
            shop.Planted.ShouldNotBeEmpty();
            var target = await portal.AddTargetAsync(shop.Url);
            var detail = await portal.RunAsync(workflow, target.Id);

            detail.Run.Status.ShouldBe(RunStatus.Succeeded, $"seed {seed}: {detail.Run.ErrorCode} {detail.Run.ErrorMessage}");
            var expected = shop.Planted.Select(f => $"{f.RuleId} {f.LocationOn(shop.Url)} {f.Parameter}").Order(StringComparer.Ordinal);
            (await FoundAsync(portal, detail.Run.Id)).ShouldBe(expected, $"seed {seed}");
            detail.Assessments.ShouldHaveSingleItem().Verdict.ShouldBe(Verdict.Completed);
        }
    }

    [Fact]
    public async Task Scan_NothingPlanted_FindsNothingAndSaysThatItLooked()
    {
        await using var portal = await RunningPortal.StartAsync("none");
        var target = await portal.AddTargetAsync(portal.Shop.Url);
        var detail = await portal.RunAsync(await portal.SaveWorkflowAsync("Clean", "scan.web-baseline"), target.Id);

        detail.Run.Status.ShouldBe(RunStatus.Succeeded);
        detail.Run.SandboxLevel.ShouldBeOneOf("L2", "L3");
        (await portal.FindingsAsync(detail.Run.Id)).ShouldBeEmpty();
        var assessment = detail.Assessments.ShouldHaveSingleItem();
        assessment.Verdict.ShouldBe(Verdict.Completed);
        assessment.Checks.ShouldContain("web-baseline.missing-csp");
    }

    [Fact]
    public async Task Scan_DeadPort_IsPartialAndNotAssessed()
    {
        await using var portal = await RunningPortal.StartAsync("none");
        var target = await portal.AddTargetAsync(new Uri($"http://127.0.0.1:{DeadPort()}/"));
        var detail = await portal.RunAsync(await portal.SaveWorkflowAsync("Dead", "scan.web-baseline"), target.Id);

        detail.Run.Status.ShouldBe(RunStatus.Partial);
        detail.Assessments.ShouldHaveSingleItem().Verdict.ShouldBe(Verdict.Unreachable);
        (await portal.FindingsAsync(detail.Run.Id)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Scan_SeenTwice_IsOneFindingWithTwoOccurrences()
    {
        await using var portal = await RunningPortal.StartAsync("demo");
        var target = await portal.AddTargetAsync(portal.Shop.Url);
        var workflow = await portal.SaveWorkflowAsync("Twice", "scan.web-baseline");
        var first = await portal.RunAsync(workflow, target.Id);
        var second = await portal.RunAsync(workflow, target.Id);

        var once = await portal.FindingsAsync(first.Run.Id);
        var again = await portal.FindingsAsync(second.Run.Id);
        once.Count.ShouldBe(portal.Shop.Planted.Count);
        again.Select(f => f.Id).ShouldBe(once.Select(f => f.Id), ignoreOrder: true);
        again.ShouldAllBe(f => f.FirstRunId == first.Run.Id && f.LastRunId == second.Run.Id && f.Status == FindingStatus.Open);
        again.ShouldAllBe(f => f.Signer.Length > 0 && f.PluginDigest.StartsWith("sha256:", StringComparison.Ordinal));
    }

    /// <summary>A port of this machine that nobody listens on.</summary>
    internal static int DeadPort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static async Task<IEnumerable<string>> FoundAsync(RunningPortal portal, Guid run) =>
        (await portal.FindingsAsync(run)).Select(f => $"{f.RuleId} {f.Location} {f.Parameter}").Order(StringComparer.Ordinal);
}
