using System.IO.Compression;
using SecFlow.Data.Blobs;
using SecFlow.Execution.Diagnostics;

namespace SecFlow.Execution.Resources;

/// <summary>What was found in a file while it was brought into its stored form.</summary>
/// <param name="Entries">Words, CVEs or templates.</param>
/// <param name="DataDate">Date that the data say of themselves, <c>2026-01-31</c>; null when they say nothing.</param>
internal sealed record ResourceFacts(long Entries, string? DataDate);

/// <summary>
/// The forms that resources may have, and how each is stored. A file is hostile until it was read to its end:
/// sizes are counted after decompression, nothing is written outside the stream that is given, and nothing is guessed.
/// </summary>
internal static class ResourceForm
{
    private const int MagicBytes = 4;

    /// <summary>Checks the file as its type demands and writes what is stored. Throws SF1702 (form) and SF1703 (size).</summary>
    public static async Task<ResourceFacts> StoreAsync(string type, FileStream file, Stream stored, CancellationToken ct)
    {
        var magic = new byte[MagicBytes];
        var got = await file.ReadAtLeastAsync(magic, MagicBytes, throwOnEndOfStream: false, ct);
        file.Position = 0;
        var isZip = got == MagicBytes && magic.AsSpan().SequenceEqual("PK\u0003\u0004"u8);
        var isGzip = got >= 2 && magic[0] == 0x1f && magic[1] == 0x8b;
        var most = MostBytes(type);
        await using var plain = isGzip ? new GZipStream(file, CompressionMode.Decompress, leaveOpen: true) : (Stream)file;
        try
        {
            return type switch
            {
                "wordlist" when !isZip => await WordlistForm.StoreAsync(Bounded(plain, most), stored, ct),
                "cve" when isZip => await CveForm.StoreArchiveAsync(file, stored, most, ct),
                "cve" => await CveForm.StoreAsync(Bounded(plain, most), stored, ct),
                "templates" when !isZip => await TemplateForm.StoreAsync(Bounded(plain, most), stored, ct),
                _ => throw Wrong($"{type} is no archive here; give each text by itself, plain or as .gz"),
            };
        }
        catch (InvalidDataException e)
        {
            throw Wrong($"the file cannot be unpacked or read ({e.Message.TrimEnd('.')})", e);
        }
    }

    /// <summary>At most so many bytes; more is SF1703.</summary>
    public static BoundedStream Bounded(Stream content, long most, bool leaveOpen = true) => new(
        content,
        most,
        () => new SecFlowException(Codes.ResourceTooLarge, $"The file holds more than {most} bytes after unpacking; a resource of this type may have at most that. Split it, or import less."),
        leaveOpen);

    public static long MostBytes(string type) => type switch
    {
        "wordlist" => Limits.WordlistBytes.Ceiling,
        "cve" => Limits.CveDataBytes.Ceiling,
        _ => Limits.TemplateBytes.Ceiling,
    };

    public static SecFlowException Wrong(string what, Exception? inner = null) => new(Codes.ResourceInvalid, $"The file is not what it should be: {what}. Correct it and import it again.", inner);
}
