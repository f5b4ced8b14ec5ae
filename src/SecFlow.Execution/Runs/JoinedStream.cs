using SecFlow.Data.Blobs;

namespace SecFlow.Execution.Runs;

/// <summary>Several streams read one after the other; each is opened when its turn comes.</summary>
internal sealed class JoinedStream(IReadOnlyList<Func<Stream>> parts) : ForwardStream
{
    private Stream? _part;
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

    private Stream? Part() => _part ??= _next < parts.Count ? parts[_next++]() : null;

    private void Leave()
    {
        _part?.Dispose();
        _part = null;
    }
}
