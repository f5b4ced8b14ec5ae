using System.Net;
using SecFlow.Data.Alerts;
using SecFlow.Data.Targets;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Targets;

namespace SecFlow.Execution.Alerts;

/// <summary>
/// Where a webhook may lead, by the rules of targets (contracts 4):
/// 1. http or https, no user name, no fragment; the name is resolved and pinned for each message and rules 2 and 3 are asked again, redirects are not followed.
/// 2. Public addresses are open to an admin of the team. A private or loopback one needs an administrator of the installation, who approves exactly that address.
/// 3. Link-local and metadata addresses, and the ports on which this program listens, never: a message must not become a request to ourselves or to a cloud's keys.
/// </summary>
internal static class WebhookAddress
{
    private const int MostLength = 2048;

    /// <summary>The url in its one spelling. Throws SF1920.</summary>
    public static Uri Read(string? text)
    {
        var value = (text ?? "").Trim();
        if (value.Length is 0 or > MostLength || value.Any(c => char.IsControl(c) || char.IsWhiteSpace(c)) || !Uri.TryCreate(value, UriKind.Absolute, out var url)
            || (url.Scheme != Uri.UriSchemeHttp && url.Scheme != Uri.UriSchemeHttps) || url.UserInfo.Length > 0 || url.Fragment.Length > 0 || HostName.Of(url) is null)
        {
            throw new SecFlowException(Codes.WebhookInvalid, $"'{(value.Length > 80 ? value[..80] + "..." : value)}' cannot be the address of a webhook. Expected a whole url of http or https of at most {MostLength} characters without user name and fragment, such as https://hooks.example/secflow.");
        }

        return url;
    }

    /// <summary>The address that has to be approved: the private or loopback one that the url leads to; null = public only. Throws SF1921 when it may never be used.</summary>
    public static async Task<IPAddress?> ToApproveAsync(Uri url, IReadOnlySet<int> ownPorts, Func<string, CancellationToken, Task<IPAddress[]>> resolve, CancellationToken ct)
    {
        var host = HostName.Of(url)!.Value;
        IPAddress[] addresses;
        try
        {
            addresses = host.Address is { } literal ? [literal] : [.. (await resolve(host.Name, ct)).Select(HostName.Plain)];
        }
        catch (System.Net.Sockets.SocketException e)
        {
            throw new SecFlowException(Codes.WebhookRefused, $"{host.Name} does not resolve to an address from here. Expected a name that this machine knows; see whether it is spelt right.", e);
        }

        if (addresses.FirstOrDefault(a => AddressKinds.Of(a) is AddressKind.OwnTargetOnly or AddressKind.Never) is { } never)
        {
            throw new SecFlowException(Codes.WebhookRefused, $"{host.Name} is {never}, a link-local, metadata or unusable address: no webhook may lead there. Give the address of the service that shall be told.");
        }

        var special = addresses.FirstOrDefault(a => AddressKinds.Of(a) != AddressKind.Public);
        return OwnPort(url, addresses, ownPorts) is { } own ? throw new SecFlowException(own) : special;
    }

    /// <summary>Why no message may go there: it is a port on which this program listens, on an address that leads here or, being a private one, may lead here. Null when it is not.</summary>
    public static Diagnostic? OwnPort(Uri url, IReadOnlyList<IPAddress> addresses, IReadOnlySet<int> ownPorts)
    {
        if (!ownPorts.Contains(url.Port))
        {
            return null;
        }

        var here = OwnPorts.Addresses();
        return addresses.Any(address => AddressKinds.Of(address) != AddressKind.Public || here.Contains(address))
            ? new Diagnostic(Codes.WebhookRefused, $"SecFlow itself listens on port {url.Port} of {url.Host}: no webhook may lead there. Give the address of the service that shall be told.")
            : null;
    }

    /// <summary>Resolved and pinned for one message.</summary>
    public static Task<TargetScope> PinAsync(Webhook webhook, TimeProvider time, CancellationToken ct) => TargetScope.PinAsync([AsTarget(webhook)], time, ct);

    private static ScopedTarget AsTarget(Webhook webhook) =>
        new(webhook.Id, "webhook", TargetKind.Url, webhook.Url, webhook.ApprovedAddress, [], Intrusiveness.Passive, 10, DateTimeOffset.UnixEpoch, null, webhook.Revision);
}
