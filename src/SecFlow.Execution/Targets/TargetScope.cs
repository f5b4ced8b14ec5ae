using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using SecFlow.Data.Targets;
using SecFlow.Execution.Diagnostics;

namespace SecFlow.Execution.Targets;

/// <summary>Answer of a scope check: either a target with addresses, or the refusal.</summary>
public sealed record ScopeAnswer(ScopedTarget? Target, IReadOnlyList<IPAddress> Addresses, Diagnostic? Refusal);

/// <summary>An address that a target resolved to, and whether the target was approved for it.</summary>
public sealed record PinnedAddress(IPAddress Address, AddressKind Kind, bool Approved);

/// <summary>
/// The targets of one node run, names resolved once and pinned. Everything that is reached is compared with it.
/// 1. A url target covers its host at its own port and its further ports; a host target its host at its ports (none listed = all); a network the addresses in it.
/// 2. A private or loopback address is reached only when the target says so itself: its value is that address or a network of such addresses, or its name was approved with that address.
/// 3. Link-local and metadata addresses, and the ports on which this program listens, are reached only by a target that names exactly them.
/// 4. A name is resolved once; what it resolves to later plays no part.
/// 5. What becomes of a target while the node works counts from the next look on (<see cref="LookAgainAsync"/>), and only ever makes it less.
/// </summary>
public sealed partial class TargetScope
{
    private const int HostRequestsPerSecond = 10;
    private static readonly TimeSpan _looksEvery = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan ResolvePatience = TimeSpan.FromSeconds(5);
    private volatile IReadOnlyList<Pinned> _pinned;
    private long _lookedAt;

    /// <summary>Looked up at the first request: finding them reads the tables of the kernel, and many nodes ask for nothing.</summary>
    private readonly Lazy<IReadOnlySet<int>> _ownPorts;
    private readonly Func<IReadOnlySet<IPAddress>> _ownAddresses;
    private readonly TimeProvider _time;
    private readonly ConcurrentDictionary<IPAddress, bool> _reached = new();

    /// <summary>True when these are the hosts that a plugin's manifest names, not a run's targets: then no special address is ever reached.</summary>
    public bool OfHosts { get; private init; }

    private TargetScope(IReadOnlyList<Pinned> pinned, Lazy<IReadOnlySet<int>> ownPorts, Func<IReadOnlySet<IPAddress>> ownAddresses, TimeProvider time)
    {
        _pinned = pinned;
        _ownPorts = ownPorts;
        _ownAddresses = ownAddresses;
        _time = time;
        _lookedAt = time.GetTimestamp();
    }

    public IReadOnlyList<ScopedTarget> Targets => [.. _pinned.Select(one => one.Target)];

    /// <summary>The targets as they are now, given those that were pinned; null where nobody can change them (a scope of the command line's own, the hosts of a manifest).</summary>
    internal Func<IReadOnlyList<ScopedTarget>, CancellationToken, Task<IReadOnlyList<ScopedTarget>>>? Look { get; private init; }

    /// <summary>The folders of the folder targets, which a sandbox of this node may see; empty where no folders can be opened.</summary>
    public IReadOnlyList<TargetFolder> Folders { get; private init; } = [];

    /// <summary>Different addresses to which a connection was opened under this scope.</summary>
    public int AddressesReached => _reached.Count;

    /// <summary>What the name of a target resolved to; empty for networks, folders and names that do not resolve.</summary>
    public IReadOnlyList<PinnedAddress> AddressesOf(Guid targetId) =>
        [.. _pinned.Where(one => one.Target.Id == targetId && one.Network is null).SelectMany(one => one.Addresses.Select(address => new PinnedAddress(address, AddressKinds.Of(address), IsApproved(one, address))))];

    /// <summary>Resolves and pins. A target whose name does not resolve stays in the scope without addresses (unreachable).</summary>
    public static Task<TargetScope> PinAsync(IReadOnlyList<ScopedTarget> targets, TimeProvider time, CancellationToken ct) =>
        PinAsync(targets, time, new Lazy<IReadOnlySet<int>>(OwnPorts.Find), OwnPorts.Addresses, Dns.GetHostAddressesAsync, ct);

