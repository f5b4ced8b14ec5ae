using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Text;

namespace SecFlow.Execution.Tests.Sandboxing.Network;

/// <summary>A small server that counts who came: 200 at <c>/</c> and <c>/admin</c>, a redirect at <c>/away</c>, else 404.</summary>
internal sealed class Site : IAsyncDisposable
{
    private readonly TcpListener _listener;
    private readonly CancellationTokenSource _end = new();
    private readonly Task _loop;
    private int _connections;

    private Site(IPAddress address, string? away)
    {
        _listener = new TcpListener(address, 0);
        _listener.Start();
        Address = address;
        _loop = ServeAsync(away);
    }

    public IPAddress Address { get; }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public int Connections => Volatile.Read(ref _connections);

    public string Url => $"http://{Address}:{Port}/";

    public static Site Start(IPAddress? address = null, string? away = null) => new(address ?? IPAddress.Loopback, away);

    /// <summary>An address of this machine that is not its loopback: to a sandbox it is another host.</summary>
    public static IPAddress? OtherAddress() => NetworkInterface.GetAllNetworkInterfaces()
        .Where(one => one.OperationalStatus == OperationalStatus.Up)
        .SelectMany(one => one.GetIPProperties().UnicastAddresses)
        .Select(one => one.Address)
        .FirstOrDefault(address => address.AddressFamily == AddressFamily.InterNetwork && !IPAddress.IsLoopback(address));

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _loop;
        _listener.Stop();
        _end.Dispose();
    }

    private async Task ServeAsync(string? away)
    {
        while (!_end.IsCancellationRequested)
        {
            try
            {
                using var client = await _listener.AcceptTcpClientAsync(_end.Token);
                Interlocked.Increment(ref _connections);
                await AnswerAsync(client.GetStream(), away).WaitAsync(TimeSpan.FromSeconds(5), _end.Token);
            }
            catch (Exception e) when (e is OperationCanceledException or IOException or SocketException or TimeoutException)
            {
                // A port scan says nothing; the next one comes.
            }
        }
    }

    private static async Task AnswerAsync(NetworkStream stream, string? away)
    {
        using var reader = new StreamReader(stream, Encoding.ASCII, leaveOpen: true);
        if (await reader.ReadLineAsync() is not { } request)
        {
            return;
        }

        while (await reader.ReadLineAsync() is { Length: > 0 })
        {
        }

        var answer = request.Split(' ')[1] switch
        {
            "/" or "/admin" => "200 OK\r\nContent-Length: 7",
            "/away" when away is not null => $"302 Found\r\nLocation: {away}\r\nContent-Length: 7",
            _ => "404 Not Found\r\nContent-Length: 7",
        };
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 {answer}\r\nConnection: close\r\n\r\ncontent"));
    }
}
