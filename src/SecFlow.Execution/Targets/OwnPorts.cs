using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;

namespace SecFlow.Execution.Targets;

/// <summary>The TCP ports on which this very process listens, and the addresses of this machine: scanning the portal with itself must be meant.</summary>
internal static class OwnPorts
{
    private const string Listening = "0A";

    // /proc/net/tcp:  sl  local_address rem_address   st tx_queue:rx_queue tr:tm->when retrnsmt   uid  timeout inode
    //                  0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 12345 1 ...
    public static IReadOnlySet<int> Find()
    {
        var ports = new HashSet<int>();
        HashSet<string>? own = null;
        foreach (var file in new[] { "/proc/self/net/tcp", "/proc/self/net/tcp6" }.Where(File.Exists))
        {
            foreach (var line in File.ReadLines(file).Skip(1))
            {
                var columns = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                if (columns.Length > 9 && columns[3] == Listening && (own ??= Sockets()).Contains($"socket:[{columns[9]}]"))
                {
                    ports.Add(int.Parse(columns[1].AsSpan(columns[1].LastIndexOf(':') + 1), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
                }
            }
        }

        return ports;
    }

    /// <summary>The addresses that the interfaces of this machine have now.</summary>
    public static IReadOnlySet<IPAddress> Addresses() =>
        NetworkInterface.GetAllNetworkInterfaces().SelectMany(one => one.GetIPProperties().UnicastAddresses).Select(own => HostName.Plain(own.Address)).ToHashSet();

    private static HashSet<string> Sockets()
    {
        var own = new HashSet<string>(StringComparer.Ordinal);
        foreach (var entry in new DirectoryInfo("/proc/self/fd").EnumerateFileSystemInfos())
        {
            try
            {
                own.Add(entry.LinkTarget ?? "");
            }
            catch (IOException)
            {
                // Closed in the meantime.
            }
        }

        return own;
    }
}
