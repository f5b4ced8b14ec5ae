namespace SecFlow.Execution.Tools;

/// <summary>
/// One stream of a tool on its way to a file that has no name: always read to its end, kept up to a limit, without escape sequences.
/// Readers of lines follow the file, so that a slow one never delays the tool.
/// </summary>
internal sealed class ToolSpool(long most) : IDisposable
{
    private readonly EscapeStripper _strip = new();
    private readonly SemaphoreSlim _grown = new(0, 1);
    private long _kept;
    private volatile bool _ended;

    public FileStream File { get; } = NewFile();

    public bool Truncated { get; private set; }

    /// <summary>Bytes in the file so far.</summary>
    public long Kept => Volatile.Read(ref _kept);

    /// <summary>No more will come.</summary>
    public bool Ended => _ended;

    /// <summary>A file without a name: it is gone when it is closed, also when this process dies.</summary>
    public static FileStream NewFile()
    {
        var path = Path.Combine(Path.GetTempPath(), "secflow-tool-" + Guid.NewGuid().ToString("N"));
        var file = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            Share = FileShare.ReadWrite | FileShare.Delete,
            Options = FileOptions.Asynchronous,
            BufferSize = 0,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        System.IO.File.Delete(path);
        return file;
    }

    /// <summary>Reads until the stream ends. Returns when it has; never throws for a writer that was killed.</summary>
    public async Task DrainAsync(Stream stream)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (await stream.ReadAsync(buffer, CancellationToken.None) is var read and > 0)
            {
                var text = _strip.Strip(buffer.AsSpan(0, read));
                var keep = (int)Math.Min(text, most - _kept);
                Truncated |= keep < text;
                if (keep > 0)
                {
                    await RandomAccess.WriteAsync(File.SafeFileHandle, buffer.AsMemory(0, keep), _kept, CancellationToken.None);
                    Volatile.Write(ref _kept, _kept + keep);
                    Wake();
                }
            }
        }
        catch (IOException)
        {
            // Reset by a killed writer, or the disk is full: what came until then is what there is.
            Truncated = true;
            await DropAsync(stream);
        }
        finally
        {
            _ended = true;
            Wake();
        }
    }

    /// <summary>After its end. The file is the caller's.</summary>
    public void Dispose() => _grown.Dispose();

    /// <summary>Waits until more was kept or it has ended.</summary>
    public Task GrownAsync(CancellationToken ct) => _grown.WaitAsync(ct);

    private static async Task DropAsync(Stream stream)
    {
        try
        {
            await stream.CopyToAsync(Stream.Null);
        }
        catch (IOException)
        {
            // Gone.
        }
    }

    private void Wake()
    {
        if (_grown.CurrentCount == 0)
        {
            _grown.Release();
        }
    }
}
