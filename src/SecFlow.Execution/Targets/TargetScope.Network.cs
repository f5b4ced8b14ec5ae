using System.Net;
using SecFlow.Execution.Sandboxing.Network;

namespace SecFlow.Execution.Targets;

/// <content>
/// The same scope as rules for the kernel: a tool has no url that could be checked, so that every address and port that <see cref="Check"/> would allow is written down.
/// A network is cut around the addresses that it does not approve, a range of ports around those on which this program listens.
/// </content>
public sealed partial class TargetScope
{
    private const int LastPort = 65535;

    /// <summary>What a tool may reach under this scope now: the pinned addresses of the approved targets that may be scanned at this moment, without this program's own ports.</summary>
    public NetworkPlan NetworkPlan()
    {
        var rules = new HashSet<NetworkRule>();
        var names = new SortedDictionary<string, IReadOnlyList<IPAddress>>(StringComparer.Ordinal);
        var now = _time.GetUtcNow();
        foreach (var one in _pinned.Where(one => one.Target.RefusalAt(now) is null))
        {
            IReadOnlyList<IPNetwork> networks = one.Network is { } network
                ? [.. Approved(one, network)]
                : [.. one.Addresses.Where(address => IsApproved(one, address)).Select(Single)];
            rules.UnionWith(networks.SelectMany(reached => Ports(one, reached).Select(ports => new NetworkRule(reached, ports.From, ports.To))));
            if (one.Name is { } name && !IPAddress.TryParse(name, out _) && networks.Count > 0)
            {
                names[name] = [.. networks.Select(reached => reached.BaseAddress).Concat(names.GetValueOrDefault(name, [])).Distinct()];
            }
        }

        return new NetworkPlan([.. rules.OrderBy(rule => rule.Network.ToString(), StringComparer.Ordinal).ThenBy(rule => rule.FromPort)], names);
    }

    // Halves a network until a part is all of one kind, and this machine's own addresses stand alone.
    private IEnumerable<IPNetwork> Approved(Pinned one, IPNetwork network)
    {
        if (network.PrefixLength < BitsOf(network) && (AddressKinds.IsMixed(network) || HoldsOwnAddress(network)))
        {
            return Halves(network).SelectMany(half => Approved(one, half));
        }

        // A network of IPv6 addresses that carry IPv4 ones would be another network in the end: no rule.
        return AddressKinds.Unwrap(network.BaseAddress).Equals(network.BaseAddress) && IsApproved(one, network.BaseAddress) ? [network] : [];
    }

    private IEnumerable<(int From, int To)> Ports(Pinned one, IPNetwork network)
    {
        var listed = one.Target.Ports.Concat(one.Port is { } own ? [own] : []).Distinct().Order().ToArray();
        var ranges = listed.Length == 0 ? [(1, LastPort)] : listed.Select(port => (From: port, To: port));
        return LeadsHere(network.BaseAddress) ? ranges.SelectMany(range => Without(range, _ownPorts.Value.Where(port => port != one.Port))) : ranges;
    }

    private static IEnumerable<(int From, int To)> Without((int From, int To) range, IEnumerable<int> excluded)
    {
        var from = range.From;
        foreach (var port in excluded.Where(port => port >= range.From && port <= range.To).Order())
        {
            if (port > from)
            {
                yield return (from, port - 1);
            }

            from = port + 1;
        }

        if (from <= range.To)
        {
            yield return (from, range.To);
        }
    }

    private bool HoldsOwnAddress(IPNetwork network) => AddressKinds.Of(network.BaseAddress) == AddressKind.Public && _ownAddresses().Any(network.Contains);

    private static IPNetwork Single(IPAddress address) => new(address, address.GetAddressBytes().Length * 8);

    private static IPNetwork[] Halves(IPNetwork network)
    {
        var upper = network.BaseAddress.GetAddressBytes();
        upper[network.PrefixLength / 8] |= (byte)(0x80 >> (network.PrefixLength % 8));
        return [new IPNetwork(network.BaseAddress, network.PrefixLength + 1), new IPNetwork(new IPAddress(upper), network.PrefixLength + 1)];
    }

    private static int BitsOf(IPNetwork network) => network.BaseAddress.GetAddressBytes().Length * 8;
}