    /// <summary>The same, with the folders of folder targets. Throws SF3021 for one that is not allowed (any more) or not here.</summary>
    public static Task<TargetScope> PinAsync(IReadOnlyList<ScopedTarget> targets, TargetFolders folders, Guid teamId, TimeProvider time, CancellationToken ct) =>
        PinAsync(targets, folders, teamId, null, time, ct);

    internal static async Task<TargetScope> PinAsync(
        IReadOnlyList<ScopedTarget> targets, TargetFolders folders, Guid teamId, Func<IReadOnlyList<ScopedTarget>, CancellationToken, Task<IReadOnlyList<ScopedTarget>>>? look, TimeProvider time, CancellationToken ct)
    {
        var open = folders.Open(teamId, targets);
        var scope = await PinAsync(targets, time, ct).ConfigureAwait(false);
        return new TargetScope(scope._pinned, scope._ownPorts, scope._ownAddresses, time) { Folders = open, Look = look };
    }

    /// <summary>Targets of a run that is over, as its plugins saw them: nothing is resolved, no folder is opened, and nothing can be reached.</summary>
    internal static async Task<TargetScope> OfKeptAsync(IReadOnlyList<ScopedTarget> targets, TimeProvider time, CancellationToken ct)
    {
        var scope = await PinAsync(targets, time, new HashSet<int>(), (_, _) => Task.FromResult<IPAddress[]>([]), ct).ConfigureAwait(false);
        var folders = targets.Where(target => target.Kind == TargetKind.Folder).ToList();
        return new TargetScope(scope._pinned, scope._ownPorts, scope._ownAddresses, time) { Folders = [.. folders.Zip(TargetFolder.Names(folders.Select(target => target.Name))).Select(pair => new TargetFolder(pair.First.Id, pair.Second, ""))] };
    }

    /// <summary>Takes over what became of the targets since; asks at most once in <see cref="_looksEvery"/>.</summary>
    public async Task LookAgainAsync(CancellationToken ct)
    {
        var last = Volatile.Read(ref _lookedAt);
        if (Look is null || _time.GetElapsedTime(last) < _looksEvery || Interlocked.CompareExchange(ref _lookedAt, _time.GetTimestamp(), last) != last)
        {
            return;
        }

        var now = (await Look(Targets, ct).ConfigureAwait(false)).ToDictionary(target => target.Id);
        _pinned = [.. _pinned.Select(one => one with { Target = now[one.Target.Id] })];
    }

    internal static Task<TargetScope> PinAsync(IReadOnlyList<ScopedTarget> targets, TimeProvider time, IReadOnlySet<int> ownPorts, Func<string, CancellationToken, Task<IPAddress[]>> resolve, CancellationToken ct) =>
        PinAsync(targets, time, new(ownPorts), OwnPorts.Addresses, resolve, ct);

    internal static async Task<TargetScope> PinAsync(IReadOnlyList<ScopedTarget> targets, TimeProvider time, Lazy<IReadOnlySet<int>> ownPorts, Func<IReadOnlySet<IPAddress>> ownAddresses, Func<string, CancellationToken, Task<IPAddress[]>> resolve, CancellationToken ct)
    {
        var pinned = await Task.WhenAll(targets.Select(target => PinAsync(target, resolve, ct))).ConfigureAwait(false);
        return new TargetScope(pinned, ownPorts, ownAddresses, time);
    }

    /// <summary>Resolves and pins the <c>name:port</c> of a manifest's <c>permissions.network.hosts</c>, by the same rules; link-local and metadata addresses and this program's ports are never reached.</summary>
    public static Task<TargetScope> PinHostsAsync(IReadOnlyList<string> hosts, TimeProvider time, CancellationToken ct) =>
        PinHostsAsync(hosts, time, new Lazy<IReadOnlySet<int>>(OwnPorts.Find), OwnPorts.Addresses, Dns.GetHostAddressesAsync, ct);

