using System.Net;
using SecFlow.Execution.Sandboxing.Network;
using SecFlow.Execution.Targets;

namespace SecFlow.Execution.Tests.Targets;

public sealed class ScopeNetworkPlanTests
{
    private static readonly Dictionary<string, string[]> Names = new(StringComparer.Ordinal)
    {
        ["shop.example"] = ["203.0.113.5", "203.0.113.6"],
        ["sneaky.example"] = ["203.0.113.7", "169.254.169.254", "127.0.0.1"],
        ["inside.example"] = ["10.0.0.5"],
    };

    [Fact]
    public async Task Plan_Url_IsItsAddressesAtItsPorts_WithItsName()
    {
        var plan = (await Scopes.PinAsync([Scopes.Url("https://shop.example/", null, 8443)], Names)).NetworkPlan();

        Text(plan).ShouldBe(["203.0.113.5/32 443", "203.0.113.5/32 8443", "203.0.113.6/32 443", "203.0.113.6/32 8443"]);
        plan.Names["shop.example"].Select(address => address.ToString()).ShouldBe(["203.0.113.5", "203.0.113.6"]);
    }

    [Fact]
    public async Task Plan_NameThatResolvesElsewhere_HoldsOnlyWhatWasApproved()
    {
        var plan = (await Scopes.PinAsync([Scopes.Host("sneaky.example", null, 80), Scopes.Host("inside.example", null, 80), Scopes.Host("gone.example")], Names)).NetworkPlan();

        Text(plan).ShouldBe(["203.0.113.7/32 80"]);
        plan.Names.Keys.ShouldBe(["sneaky.example"]);
        plan.Names["sneaky.example"].ShouldBe([IPAddress.Parse("203.0.113.7")]);
    }

    [Fact]
    public async Task Plan_OwnPorts_AreCutOutOfARangeUnlessAUrlNamesThem()
    {
        var host = await Scopes.PinAsync([Scopes.Host("127.0.0.1")], Names, null, 8080, 8082);
        var url = await Scopes.PinAsync([Scopes.Url("http://127.0.0.1:8080/")], Names, null, 8080);

        Text(host.NetworkPlan()).ShouldBe(["127.0.0.1/32 1-8079", "127.0.0.1/32 8081", "127.0.0.1/32 8083-65535"]);
        Text(url.NetworkPlan()).ShouldBe(["127.0.0.1/32 8080"]);
    }

    [Fact]
    public async Task Plan_PublicNetworkWithAnAddressOfThisMachine_LosesItsOwnPortOnlyThere()
    {
        var scope = await Scopes.PinAsync([Scopes.Cidr("203.0.113.8/30", 443, 8080)], Names, [IPAddress.Parse("203.0.113.9")], null, 8080);

        Text(scope.NetworkPlan()).ShouldBe(["203.0.113.10/31 443", "203.0.113.10/31 8080", "203.0.113.8/32 443", "203.0.113.8/32 8080", "203.0.113.9/32 443"]);
    }

    [Fact]
    public async Task Plan_NetworkAroundASpecialAddress_IsCutAroundIt()
    {
        var plan = (await Scopes.PinAsync([Scopes.Cidr("100.100.100.192/28", 80), Scopes.Cidr("169.254.0.0/16", 80)], Names)).NetworkPlan();

        Text(plan).ShouldBe(["100.100.100.192/29 80", "100.100.100.201/32 80", "100.100.100.202/31 80", "100.100.100.204/30 80"]);
    }

    [Fact]
    public async Task Plan_SpecialAddressThatIsTheTarget_IsIn()
    {
        var plan = (await Scopes.PinAsync([Scopes.Url("http://169.254.169.254/")], Names)).NetworkPlan();

        Text(plan).ShouldBe(["169.254.169.254/32 80"]);
    }

    [Fact]
    public async Task Plan_LapsedAuthorisation_IsEmpty()
    {
        var target = Scopes.Url("http://127.0.0.1:8080/");
        var ended = await Scopes.PinAsync(target with { AuthorisedUntil = TimeProvider.System.GetUtcNow().AddSeconds(-1) });

        ended.NetworkPlan().Allowed.ShouldBeEmpty();
    }

    /// <summary>Whatever the plan allows, the check of a url allows, and the other way round.</summary>
    [Fact]
    public async Task Plan_EveryAddressAndPort_AgreesWithTheCheck()
    {
        string[] places = ["10.0.0.4", "10.0.0.5", "10.0.0.7", "127.0.0.1", "127.0.0.2", "203.0.113.5", "203.0.113.9", "169.254.169.254", "100.100.100.200", "100.100.100.201", "192.0.2.2", "0.0.0.0", "224.0.0.1"];
        var scope = await Scopes.PinAsync(
            [Scopes.Cidr("10.0.0.4/31"), Scopes.Host("127.0.0.1"), Scopes.Cidr("203.0.113.0/24", 80, 8080), Scopes.Cidr("100.100.0.0/16"), Scopes.Url("http://127.0.0.2:9000/")],
            Names, [IPAddress.Parse("203.0.113.9")], null, 8080);
        var plan = scope.NetworkPlan();

        foreach (var place in places)
        {
            foreach (var port in new[] { 80, 8080, 8081, 9000 })
            {
                var planned = plan.Allowed.Any(rule => rule.Network.Contains(IPAddress.Parse(place)) && port >= rule.FromPort && port <= rule.ToPort);
                planned.ShouldBe(scope.Check(new Uri($"http://{place}:{port}/")).Refusal is null, $"{place}:{port}");
            }
        }
    }

    private static IEnumerable<string> Text(NetworkPlan plan) => plan.Allowed.Select(rule => $"{rule.Network} {(rule.FromPort == rule.ToPort ? rule.FromPort : $"{rule.FromPort}-{rule.ToPort}")}");
}
