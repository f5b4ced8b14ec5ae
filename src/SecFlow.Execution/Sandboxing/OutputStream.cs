using System.Net.Sockets;
using SecFlow.Data.Blobs;

namespace SecFlow.Execution.Sandboxing;

/// <summary>What a sandboxed process writes; remembers whether anything came at all, which tells a runtime that could not start from one that was killed at work.</summary>
internal sealed class OutputStream(Socket socket) : ForwardStream
{
    private readonly NetworkStream _inner = new(socket, ownsSocket: true);

    public bool AnyOutput => Position > 0 || socket.Available > 0;

    public bool HasUnread => socket.Available > 0;

    protected override int ReadNext(Span<byte> buffer) => _inner.Read(buffer);

    protected override ValueTask<int> ReadNextAsync(Memory<byte> buffer, CancellationToken ct) => _inner.ReadAsync(buffer, ct);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _inner.Dispose();
        }

        base.Dispose(disposing);
    }
}
