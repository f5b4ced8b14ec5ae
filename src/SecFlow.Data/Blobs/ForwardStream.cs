namespace SecFlow.Data.Blobs;

/// <summary>A stream that is read from front to back, once. <see cref="Position"/> is how many bytes were read so far, from any thread.</summary>
public abstract class ForwardStream : Stream
{
    private long _position;

    public sealed override bool CanRead => true;

    public sealed override bool CanSeek => false;

    public sealed override bool CanWrite => false;

    public sealed override long Length => throw new NotSupportedException();

    public sealed override long Position
    {
        get => Volatile.Read(ref _position);
        set => throw new NotSupportedException();
    }

    public sealed override int Read(Span<byte> buffer) => Counted(ReadNext(buffer));

    public sealed override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public sealed override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => Counted(await ReadNextAsync(buffer, cancellationToken).ConfigureAwait(false));

    public sealed override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public sealed override void Flush()
    {
    }

    public sealed override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public sealed override void SetLength(long value) => throw new NotSupportedException();

    public sealed override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <summary>The bytes that follow; 0 at the end.</summary>
    protected abstract int ReadNext(Span<byte> buffer);

    /// <summary>The same without blocking. What comes from a network must answer here: some bodies of requests refuse to be read otherwise.</summary>
    protected abstract ValueTask<int> ReadNextAsync(Memory<byte> buffer, CancellationToken ct);

    private int Counted(int got)
    {
        Interlocked.Add(ref _position, got);
        return got;
    }
}
