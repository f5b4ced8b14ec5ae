namespace SecFlow.Data.Blobs;

/// <summary>Takes what is written into memory, and into a file once it is more than a few bytes. Write only; the file belongs to this stream.</summary>
internal sealed class SpillStream(int smallBytes, Func<FileStream> open) : Stream
{
    private readonly MemoryStream _memory = new();
    private FileStream? _file;

    /// <summary>Whether all that was written is in memory.</summary>
    public bool IsSmall => _file is null;

    /// <summary>All that was written, while it is small.</summary>
    public ReadOnlySpan<byte> Small => _memory.GetBuffer().AsSpan(0, (int)_memory.Length);

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>The file with all that was written.</summary>
    public async Task<FileStream> FileAsync(CancellationToken ct)
    {
        Spill();
        await _file!.FlushAsync(ct);
        return _file;
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer) => Room(buffer.Length).Write(buffer);

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => Room(buffer.Length).WriteAsync(buffer, cancellationToken);

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Flush() => _file?.Flush();

    public override Task FlushAsync(CancellationToken cancellationToken) => _file?.FlushAsync(cancellationToken) ?? Task.CompletedTask;

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _file?.Dispose();
            _memory.Dispose();
        }

        base.Dispose(disposing);
    }

    private Stream Room(int bytes)
    {
        if (_file is null && _memory.Length + bytes <= smallBytes)
        {
            return _memory;
        }

        Spill();
        return _file!;
    }

    private void Spill()
    {
        if (_file is null)
        {
            _file = open();
            _memory.WriteTo(_file);
            _memory.SetLength(0);
        }
    }
}
