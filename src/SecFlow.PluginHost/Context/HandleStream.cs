using SecFlow.PluginProtocol;

namespace SecFlow.PluginHost.Context;

/// <summary>Reads a handle from the engine piece by piece.</summary>
public sealed class HandleStream(Handles handles, HandleRef reference) : Stream
{
    private byte[] _piece = [];
    private int _at;
    private long _offset;
    private bool _ended;

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
        if (_at == _piece.Length && !_ended)
        {
            _piece = handles.Read(reference, _offset, Handles.PieceBytes);
            _offset += _piece.Length;
            _at = 0;
            _ended = _piece.Length == 0;
        }

        var count = Math.Min(buffer.Length, _piece.Length - _at);
        _piece.AsSpan(_at, count).CopyTo(buffer);
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
