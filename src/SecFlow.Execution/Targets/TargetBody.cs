using System.IO.Compression;

namespace SecFlow.Execution.Targets;

/// <summary>Reads a body within a limit, before and after decompression, so that neither an endless body nor a small one that unpacks to gigabytes costs more than the limit.</summary>
internal static class TargetBody
{
    private const int Piece = 64 * 1024;

    /// <summary>The body, decompressed when it says gzip, deflate or br (what could be decoded when it is damaged, the raw bytes when nothing could), and whether something is missing.</summary>
    public static async Task<(byte[] Body, bool Truncated)> ReadAsync(HttpContent content, long limit, CancellationToken ct)
    {
        var (raw, cut) = await ReadAsync(await content.ReadAsStreamAsync(ct).ConfigureAwait(false), limit, ct).ConfigureAwait(false);
        var encodings = content.Headers.NonValidated.TryGetValues("Content-Encoding", out var values) ? string.Join(',', values).Trim().ToLowerInvariant() : "";
        if (raw.Length == 0 || Decoder(encodings, raw) is not { } decoder)
        {
            return (raw, cut);
        }

        await using (decoder.ConfigureAwait(false))
        {
            var (body, damaged) = await ReadAsync(decoder, limit, ct).ConfigureAwait(false);
            return body.Length == 0 && damaged ? (raw, true) : (body, cut || damaged);
        }
    }

    private static async Task<(byte[] Bytes, bool Truncated)> ReadAsync(Stream stream, long limit, CancellationToken ct)
    {
        using var kept = new MemoryStream();
        var buffer = new byte[Piece];
        try
        {
            while (await stream.ReadAsync(buffer, ct).ConfigureAwait(false) is var read and > 0)
            {
                var room = (int)Math.Min(read, limit - kept.Length);
                kept.Write(buffer, 0, room);
                if (room < read)
                {
                    return (kept.ToArray(), true);
                }
            }

            return (kept.ToArray(), false);
        }
        catch (Exception e) when (e is IOException or HttpRequestException or InvalidDataException or InvalidOperationException && !ct.IsCancellationRequested)
        {
            // The target broke off, or the compressed data is damaged: what came is still evidence.
            return (kept.ToArray(), true);
        }
    }

    private static Stream? Decoder(string encoding, byte[] raw) => encoding switch
    {
        "gzip" or "x-gzip" => new GZipStream(new MemoryStream(raw), CompressionMode.Decompress),
        "br" => new BrotliStream(new MemoryStream(raw), CompressionMode.Decompress),

        // RFC 9110 means zlib; some servers send raw deflate. 0x78 is how zlib begins in practice.
        "deflate" when raw[0] == 0x78 => new ZLibStream(new MemoryStream(raw), CompressionMode.Decompress),
        "deflate" => new DeflateStream(new MemoryStream(raw), CompressionMode.Decompress),
        _ => null,
    };
}
