using System.Net;
using System.Net.Sockets;
using System.Text;
using SecFlow.Execution.Diagnostics;

namespace SecFlow.Execution.Sandboxing.Network;

/// <summary>
/// A plan in the form in which it is enforced.
/// 1. IPv4 only. IPv6 rules and addresses are left out, so that they are not reached; a plan of nothing else is refused.
/// 2. Of this machine's loopback only 127.0.0.1 can be reached; a plan that asks for another loopback address is refused.
/// 3. The sandbox's own address and gateway lie in a small network that no rule covers.
/// </summary>
internal sealed record NetworkReach(IReadOnlyList<(IPNetwork Network, IReadOnlyList<(int From, int To)> Ports)> Allowed, IReadOnlyDictionary<string, IReadOnlyList<IPAddress>> Names, IPAddress Gateway, IPAddress Inside)
{
    public const int InsidePrefix = 30;
    private const int MostRules = 4096;

    // Private networks that few use. One that a rule covers is left alone.
    private static readonly IPNetwork[] Candidates = [.. new[] { "198.18.77.0/30", "198.19.213.0/30", "172.29.213.0/30", "10.213.77.0/30", "192.168.213.0/30", "100.127.213.0/30" }.Select(text => IPNetwork.Parse(text))];

    private static readonly IPNetwork LoopbackNetwork = IPNetwork.Parse("127.0.0.0/8");

    /// <summary>Ports of this machine's 127.0.0.1 that may be reached.</summary>
    public IReadOnlyList<(int From, int To)> LoopbackPorts => Allowed.Where(one => one.Network.BaseAddress.Equals(IPAddress.Loopback)).Select(one => one.Ports).FirstOrDefault([]);

    /// <summary>Throws SF4041 for a plan that cannot be enforced exactly.</summary>
    public static NetworkReach Of(NetworkPlan plan)
    {
        var rules = plan.Allowed.Where(rule => rule.Network.BaseAddress.AddressFamily == AddressFamily.InterNetwork).ToArray();
        if (rules.Length == 0)
        {
            throw Refused("it holds IPv6 addresses only, and a tool reaches IPv4 only", "Approve the target with an IPv4 address.");
        }

        if (Array.Find(rules, rule => rule.FromPort < 1 || rule.ToPort > 65535 || rule.FromPort > rule.ToPort) is { } odd)
        {
            throw Refused($"{odd.FromPort}-{odd.ToPort} is not a range of ports", "Give ports from 1 to 65535.");
        }

        if (Array.Find(rules, rule => LoopbackNetwork.Contains(rule.Network.BaseAddress) && !(rule.Network.BaseAddress.Equals(IPAddress.Loopback) && rule.Network.PrefixLength == 32)) is { } elsewhere)
        {
            throw Refused($"it holds {elsewhere.Network}, and of this machine's loopback a tool reaches 127.0.0.1 only", "Let the service listen on 127.0.0.1 and approve that address.");
        }

        var allowed = rules.GroupBy(rule => rule.Network).OrderBy(group => group.Key.ToString(), StringComparer.Ordinal).Select(group => (group.Key, Merge(group))).ToArray();
        if (allowed.Length > MostRules)
        {
            throw Refused($"it holds {allowed.Length} networks; at most {MostRules} are enforced at once", "Start the run with fewer targets.");
        }

        var names = plan.Names
            .Select(pair => KeyValuePair.Create(pair.Key, (IReadOnlyList<IPAddress>)[.. pair.Value.Where(address => address.AddressFamily == AddressFamily.InterNetwork)]))
            .Where(pair => pair.Value.Count > 0)
            .ToDictionary(StringComparer.Ordinal);
        if (Array.Find(Candidates, candidate => !Array.Exists(rules, rule => rule.Network.Contains(candidate.BaseAddress) || candidate.Contains(rule.Network.BaseAddress))) is not { PrefixLength: > 0 } inside)
        {
            throw Refused("its networks leave no address for the sandbox itself", "Start the run with fewer or smaller networks.");
        }

        return new NetworkReach(allowed, names, At(inside, 1), At(inside, 2));
    }

    /// <summary>The hosts file of the sandbox: nothing else answers names there.</summary>
    public string HostsFile()
    {
        var text = new StringBuilder("127.0.0.1 localhost\n");
        foreach (var (name, addresses) in Names.OrderBy(pair => pair.Key, StringComparer.Ordinal).Where(pair => pair.Key != "localhost"))
        {
            foreach (var address in addresses)
            {
                text.Append(address).Append(' ').Append(name).Append('\n');
            }
        }

        return text.ToString();
    }

    private static IReadOnlyList<(int From, int To)> Merge(IEnumerable<NetworkRule> rules)
    {
        var ports = new List<(int From, int To)>();
        foreach (var rule in rules.OrderBy(rule => rule.FromPort))
        {
            if (ports.Count > 0 && rule.FromPort <= ports[^1].To + 1)
            {
                ports[^1] = (ports[^1].From, Math.Max(ports[^1].To, rule.ToPort));
            }
            else
            {
                ports.Add((rule.FromPort, rule.ToPort));
            }
        }

        return ports;
    }

    private static IPAddress At(IPNetwork network, byte last)
    {
        var bytes = network.BaseAddress.GetAddressBytes();
        bytes[3] += last;
        return new IPAddress(bytes);
    }

    private static SecFlowException Refused(string why, string remedy) =>
        new(new Diagnostic(Codes.NetworkPlanRefused, $"The network plan cannot be enforced exactly, so nothing was started: {why}. {remedy}") { Rule = "sandbox.network", Remedy = remedy });
}
