using SecFlow.Data.Blobs;

namespace SecFlow.Execution.Runs;

/// <summary>Several streams read one after the other, from a byte of the whole on; each is opened when its turn comes. With a begin they are files.</summary>
internal sealed class JoinedStream(IReadOnlyList<Func<Stream>> parts, long from = 0) : ForwardStream
{
    private Stream? _part;
    private long _skip = from;
    private int _next;

    protected override int ReadNext(Span<byte> buffer)
    {
        while (Part() is { } part)
        {
            if (part.Read(buffer) is var read && (read > 0 || buffer.Length == 0))
            {
                return read;
            }

            Leave();
        }

        return 0;
    }

    protected override async ValueTask<int> ReadNextAsync(Memory<byte> buffer, CancellationToken ct)
    {
        while (Part() is { } part)
        {
            if (await part.ReadAsync(buffer, ct) is var read && (read > 0 || buffer.Length == 0))
            {
                return read;
            }

            Leave();
        }

        return 0;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _part?.Dispose();
        }

        base.Dispose(disposing);
    }

    private Stream? Part()
    {
        while (_part is null && _next < parts.Count)
        {
            _part = parts[_next++]();
            if (_skip > 0)
            {
                var here = Math.Min(_skip, _part.Length);
                _part.Position = here;
                _skip -= here;
            }
        }

        return _part;
    }

    private void Leave()
    {
        _part?.Dispose();
        _part = null;
    }
}
