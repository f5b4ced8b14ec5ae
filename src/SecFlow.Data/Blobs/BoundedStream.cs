namespace SecFlow.Data.Blobs;

/// <summary>Reads at most so many bytes of another stream; at the first one more it throws what it was given. What is counted is what arrives, so a small archive cannot become a large file.</summary>
public sealed class BoundedStream(Stream inner, long most, Func<Exception> tooMuch, bool leaveOpen = false) : ForwardStream
{
    protected override int ReadNext(Span<byte> buffer) => Bounded(inner.Read(buffer));

    protected override async ValueTask<int> ReadNextAsync(Memory<byte> buffer, CancellationToken ct) => Bounded(await inner.ReadAsync(buffer, ct).ConfigureAwait(false));

    protected override void Dispose(bool disposing)
    {
        if (disposing && !leaveOpen)
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }

    private int Bounded(int got) => Position + got <= most ? got : throw tooMuch();
}
