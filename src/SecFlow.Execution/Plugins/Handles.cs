using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Tools;
using SecFlow.PluginProtocol;

namespace SecFlow.Execution.Plugins;

/// <summary>
/// Data that a plugin may read in pieces while it stays with the engine.
/// 1. What the engine receives is appended to one file of this work, which has no name and vanishes with it; recorded files are read where they are.
/// 2. At most <see cref="SessionLimits.HandleBytes"/> of responses are kept per work, and the ceiling of <see cref="Limits.OutputBytesKept"/> of what tools left; more is SF4009 for that call.
/// </summary>
internal sealed class Handles : IAsyncDisposable
{
    public const int MostBytesAtOnce = 256 * 1024;

    private readonly List<Piece> _pieces = [];
    private FileStream? _kept;
    private long _end;
    private long _bytes;
    private long _toolBytes;

    private sealed record Piece(FileStream File, long Offset, long Length, bool Own);

    /// <summary>Keeps bytes and gives their handle.</summary>
    public async Task<HandleRef> KeepAsync(ReadOnlyMemory<byte> bytes, CancellationToken ct)
    {
        if (_bytes + bytes.Length > SessionLimits.HandleBytes)
        {
            throw new SecFlowException(Codes.LimitOutput, $"The plugin has received more than {SessionLimits.HandleBytes} bytes in one node. Ask for less with maxBytes.");
        }

        _kept ??= ToolSpool.NewFile();
        await RandomAccess.WriteAsync(_kept.SafeFileHandle, bytes, _end, ct);
        _pieces.Add(new Piece(_kept, _end, bytes.Length, Own: false));
        _end += bytes.Length;
        _bytes += bytes.Length;
        return new HandleRef(_pieces.Count, bytes.Length);
    }

    /// <summary>Keeps what a tool left and gives its handle; at most <see cref="Limits.OutputBytesKept"/>'s ceiling in one work.</summary>
    public async Task<HandleRef> KeepAsync(FileStream file, CancellationToken ct)
    {
        if (_toolBytes + file.Length > Limits.OutputBytesKept.Ceiling)
        {
            throw new SecFlowException(Codes.LimitOutput, $"The tools of this node have left more than {Limits.OutputBytesKept.Ceiling} bytes. Let them write less.");
        }

        _toolBytes += file.Length;
        var offset = _end;
        _kept ??= ToolSpool.NewFile();
        var buffer = new byte[MostBytesAtOnce];
        long done = 0;
        while (await RandomAccess.ReadAsync(file.SafeFileHandle, buffer, done, ct) is var read and > 0)
        {
            await RandomAccess.WriteAsync(_kept.SafeFileHandle, buffer.AsMemory(0, read), offset + done, ct);
            done += read;
        }

        _end += done;
        _pieces.Add(new Piece(_kept, offset, done, Own: false));
        return new HandleRef(_pieces.Count, done);
    }

    /// <summary>Writes bytes, or what a handle stands for, to a file and goes back to its beginning. Throws SF1501 (no such handle) and SF4009 (more than <paramref name="most"/>).</summary>
    public async Task CopyAsync(ToolContent content, FileStream to, long most, CancellationToken ct)
    {
        var size = content.Bytes?.Length ?? (content.Handle >= 1 && content.Handle <= _pieces.Count ? _pieces[content.Handle - 1].Length
            : throw new SecFlowException(Codes.RequestInvalid, "There is no such handle. Use one that ctx has given in this run of the plugin."));
        if (size > most)
        {
            throw new SecFlowException(Codes.LimitOutput, $"A tool was to read {size} bytes; at most {most} are allowed. Give it less.");
        }

        if (content.Bytes is { } bytes)
        {
            await to.WriteAsync(bytes, ct);
        }

        for (long at = 0; content.Bytes is null && await ReadAsync(content.Handle, at, MostBytesAtOnce, ct) is { Length: > 0 } piece; at += piece.Length)
        {
            await to.WriteAsync(piece, ct);
        }

        to.Position = 0;
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
