using System.Net;
using System.Net.Sockets;

namespace SecFlow.Benchmarks.Machine;

/// <summary>A port of loopback that is free at this moment.</summary>
internal static class FreePort
{
    public static int Next()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
