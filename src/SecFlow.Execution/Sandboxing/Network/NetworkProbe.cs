using System.Globalization;
using System.Net;
using System.Net.Sockets;
using SecFlow.Execution.Diagnostics;

namespace SecFlow.Execution.Sandboxing.Network;

/// <summary>Finds out whether a sandbox's network can be confined here, by confining one to a listener of the engine and trying to reach another.</summary>
internal static class NetworkProbe
{
    public const string Layer = "network scope";
    private const string Elsewhere = "203.0.113.1";

    // Each attempt prints its name only when it got through. What is refused is given up after a second, so these wait side by side.
    private const string Attempts = """
        try() { (exec 3<>"/dev/tcp/$2/$3") 2>/dev/null && echo $1; }
        try approved 127.0.0.1 $1
        try other-port 127.0.0.1 $2 &
        try gateway $3 $2 &
        try other-host $4 80 &
        (exec 3<>/dev/udp/$3/53 && echo x >&3) 2>/dev/null && echo udp
        wait
        echo done
        """;

    /// <summary>The programs when it holds, and the layer that says so or why not.</summary>
    public static async Task<(NetworkPrograms? Programs, SandboxLayer Layer)> RunAsync(SandboxMeans means, CancellationToken ct)
    {
        var (programs, missing) = NetworkPrograms.Find();
        if (programs is null)
        {
            return (null, Off(string.Join(" and ", missing) + (missing.Count == 1 ? " is" : " are") + " not installed", SandboxRemedies.Install(string.Join(' ', missing))));
        }

        using var approved = new TcpListener(IPAddress.Loopback, 0);
        using var other = new TcpListener(IPAddress.Loopback, 0);
        approved.Start();
        other.Start();
        var plan = new NetworkPlan([new NetworkRule(new IPNetwork(IPAddress.Loopback, 32), Port(approved), Port(approved))], new Dictionary<string, IReadOnlyList<IPAddress>>(StringComparer.Ordinal));
        var spec = SandboxProbe.Shell(Attempts, Text(Port(approved)), Text(Port(other)), NetworkReach.Of(plan).Gateway.ToString(), Elsewhere) with { Program = programs.Bash, Network = plan };
        try
        {
            var (exit, said, count) = await SandboxProbe.RunAsync(means with { Network = programs }, spec, ct).ConfigureAwait(false);
            var reached = said.Split('\n', StringSplitOptions.RemoveEmptyEntries);
            return reached switch
            {
                ["approved", "done"] when count is { Known: true, Accepted: >= 1, Blocked: >= 3 } =>
                    (programs, new SandboxLayer(Layer, Enforced: true, "a tool reaches the planned address and port by pasta, and nothing else; nftables counted what it refused", null)),
                ["approved", "done"] => (null, Off("what was refused was not counted", SandboxRemedies.Network(""))),
                [.., "done"] when !reached.Contains("approved", StringComparer.Ordinal) => (null, Off("the planned address was not reached", SandboxRemedies.Network(""))),
                [.., "done"] => (null, Off("more than the planned address was reached: " + string.Join(' ', reached[..^1].Where(name => name != "approved")), "Do not run tools on this machine; report what 'secflow doctor' prints.")),
                _ => (null, Off($"a program did not start in its network ({exit.End}: {exit.StderrHead.Trim()})", SandboxRemedies.Network(exit.StderrHead))),
            };
        }
        catch (Exception e) when (e is SecFlowException or IOException)
        {
            // A helper that did not start, or ended in the middle: it would do the same to a tool.
            return (null, Off(e is SecFlowException refused ? refused.Diagnostics[0].Message : $"a helper of the network ended: {e.Message}", SandboxRemedies.Network(e.Message)));
        }
    }

    private static SandboxLayer Off(string reason, string remedy) => new(Layer, Enforced: false, reason, remedy);

    private static int Port(TcpListener listener) => ((IPEndPoint)listener.LocalEndpoint).Port;

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
