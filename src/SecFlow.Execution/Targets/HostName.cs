using System.Net;

namespace SecFlow.Execution.Targets;

/// <summary>
/// One spelling for each host, so that the same place is never compared under two names: lower case, punycode, no trailing dot, addresses in their normal form
/// (127.1, 0x7f000001, 2130706433 and ::ffff:127.0.0.1 are all 127.0.0.1). A zone (fe80::1%eth0) is refused: it names an interface of this machine.
/// </summary>
internal static class HostName
{
    /// <summary>The normal form, and the address when it is one; null when it is no host.</summary>
    public static (string Name, IPAddress? Address)? Normalise(string host)
    {
        var text = host.Trim();
        if (text.Contains('%', StringComparison.Ordinal))
        {
            return null;
        }

        if (text.Contains(':', StringComparison.Ordinal))
        {
            return IPAddress.TryParse(text.Trim('[', ']'), out var six) ? FromAddress(six) : null;
        }

        if (!Uri.TryCreate($"http://{text}/", UriKind.Absolute, out var url) || url.Host.Length == 0 || url.UserInfo.Length > 0 || url.AbsolutePath != "/" || url.Query.Length > 0)
        {
            return null;
        }

        return Of(url);
    }

    /// <summary>The host of a url.</summary>
    public static (string Name, IPAddress? Address)? Of(Uri url)
    {
        string name;
        try
        {
            name = url.IdnHost.ToLowerInvariant();
        }
        catch (UriFormatException)
        {
            return null;
        }

        if (name.Contains('%', StringComparison.Ordinal))
        {
            return null;
        }

        name = name.Trim('[', ']');
        if (name.EndsWith('.'))
        {
            name = name[..^1];
        }

        if (name.Length is 0 or > 253)
        {
            return null;
        }

        // Also after the dot is gone: "127.1." is an address for some resolvers.
        return IPAddress.TryParse(name, out var address) ? FromAddress(address) : (name, null);
    }

    public static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    private static (string Name, IPAddress? Address) FromAddress(IPAddress address)
    {
        var plain = Plain(address);
        return (plain.ToString(), plain);
    }
}
