using System.Net;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Sandboxing.Network;

namespace SecFlow.Execution.Tests.Sandboxing.Network;

public sealed class NetworkReachTests
{
    [Theory]
    [InlineData("2001:db8::1/128", 80, 80, "IPv6")]
    [InlineData("127.0.0.2/32", 80, 80, "127.0.0.1 only")]
    [InlineData("127.0.0.0/24", 80, 80, "127.0.0.1 only")]
    [InlineData("203.0.113.1/32", 0, 80, "not a range")]
    [InlineData("203.0.113.1/32", 81, 80, "not a range")]
    public void Plan_ThatCannotBeEnforcedExactly_IsRefused(string network, int from, int to, string expected)
    {
        var error = Should.Throw<SecFlowException>(() => NetworkReach.Of(Networked.Plan(Networked.Rule(network, from, to))));

        error.Code.ShouldBe(Codes.NetworkPlanRefused);
        error.Message.ShouldContain(expected);
        error.Diagnostics[0].Remedy.ShouldNotBeNullOrEmpty();
    }

    [Fact]
    public void Plan_TooManyNetworks_IsRefused()
    {
        var rules = Enumerable.Range(0, 4097).Select(i => new NetworkRule(new IPNetwork(new IPAddress([10, 1, (byte)(i >> 8), (byte)i]), 32), 80, 80)).ToArray();

        Should.Throw<SecFlowException>(() => NetworkReach.Of(Networked.Plan(rules))).Code.ShouldBe(Codes.NetworkPlanRefused);
    }

    [Fact]
    public void Plan_Ports_AreMergedPerNetwork_AndIPv6IsLeftOut()
    {
        var reach = NetworkReach.Of(Networked.Plan(
            Networked.Rule("203.0.113.1/32", 80), Networked.Rule("203.0.113.1/32", 70, 79), Networked.Rule("203.0.113.1/32", 75, 90), Networked.Rule("203.0.113.1/32", 443), Networked.Rule("2001:db8::1/128", 80)));

        var (network, ports) = reach.Allowed.ShouldHaveSingleItem();
        network.ShouldBe(IPNetwork.Parse("203.0.113.1/32"));
        ports.ShouldBe([(70, 90), (443, 443)]);
    }

    [Fact]
    public void Inside_NeverLiesInARule()
    {
        var reach = NetworkReach.Of(Networked.Plan(Networked.Rule("198.18.0.0/16", 80), Networked.Rule("198.19.213.1/32", 80)));

        reach.Gateway.ShouldBe(IPAddress.Parse("172.29.213.1"));
        reach.Inside.ShouldBe(IPAddress.Parse("172.29.213.2"));
    }

    [Fact]
    public void Rules_ReadBackInAnotherForm_AreNotTheSame()
    {
        var reach = NetworkReach.Of(Networked.Plan(Networked.Rule("203.0.113.0/24", 80, 90)));
        var loaded = NetworkRules.Load(reach);
        var listed = loaded.Replace("{\"add\":{", "{", StringComparison.Ordinal).Replace("}}},", "}},", StringComparison.Ordinal).Replace("}}}]}", "}}]}", StringComparison.Ordinal);

        NetworkRules.AreExactly(reach, "").ShouldBeFalse();
        NetworkRules.AreExactly(reach, "{\"nftables\": [").ShouldBeFalse();
        NetworkRules.AreExactly(reach, listed.Replace("drop", "accept", StringComparison.Ordinal)).ShouldBeFalse();
        NetworkRules.AreExactly(NetworkReach.Of(Networked.Plan(Networked.Rule("203.0.113.0/24", 80, 91))), listed).ShouldBeFalse();
        NetworkRules.Counters("{\"nftables\": [{\"counter\": {\"name\": \"accepted\", \"packets\": 3}}]}").ShouldBeNull();
    }
}
