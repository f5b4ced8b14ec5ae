using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

namespace SecFlow.Execution.Targets;

/// <summary>How every connection to a target is opened: to the pinned addresses of the scope, and to nothing else.</summary>
internal static class TargetSocket
{
    /// <summary>Throws <see cref="SocketException"/> when the scope refuses, the name has no address, or nobody answers.</summary>
    public static async Task<NetworkStream> OpenAsync(TargetScope scope, Uri url, CancellationToken ct)
    {
        // Asked again at the moment of connecting: a lapsed authorisation or a changed rule counts at once.
        var answer = scope.Check(url);
        if (answer.Refusal is not null || answer.Addresses.Count == 0)
        {
            throw new SocketException((int)SocketError.HostNotFound);
        }

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync([.. answer.Addresses], url.Port, ct).ConfigureAwait(false);
            if (socket.RemoteEndPoint is IPEndPoint reached)
            {
                scope.NoteReached(reached.Address);
            }

            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Nothing is fetched to judge a certificate: it may name any address, and a target's certificate must not choose whom we connect to.</summary>
    public static X509ChainPolicy ChainPolicy() => new() { DisableCertificateDownloads = true, RevocationMode = X509RevocationMode.NoCheck };
}
