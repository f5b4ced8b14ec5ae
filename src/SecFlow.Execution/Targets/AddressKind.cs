using System.Net;
using System.Net.Sockets;

namespace SecFlow.Execution.Targets;

/// <summary>How an address is treated by the rules of scope (contracts 4).</summary>
public enum AddressKind
{
    /// <summary>Allowed by naming it, or a name that resolves to it.</summary>
    Public,

    /// <summary>Private or shared network: allowed when the target says so itself.</summary>
    Private,

    /// <summary>This machine: allowed when the target says so itself.</summary>
    Loopback,

    /// <summary>Link-local or a cloud's metadata service: allowed only when the address itself is the target, never through a name or a range around it.</summary>
    OwnTargetOnly,

    /// <summary>Not an address of one host (unspecified, multicast, broadcast, reserved): never.</summary>
    Never,
}

/// <summary>Kinds of addresses. Sources: the IANA special-purpose address registries (RFC 6890) and the clouds' documentation of their metadata addresses.</summary>
public static class AddressKinds
{
    private static readonly (IPNetwork Network, AddressKind Kind)[] Networks =
    [
        .. Of(AddressKind.OwnTargetOnly,
            "169.254.0.0/16", "fe80::/10", // link-local; 169.254.169.254 = metadata of most clouds
            "100.100.100.200/32", "192.0.0.192/32", "168.63.129.16/32", "fd00:ec2::254/128", "fd20:ce::254/128"), // metadata elsewhere
        .. Of(AddressKind.OwnTargetOnly, "64:ff9b:1::/48"), // NAT64 of a local network (RFC 8215): which IPv4 address it leads to only that network knows
        .. Of(AddressKind.Loopback, "127.0.0.0/8", "::1/128"),
        .. Of(AddressKind.Private, "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "198.18.0.0/15", "fc00::/7", "fec0::/10"),
        .. Of(AddressKind.Never, "0.0.0.0/8", "192.0.0.0/24", "224.0.0.0/4", "240.0.0.0/4", "::/128", "ff00::/8"),
    ];

    /// <summary>The kind of one address. An IPv4 address inside an IPv6 one (mapped, NAT64, 6to4, Teredo, ISATAP) is judged as that IPv4 address: that is where packets arrive.</summary>
    public static AddressKind Of(IPAddress address)
    {
        var judged = Unwrap(address);
        foreach (var (network, kind) in Networks)
        {
            if (network.Contains(judged))
            {
                return kind;
            }
        }

        return AddressKind.Public;
    }

    /// <summary>Whether a network holds a special network that is smaller than itself, so that its first address does not speak for all.</summary>
    public static bool IsMixed(IPNetwork network) => Networks.Any(special => special.Network.PrefixLength > network.PrefixLength && network.Contains(special.Network.BaseAddress));

    /// <summary>The IPv4 address that an IPv6 address carries, else the address itself.</summary>
    public static IPAddress Unwrap(IPAddress address)
    {
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return address;
        }

        if (address.IsIPv4MappedToIPv6)
        {
            return address.MapToIPv4();
        }

        var bytes = address.GetAddressBytes();
        // ::a.b.c.d, long deprecated, but systems still route it; :: and ::1 are not of that form.
        var compatible = bytes.AsSpan(0, 12).IndexOfAnyExcept((byte)0) < 0 && bytes.AsSpan(12, 3).IndexOfAnyExcept((byte)0) >= 0;
        var nat64 = bytes.AsSpan(0, 12).SequenceEqual<byte>([0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0]);
        // RFC 5214: ...:0:5efe:a.b.c.d, with the universal bit or without.
        var isatap = bytes.AsSpan(8, 4) is [0x00 or 0x02, 0x00, 0x5e, 0xfe];
        return compatible || nat64 || isatap ? new IPAddress(bytes.AsSpan(12, 4))
            : bytes is [0x20, 0x02, ..] ? new IPAddress(bytes.AsSpan(2, 4))
            // RFC 4380: the client's address stands inverted at the end.
            : bytes is [0x20, 0x01, 0x00, 0x00, ..] ? new IPAddress([(byte)~bytes[12], (byte)~bytes[13], (byte)~bytes[14], (byte)~bytes[15]])
            : address;
    }

    private static IEnumerable<(IPNetwork Network, AddressKind Kind)> Of(AddressKind kind, params string[] networks) => networks.Select(network => (IPNetwork.Parse(network), kind));
}
