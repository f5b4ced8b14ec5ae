using System.Buffers;
using System.Security.Cryptography;

namespace SecFlow.Data.Blobs;

/// <summary>A stored payload.</summary>
/// <param name="Digest"><c>sha256:hex</c> of its bytes.</param>
/// <param name="Size">Bytes.</param>
public sealed record Blob(string Digest, long Size);

/// <summary>A blob is not what its name says: damaged or changed on disk. The message names the digest.</summary>
public sealed class BlobDamagedException(string message) : IOException(message);

/// <summary>
/// Payloads that are too large for rows, in files named by their content: <c>blobs/sha256/ab/abcdef...</c>.
/// 1. A file under its final name is complete and durable (written to a temporary file, synced, renamed, folder synced).
/// 2. It is never changed; the same content is stored once.
/// 3. What an interrupted write leaves lies in <c>blobs/tmp</c> and is swept.
/// </summary>
public sealed class BlobStore
{
    private const string Prefix = "sha256:";
    private const int BufferBytes = 64 * 1024;
    private const int SmallBytes = 256 * 1024;

    private static readonly SearchValues<char> LowerHex = SearchValues.Create("0123456789abcdef");

    private readonly string _root;
    private readonly string _temporary;

    /// <param name="dataFolder">Data folder of the installation; <c>blobs</c> is made in it.</param>
    public BlobStore(string dataFolder)
    {
        _root = Path.Combine(dataFolder, "blobs", "sha256");
        _temporary = Path.Combine(dataFolder, "blobs", "tmp");
        Directory.CreateDirectory(_root);
        Directory.CreateDirectory(_temporary);
    }

    /// <summary>Stores everything that <paramref name="content"/> still has to give.</summary>
    public Task<Blob> PutAsync(Stream content, CancellationToken ct = default) => PutAsync((output, token) => content.CopyToAsync(output, BufferBytes, token), ct);

    public Task<Blob> PutAsync(ReadOnlyMemory<byte> content, CancellationToken ct = default) => PutAsync((output, token) => output.WriteAsync(content, token).AsTask(), ct);

    /// <summary>Stores what <paramref name="write"/> writes; when it fails nothing is stored.</summary>
    public async Task<Blob> PutAsync(Func<Stream, CancellationToken, Task> write, CancellationToken ct = default)
    {
        var temporary = Path.Combine(_temporary, Guid.NewGuid().ToString("N"));
        try
        {
            string digest;
            long size;
            await using (var content = new SpillStream(SmallBytes, () => new FileStream(temporary, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, BufferBytes)))
            {
                await write(content, ct);
                if (content.IsSmall && Prefix + Convert.ToHexStringLower(SHA256.HashData(content.Small)) is var known && Exists(known))
                {
                    // Rule 1: what is there is complete and durable. An empty output costs no sync.
                    return new Blob(known, content.Small.Length);
                }

                var file = await content.FileAsync(ct);
                file.Position = 0;
                digest = Convert.ToHexStringLower(await SHA256.HashDataAsync(file, ct));
                size = file.Length;
                file.Flush(flushToDisk: true);
            }

            Publish(temporary, digest);
            return new Blob(Prefix + digest, size);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    public bool Exists(string digest) => File.Exists(PathOf(digest));

    /// <summary>Opens without checking, for streaming. Throws <see cref="FileNotFoundException"/>.</summary>
    public Stream OpenRead(string digest) => new FileStream(PathOf(digest), FileMode.Open, FileAccess.Read, FileShare.Read, BufferBytes, FileOptions.SequentialScan);

    /// <summary>Hashes the whole blob, then answers it from its start. Throws <see cref="BlobDamagedException"/> and <see cref="FileNotFoundException"/>.</summary>
    public async Task<Stream> OpenVerifiedAsync(string digest, CancellationToken ct = default)
    {
        var stream = OpenRead(digest);
        try
        {
            var found = Prefix + Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, ct));
            if (found != digest)
            {
                throw new BlobDamagedException($"The stored payload {digest} was changed or damaged on disk (its content is {found}). Restore it from a backup.");
            }

            stream.Position = 0;
            return stream;
        }
        catch
        {
            await stream.DisposeAsync();
            throw;
        }
    }

    /// <summary>Path of a blob whose bytes were just compared with its name, for programs that read files. Throws as <see cref="OpenVerifiedAsync"/>.</summary>
    public async Task<string> VerifiedPathAsync(string digest, CancellationToken ct = default)
    {
        await (await OpenVerifiedAsync(digest, ct)).DisposeAsync();
        return PathOf(digest);
    }

    /// <summary>Removes what interrupted writes left. Call at start, before anything is stored; at other times with an age that no write reaches.</summary>
    /// <returns>Number of files removed.</returns>
    public int SweepTemporary(DateTimeOffset olderThan)
    {
        var swept = 0;
        foreach (var file in Directory.EnumerateFiles(_temporary).Where(file => File.GetLastWriteTimeUtc(file) < olderThan.UtcDateTime))
        {
            File.Delete(file);
            swept++;
        }

        return swept;
    }

    private void Publish(string temporary, string hex)
    {
        var path = PathOf(Prefix + hex);
        if (File.Exists(path))
        {
            return;
        }

        var folder = Path.GetDirectoryName(path)!;
        if (!Directory.Exists(folder))
        {
            Directory.CreateDirectory(folder);
            DurableFile.SyncFolder(_root);
        }

        // Of two writers of the same content the later one replaces equal bytes by equal bytes.
        File.Move(temporary, path, overwrite: true);
        DurableFile.SyncFolder(folder);
    }

    private string PathOf(string digest)
    {
        // A digest may come from outside: nothing but a digest ever becomes a path.
        if (digest.Length != Prefix.Length + 64 || !digest.StartsWith(Prefix, StringComparison.Ordinal) || digest.AsSpan(Prefix.Length).ContainsAnyExcept(LowerHex))
        {
            throw new ArgumentException("A digest is 'sha256:' and 64 lower-case hex digits.", nameof(digest));
        }

        var hex = digest[Prefix.Length..];
        return Path.Combine(_root, hex[..2], hex);
    }
}
