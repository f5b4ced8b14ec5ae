using System.Net;

namespace SecFlow.Execution.Sandboxing.Network;

/// <summary>What a sandboxed process may reach: TCP to these addresses and ports, and nothing else. Names are answered from a pinned list; there is no other name service.</summary>
/// <param name="Allowed">An empty list reaches nothing.</param>
/// <param name="Names">Host name -> its pinned addresses, for the hosts file inside.</param>
public sealed record NetworkPlan(IReadOnlyList<NetworkRule> Allowed, IReadOnlyDictionary<string, IReadOnlyList<IPAddress>> Names);

/// <summary>TCP to every address of a network (a single address: prefix 32 or 128), ports from-to, both included.</summary>
public sealed record NetworkRule(IPNetwork Network, int FromPort, int ToPort);

/// <summary>Connections that a sandboxed process opened, counted by the kernel's rules (a repeated opening packet counts again).</summary>
/// <param name="Accepted">To what the plan allows.</param>
/// <param name="Blocked">Packets to anything else; refused at once.</param>
/// <param name="Known">False when the counters could not be read at the end, because the namespace was gone.</param>
public sealed record NetworkCount(long Accepted, long Blocked, bool Known = true)
{
    public static NetworkCount None { get; } = new(0, 0);
}