    internal static async Task<TargetScope> PinHostsAsync(IReadOnlyList<string> hosts, TimeProvider time, Lazy<IReadOnlySet<int>> ownPorts, Func<IReadOnlySet<IPAddress>> ownAddresses, Func<string, CancellationToken, Task<IPAddress[]>> resolve, CancellationToken ct)
    {
        var pinned = await Task.WhenAll(hosts.Select(host => PinAsync(HostTarget(host), resolve, ct))).ConfigureAwait(false);
        return new TargetScope([.. pinned.Select(one => one with { OfHost = true })], ownPorts, ownAddresses, time) { OfHosts = true };
    }

    /// <summary>Whether the url is inside the scope; on success the target and its pinned addresses (none: it does not resolve). Codes SF3003, SF3005, SF3008.</summary>
    public ScopeAnswer Check(Uri url)
    {
        if (!url.IsAbsoluteUri || (url.Scheme != Uri.UriSchemeHttp && url.Scheme != Uri.UriSchemeHttps))
        {
            return Refuse(Codes.OutOfScope, "scope.scheme", "Only http and https urls can be reached.", "Use an absolute http or https url.");
        }

        if (url.UserInfo.Length > 0)
        {
            return Refuse(Codes.OutOfScope, "scope.userinfo", $"The url for {url.Host} carries a user name, which hides the true host from a reader.", "Send credentials in a header.");
        }

        if (HostName.Of(url) is not { } host)
        {
            return Refuse(Codes.OutOfScope, "scope.host", "The url has no valid host.", "Use a host name or an address without a zone.");
        }

        ScopeAnswer? refusal = null;
        foreach (var candidate in _pinned.Where(one => Covers(one, host, url.Port)))
        {
            var answer = Judge(candidate, host, url.Port);
            if (answer.Refusal is null)
            {
                return answer;
            }

            refusal ??= answer;
        }

        return refusal ?? Refuse(
            Codes.OutOfScope,
            "scope.targets",
            $"{host.Name} port {url.Port} is not one of this run's approved targets.",
            $"Have a target for {host.Name} port {url.Port} approved, and start the run with it.");
    }

    /// <summary>A host of a manifest as a target: its id is made from it, so that all who ask it share its rate.</summary>
    private static ScopedTarget HostTarget(string host)
    {
        var colon = host.LastIndexOf(':');
        return new ScopedTarget(
            new Guid(SHA256.HashData(Encoding.UTF8.GetBytes("host " + host)).AsSpan(0, 16)), host, TargetKind.Host, host[..colon], null, [int.Parse(host.AsSpan(colon + 1), CultureInfo.InvariantCulture)],
            Intrusiveness.Exploit, HostRequestsPerSecond, DateTimeOffset.UnixEpoch, null, 1);
    }

    internal void NoteReached(IPAddress address) => _reached[HostName.Plain(address)] = true;

    private static async Task<Pinned> PinAsync(ScopedTarget target, Func<string, CancellationToken, Task<IPAddress[]>> resolve, CancellationToken ct)
    {
        if (target.Kind == TargetKind.Cidr)
        {
            return new Pinned(target, null, null, IPNetwork.TryParse(target.Value, out var network) ? network : null, []);
        }

        Uri? url = null;
        var host = target.Kind switch
        {
            TargetKind.Url when Uri.TryCreate(target.Value, UriKind.Absolute, out url) => HostName.Of(url),
            TargetKind.Host => HostName.Normalise(target.Value),
            _ => null,
        };
        if (host is not { } known)
        {
            return new Pinned(target, null, null, null, []);
        }

        var addresses = known.Address is { } literal ? [literal] : await ResolveAsync(known.Name, resolve, ct).ConfigureAwait(false);
        return new Pinned(target, known.Name, url?.Port, null, addresses);
    }

