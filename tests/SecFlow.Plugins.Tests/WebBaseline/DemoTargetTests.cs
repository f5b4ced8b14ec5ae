using SecFlow.DemoTarget;

namespace SecFlow.Plugins.Tests.WebBaseline;

/// <summary>Over real HTTP: what is planted is what is found.</summary>
public sealed class DemoTargetTests
{
    public static TheoryData<int> Seeds() => [.. Enumerable.Range(1, 20)];

    public static TheoryData<string> Faults() => [.. DemoFaults.Names];

    [Theory]
    [MemberData(nameof(Seeds))]
    public Task RandomFaults_AreFoundExactly(int seed) => FoundEqualsPlanted(DemoFaults.Choose("random", seed), seed);

    [Theory]
    [MemberData(nameof(Faults))]
    public Task EachFaultAlone_IsFoundExactly(string fault) => FoundEqualsPlanted([fault], 7);

    [Theory]
    [InlineData("all", 50)]
    [InlineData("demo", 12)]
    public async Task ChosenSet_IsFoundExactly(string choice, int atLeast) =>
        (await FoundEqualsPlanted(DemoFaults.Choose(choice, 1), 1)).Findings.Count.ShouldBeGreaterThanOrEqualTo(atLeast);

    [Fact]
    public async Task NothingPlanted_NothingFound() => (await FoundEqualsPlanted([], 3)).Findings.ShouldBeEmpty();

    [Fact]
    public async Task SameSeed_PlantsTheSame_AndAnotherSeedOtherPaths()
    {
        var faults = DemoFaults.Choose("all", 1);
        var first = DemoFaults.Plant(new DemoSite(), faults, 1);
        DemoFaults.Plant(new DemoSite(), faults, 1).ShouldBe(first);
        DemoFaults.Plant(new DemoSite(), faults, 2).ShouldNotBe(first);
        DemoFaults.Choose("random", 4).ShouldBe(DemoFaults.Choose("random", 4));
        await Task.CompletedTask;
    }

    [Fact]
    public async Task Start_OutsideLoopback_IsRefused()
    {
        var error = await Should.ThrowAsync<ArgumentException>(() => WeakShop.StartAsync([], address: System.Net.IPAddress.Any));
        error.Message.ShouldContain("loopback");
    }

    [Fact]
    public void Choose_UnknownFault_NamesTheKnownOnes() =>
        Should.Throw<ArgumentException>(() => DemoFaults.Choose("nonsense", 1)).Message.ShouldContain("missing-csp");

    [Fact]
    public void DemoSet_ShowsEverySeverity()
    {
        var rules = DemoFaults.Plant(new DemoSite(), DemoFaults.Choose("demo", 1), 1).Select(p => p.RuleId).ToList();
        rules.ShouldContain("web-baseline.exposed-env");
        rules.ShouldContain("web-baseline.cors-any-origin");
        rules.Count.ShouldBeInRange(12, 15);
    }

    private static async Task<PluginReport> FoundEqualsPlanted(IReadOnlyList<string> faults, int seed)
    {
        await using var shop = await WeakShop.StartAsync(faults, seed);
        using var web = new LoopbackWeb();
        var report = await new PluginBench("scan.web-baseline", web.SendAsync).ScanAsync(shop.Url);

        report.Done.Outcome.ShouldBe(SecFlow.PluginProtocol.HostOutcome.Completed, report.Done.Message);
        report.Verdicts.Single().Kind.ShouldBe("completed", report.Verdicts.Single().Reason);
        report.Marks.ShouldBe(shop.Planted.Select(p => PluginReport.Mark(p.RuleId, p.LocationOn(shop.Url), p.Parameter)).Order(StringComparer.Ordinal));
        return report;
    }
}
