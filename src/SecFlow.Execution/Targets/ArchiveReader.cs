using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using SecFlow.Data.Blobs;

namespace SecFlow.Execution.Targets;

/// <summary>What was extracted. <paramref name="Digest"/>: SHA-256 of the lines <c>hex  path</c>, in ordinal order of the paths, as <c>sha256sum</c> writes them.</summary>
public sealed record ExtractedArchive(string Digest, int Files, long Bytes);

/// <summary>
/// Extracts a zip or a gzipped tar into a new folder.
/// 1. Regular files and folders only: links, devices and pipes are refused, and so is everything that <see cref="ArchivePaths"/> refuses. Owners, modes and times are not taken over.
/// 2. Bytes are counted as they are written, never believed: total, and how often an archive multiplies itself.
/// 3. Any refusal ends it; the caller removes what was written.
/// </summary>
internal static class ArchiveReader
{
    public const long MostBytes = 512L * 1024 * 1024;

    /// <summary>Times that an archive may grow, above the first 16 MiB.</summary>
    public const int MostRatio = 100;

    private const long FreeBytes = 16L * 1024 * 1024;
    private const int FileType = 0xF000;
    private const int Regular = 0x8000;
    private const int Folder = 0x4000;

    /// <param name="archive">Seekable; read from its begin.</param>
    /// <param name="folder">An empty folder of its own.</param>
    /// <param name="ct">Stops between two pieces.</param>
    public static ExtractedArchive Extract(Stream archive, string folder, CancellationToken ct)
    {
        var extraction = new Extraction(folder, Math.Min(MostBytes, FreeBytes + (archive.Length * MostRatio)), ct);
        Span<byte> magic = stackalloc byte[4];
        archive.Position = 0;
        var read = archive.ReadAtLeast(magic, magic.Length, throwOnEndOfStream: false);
        archive.Position = 0;
        try
        {
            if (magic.StartsWith("PK\u0003\u0004"u8))
            {
                Zip(archive, extraction);
            }
            else if (read > 2 && magic is [0x1F, 0x8B, ..])
            {
                Tar(archive, extraction);
            }
            else
            {
                throw ArchivePaths.Wrong("It is neither a zip nor a tar.gz file.");
            }
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException or FormatException or ArgumentException or NotSupportedException)
        {
            throw ArchivePaths.Wrong("It is damaged or encrypted.", e);
        }

        return extraction.End();
    }

    private static void Zip(Stream archive, Extraction extraction)
    {
        ArchiveHeaders.CheckZip(archive);
        using var zip = new ZipArchive(archive, ZipArchiveMode.Read, leaveOpen: true);
        foreach (var entry in zip.Entries)
        {
            var type = (entry.ExternalAttributes >> 16) & FileType;
            var isFolder = entry.FullName.EndsWith('/');
            if (type is not (0 or Regular or Folder) || (type == Folder && !isFolder))
            {
                throw ArchivePaths.Wrong($"'{TargetValidation.Show(entry.FullName)}' is a link or a device.");
            }

            if (entry.IsEncrypted)
            {
                throw ArchivePaths.Wrong($"'{TargetValidation.Show(entry.FullName)}' is encrypted.");
            }

            if (isFolder)
            {
                extraction.AddFolder(entry.FullName);
                continue;
            }

            using var content = entry.Open();
            extraction.AddFile(entry.FullName, content);
        }
    }

    private static void Tar(Stream archive, Extraction extraction)
    {
        // The headers come from the archive as well: twice the bytes of the content, and half a KiB for each entry, is more than any honest one has.
        var most = extraction.Most + (2L * 1024 * ArchivePaths.MostEntries);
        BoundedStream Unpacked() => new(new GZipStream(archive, CompressionMode.Decompress, leaveOpen: true), most, () => ArchivePaths.Wrong($"It grows to more than {most >> 20} MiB."));
        using (var first = Unpacked())
        {
            ArchiveHeaders.CheckTar(first);
        }

        archive.Position = 0;
        using var unpacked = Unpacked();
        using var tar = new TarReader(unpacked, leaveOpen: true);
        while (tar.GetNextEntry() is { } entry)
        {
            switch (entry.EntryType)
            {
                case TarEntryType.RegularFile or TarEntryType.V7RegularFile or TarEntryType.ContiguousFile:
                    extraction.AddFile(entry.Name, entry.DataStream ?? Stream.Null);
                    break;
                case TarEntryType.Directory:
                    extraction.AddFolder(entry.Name);
                    break;
                case TarEntryType.GlobalExtendedAttributes:
                    break;
                default:
                    throw ArchivePaths.Wrong($"'{TargetValidation.Show(entry.Name)}' is a link, a device or a pipe ({entry.EntryType}).");
            }
        }
    }

    private sealed class Extraction(string folder, long most, CancellationToken ct)
    {
        private readonly ArchivePaths _paths = new();
        private readonly SortedDictionary<string, string> _digests = new(StringComparer.Ordinal);
        private long _bytes;

        public long Most => most;

        public void AddFolder(string name)
        {
            if (_paths.Take(name, file: false) is { } path)
            {
                Directory.CreateDirectory(Path.Combine(folder, path));
            }
        }

        public void AddFile(string name, Stream content)
        {
            var path = _paths.Take(name, file: true)!;
            var file = Path.Combine(folder, path);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            using (var target = new FileStream(file, FileMode.CreateNew, FileAccess.Write))
            {
                var piece = new byte[80 * 1024];
                int got;
                while ((got = content.Read(piece, 0, piece.Length)) > 0)
                {
                    ct.ThrowIfCancellationRequested();
                    _bytes += got;
                    if (_bytes > most)
                    {
                        throw ArchivePaths.Wrong(most == MostBytes ? $"Its content is larger than {MostBytes >> 20} MiB." : $"Its content is more than {MostRatio} times as large as it is.");
                    }

                    hash.AppendData(piece, 0, got);
                    target.Write(piece, 0, got);
                }
            }

            if (!OperatingSystem.IsWindows())
            {
                // Nobody writes to it any more, and whatever user a sandbox has may read it.
                File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
            }

            _digests[path] = Convert.ToHexStringLower(hash.GetHashAndReset());
        }

        public ExtractedArchive End()
        {
            if (_digests.Count == 0)
            {
                throw ArchivePaths.Wrong("It holds no file.");
            }

            var lines = string.Concat(_digests.Select(file => $"{file.Value}  {file.Key}\n"));
            return new ExtractedArchive(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(lines))), _digests.Count, _bytes);
        }
    }
}
