using SecFlow.Data.Blobs;

namespace SecFlow.Execution.Runs;

/// <summary>So many bytes of another stream, from where it stands.</summary>
internal sealed class SliceStream(Stream inner, long length) : ForwardStream
{
    protected override int ReadNext(Span<byte> buffer) => inner.Read(buffer[..(int)Math.Min(buffer.Length, length - Position)]);

    protected override ValueTask<int> ReadNextAsync(Memory<byte> buffer, CancellationToken ct) => inner.ReadAsync(buffer[..(int)Math.Min(buffer.Length, length - Position)], ct);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }
}
