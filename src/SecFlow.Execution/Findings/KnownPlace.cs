using System.Net;
using SecFlow.Data.Targets;
using SecFlow.Execution.Targets;

namespace SecFlow.Execution.Findings;

/// <summary>The place of a target, by its name or network and its ports; nothing is resolved or asked for it.</summary>
internal sealed record KnownPlace(string? Name, int? Port, IPNetwork? Network, IReadOnlyList<int> Ports)
{
    /// <summary>Null for a folder.</summary>
    public static KnownPlace? Of(ScopedTarget target) => target.Kind switch
    {
        TargetKind.Url when Uri.TryCreate(target.Value, UriKind.Absolute, out var url) && HostName.Of(url) is { } host => new KnownPlace(host.Name, url.Port, null, target.Ports),
        TargetKind.Host when HostName.Normalise(target.Value) is { } host => new KnownPlace(host.Name, null, null, target.Ports),
        TargetKind.Cidr when IPNetwork.TryParse(target.Value, out var network) => new KnownPlace(null, null, network, target.Ports),
        _ => null,
    };

    public bool Covers(string name, IPAddress? address, int? port) =>
        (Network is { } network ? address is not null && network.Contains(address) : Name == name)
        && (port is not { } asked || (Port is { } own ? own == asked || Ports.Contains(asked) : Ports.Count == 0 || Ports.Contains(asked)));

    /// <summary>Host and port of an http or https url.</summary>
    public static (string? Host, int? Port) OfUrl(string? url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && HostName.Of(uri) is { } host ? (host.Name, uri.Port) : (null, null);
}
