namespace SecFlow.PluginHost.Parsing;

/// <summary>A document from its XML declaration on, when one stands within the first <see cref="LookBytes"/> bytes; otherwise from its start.</summary>
internal sealed class DeclarationStream(Stream inner) : Stream
{
    public const int LookBytes = 4096;

    private byte[] _head = [];
    private int _at;
    private bool _looked;

    private static ReadOnlySpan<byte> Declaration => "<?xml"u8;

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
        if (!_looked)
        {
            _looked = true;
            _head = new byte[LookBytes];
            var got = inner.ReadAtLeast(_head, LookBytes, throwOnEndOfStream: false);
            _head = _head[..got];
            _at = Math.Max(0, _head.AsSpan().IndexOf(Declaration));
        }

        if (_at == _head.Length)
        {
            return inner.Read(buffer);
        }

        var count = Math.Min(buffer.Length, _head.Length - _at);
        _head.AsSpan(_at, count).CopyTo(buffer);
        _at += count;
        return count;
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
