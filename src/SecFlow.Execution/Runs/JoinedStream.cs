namespace SecFlow.Execution.Runs;

/// <summary>Several streams read one after the other; each is opened when its turn comes.</summary>
internal sealed class JoinedStream(IReadOnlyList<Func<Stream>> parts) : Stream
{
    private Stream? _part;
    private int _next;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        while (true)
        {
            if (_part is null)
            {
                if (_next == parts.Count)
                {
                    return 0;
                }

                _part = parts[_next++]();
            }

            var read = _part.Read(buffer);
            if (read > 0 || buffer.Length == 0)
            {
                return read;
            }

            _part.Dispose();
            _part = null;
        }
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _part?.Dispose();
        }

        base.Dispose(disposing);
    }
}
