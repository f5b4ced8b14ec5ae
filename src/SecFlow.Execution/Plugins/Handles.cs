using SecFlow.Execution.Diagnostics;
using SecFlow.PluginProtocol;

namespace SecFlow.Execution.Plugins;

/// <summary>
/// Data that a plugin may read in pieces while it stays with the engine.
/// 1. What the engine receives is appended to one file of this work, which vanishes with it; recorded files are read where they are.
/// 2. At most <see cref="SessionLimits.HandleBytes"/> are kept per work; more is SF4009 for that call.
/// </summary>
internal sealed class Handles : IAsyncDisposable
{
    public const int MostBytesAtOnce = 256 * 1024;

    private readonly List<Piece> _pieces = [];
    private FileStream? _kept;
    private long _bytes;

    private sealed record Piece(FileStream File, long Offset, long Length, bool Own);

    /// <summary>Keeps bytes and gives their handle.</summary>
    public async Task<HandleRef> KeepAsync(ReadOnlyMemory<byte> bytes, CancellationToken ct)
    {
        if (_bytes + bytes.Length > SessionLimits.HandleBytes)
        {
            throw new SecFlowException(Codes.LimitOutput, $"The plugin has received more than {SessionLimits.HandleBytes} bytes in one node. Ask for less with maxBytes.");
        }

        _kept ??= new FileStream(
            Path.Combine(Path.GetTempPath(), "secflow-handles-" + Guid.NewGuid().ToString("N")),
            new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Options = FileOptions.DeleteOnClose | FileOptions.Asynchronous, BufferSize = 0 });
        await RandomAccess.WriteAsync(_kept.SafeFileHandle, bytes, _bytes, ct);
        _pieces.Add(new Piece(_kept, _bytes, bytes.Length, Own: false));
        _bytes += bytes.Length;
        return new HandleRef(_pieces.Count, bytes.Length);
    }

    /// <summary>The handle of a recorded file.</summary>
    public HandleRef Open(string path)
    {
        var file = new FileStream(path, new FileStreamOptions { Options = FileOptions.Asynchronous, BufferSize = 0 });
        _pieces.Add(new Piece(file, 0, file.Length, Own: true));
        return new HandleRef(_pieces.Count, file.Length);
    }

    /// <summary>At most <paramref name="length"/> bytes from <paramref name="offset"/>; null when there is no such handle.</summary>
    public async Task<byte[]?> ReadAsync(int handle, long offset, int length, CancellationToken ct)
    {
        if (handle < 1 || handle > _pieces.Count)
        {
            return null;
        }

        var piece = _pieces[handle - 1];
        var bytes = new byte[Math.Clamp(Math.Min(length, piece.Length - offset), 0, MostBytesAtOnce)];
        var got = 0;
        while (got < bytes.Length)
        {
            var read = await RandomAccess.ReadAsync(piece.File.SafeFileHandle, bytes.AsMemory(got), piece.Offset + offset + got, ct);
            if (read == 0)
            {
                break;
            }

            got += read;
        }

        return got == bytes.Length ? bytes : bytes[..got];
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var piece in _pieces.Where(p => p.Own))
        {
            await piece.File.DisposeAsync();
        }

        if (_kept is not null)
        {
            await _kept.DisposeAsync();
        }
    }
}
