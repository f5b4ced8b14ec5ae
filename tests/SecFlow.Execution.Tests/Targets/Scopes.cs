using System.Net;
using SecFlow.Data.Targets;
using SecFlow.Execution.Targets;

namespace SecFlow.Execution.Tests.Targets;

/// <summary>Scopes to start from; names resolve from a table, never from the network.</summary>
internal static class Scopes
{
    public static ScopedTarget Url(string value, string? approved = null, params int[] ports) => Target(TargetKind.Url, value, approved, ports);

    public static ScopedTarget Host(string value, string? approved = null, params int[] ports) => Target(TargetKind.Host, value, approved, ports);

    public static ScopedTarget Cidr(string value, params int[] ports) => Target(TargetKind.Cidr, value, null, ports);

    public static Task<TargetScope> PinAsync(params ScopedTarget[] targets) => PinAsync(targets, new Dictionary<string, string[]>(StringComparer.Ordinal));

    public static Task<TargetScope> PinAsync(ScopedTarget[] targets, Dictionary<string, string[]> names, TimeProvider? time = null, params int[] ownPorts) =>
        PinAsync(targets, names, [], time, ownPorts);

    /// <summary>As on a machine whose interfaces have the addresses <paramref name="own"/>.</summary>
    public static Task<TargetScope> PinAsync(ScopedTarget[] targets, Dictionary<string, string[]> names, HashSet<IPAddress> own, TimeProvider? time = null, params int[] ownPorts) =>
        TargetScope.PinAsync(targets, time ?? TimeProvider.System, new(ownPorts.ToHashSet()), () => own, (name, _) => Task.FromResult(names.TryGetValue(name, out var found) ? found.Select(IPAddress.Parse).ToArray() : throw new System.Net.Sockets.SocketException(11001)), CancellationToken.None);

    private static ScopedTarget Target(TargetKind kind, string value, string? approved, int[] ports) =>
        new(Guid.NewGuid(), "t", kind, value, approved, ports, Intrusiveness.Safe, 1000, DateTimeOffset.UnixEpoch, null, 1);
}