    private static async Task<IPAddress[]> ResolveAsync(string name, Func<string, CancellationToken, Task<IPAddress[]>> resolve, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(ResolvePatience);
        try
        {
            var found = await resolve(name, limit.Token).WaitAsync(limit.Token).ConfigureAwait(false);
            return [.. found.Select(HostName.Plain).Distinct()];
        }
        catch (Exception e) when (e is SocketException or ArgumentException || (e is OperationCanceledException && !ct.IsCancellationRequested))
        {
            // Not resolvable now: the target is unreachable, which its assessment will say.
            return [];
        }
    }

    private static bool Covers(Pinned one, (string Name, IPAddress? Address) host, int port)
    {
        var ports = one.Target.Ports;
        return one switch
        {
            { Network: { } network } => host.Address is { } address && network.Contains(address) && (ports.Count == 0 || ports.Contains(port)),
            { Name: { } name } when name != host.Name => false,
            { Port: { } own } => own == port || ports.Contains(port),
            { Name: not null } => ports.Count == 0 || ports.Contains(port),
            _ => false,
        };
    }

    private ScopeAnswer Judge(Pinned one, (string Name, IPAddress? Address) host, int port)
    {
        var target = one.Target;
        if (target.RefusalAt(_time.GetUtcNow()) is { } closed)
        {
            return new ScopeAnswer(null, [], closed);
        }

        var addresses = one.Network is null ? one.Addresses : [host.Address!];
        if (addresses.Count == 0)
        {
            return new ScopeAnswer(target, [], null);
        }

        IPAddress[] allowed = [.. addresses.Where(address => IsApproved(one, address))];
        if (allowed.Length == 0)
        {
            return Refuse(
                Codes.AddressForbidden,
                "scope.address",
                $"{host.Name} is {string.Join(", ", addresses.Take(4))} ({AddressKinds.Of(addresses[0])}), and target '{target.Name}' was not approved for that address.",
                "Approve a target whose value is that address, or approve the name together with the address.");
        }

        if (one.Port != port && _ownPorts.Value.Contains(port) && allowed.Any(LeadsHere))
        {
            return Refuse(Codes.AddressForbidden, "scope.own-port", $"SecFlow itself listens on port {port}.", $"To scan SecFlow with itself, have a url target with port {port} approved.");
        }

        return new ScopeAnswer(target, allowed, null);
    }

    // Loopback is the usual place of the portal; any of this machine's addresses leads there as well. Which private ones do, behind a bridge or a forwarding, is not
    // known here, so the port alone decides for them; of public ones those of this machine's interfaces.
    private bool LeadsHere(IPAddress address) => AddressKinds.Of(address) != AddressKind.Public || _ownAddresses().Contains(address);

    private static bool IsApproved(Pinned one, IPAddress address)
    {
        if (one.Network is { } network)
        {
            // A network approves special addresses only when it is one of them itself: 0.0.0.0/0 never means 10.0.0.1.
            return AddressKinds.Of(address) switch
            {
                AddressKind.Public => true,
                AddressKind.Private or AddressKind.Loopback => AddressKinds.Of(network.BaseAddress) == AddressKinds.Of(address),
                AddressKind.OwnTargetOnly => network.PrefixLength == address.GetAddressBytes().Length * 8,
                _ => false,
            };
        }

        var literal = one.Name == address.ToString();
        var approved = IPAddress.TryParse(one.Target.ApprovedAddress, out var known) && HostName.Plain(known).Equals(address);
        return AddressKinds.Of(address) switch
        {
            AddressKind.Public => true,
            AddressKind.Private or AddressKind.Loopback => literal || approved,
            AddressKind.OwnTargetOnly => literal && !one.OfHost,
            _ => false,
        };
    }

    private static ScopeAnswer Refuse(string code, string rule, string message, string remedy) => new(null, [], new Diagnostic(code, $"{message} {remedy}") { Rule = rule, Remedy = remedy });

    /// <summary>A target with what was found out about it once.</summary>
    private sealed record Pinned(ScopedTarget Target, string? Name, int? Port, IPNetwork? Network, IReadOnlyList<IPAddress> Addresses)
    {
        /// <summary>Named by a manifest, not approved as a target.</summary>
        public bool OfHost { get; init; }
    }
}
