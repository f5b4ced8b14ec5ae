using System.IO.Compression;
using System.Security.Cryptography;
using SecFlow.Execution.Diagnostics;

namespace SecFlow.Execution.Plugins;

/// <summary>
/// A plugin package in memory (contracts 1).
/// 1. Each file is read once; what is hashed, verified and executed are these bytes and no others.
/// 2. At most 16 MiB and 256 files, counted in bytes that were really read: sizes in a zip are claims.
/// 3. Regular files only; paths as <see cref="PackagePath"/> allows.
/// 4. Nothing here is trusted: see <see cref="Checksums"/> for integrity and <c>Trust/PluginVerifier</c> for the rest.
/// </summary>
public sealed class PluginPackage
{
    public const string ChecksumsFile = "SHA256SUMS";
    public const string BundleFile = "plugin.sigstore.json";
    public const string EntryFile = "index.js";
    public const string ConfigSchemaFile = "config.schema.json";
    public const string CountersignatureFolder = "countersignatures/";
    public const string BundleExtension = ".sigstore.json";
    private const int MaxCountersignatures = 7;

    private readonly SortedDictionary<string, byte[]> _files;

    private PluginPackage(SortedDictionary<string, byte[]> files)
    {
        _files = files;
        if (Countersignatures.Count() > MaxCountersignatures)
        {
            throw new SecFlowException(Codes.PackageInvalid, $"The package has {Countersignatures.Count()} countersignatures; at most {MaxCountersignatures} are allowed. Remove some.");
        }
    }

    /// <summary>Paths in ordinal order with their bytes.</summary>
    public IReadOnlyDictionary<string, byte[]> Files => _files;

    /// <summary><c>sha256:hex</c> of SHA256SUMS; null when the package has none.</summary>
    public string? Digest => _files.TryGetValue(ChecksumsFile, out var sums) ? DigestOf(sums) : null;

    public byte[]? Bundle => _files.GetValueOrDefault(BundleFile);

    public IEnumerable<byte[]> Countersignatures =>
        _files.Where(f => f.Key.StartsWith(CountersignatureFolder, StringComparison.Ordinal)).Select(f => f.Value);

    /// <summary>The bytes of a file that every package has. Throws SF1201.</summary>
    public byte[] Required(string path) => _files.GetValueOrDefault(path)
        ?? throw new SecFlowException(Codes.PackageInvalid, $"The package has no '{path}'; it must stand at the top of the package. Add it and pack again.");

    /// <summary>The manifest. Throws every problem of it (SF1101), SF1201 when there is none.</summary>
    public PluginManifest ReadManifest()
    {
        var reading = ManifestReader.Read(Required(ManifestReader.FileName));
        return reading.Manifest ?? throw new SecFlowException(reading.Problems);
    }

    /// <summary>Whether a path is one of those that SHA256SUMS does not list.</summary>
    public static bool IsSignatureFile(string path) =>
        path is ChecksumsFile or BundleFile
        || (path.StartsWith(CountersignatureFolder, StringComparison.Ordinal) && path.EndsWith(BundleExtension, StringComparison.Ordinal)
            && !path[CountersignatureFolder.Length..].Contains('/', StringComparison.Ordinal));

    public static string DigestOf(ReadOnlySpan<byte> bytes) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(bytes));

    /// <summary>From a folder or a <c>.zip</c>. Throws SF1201 (not a package), SF1202 (too large), SF1203 (path).</summary>
    public static PluginPackage Read(string path)
    {
        if (Directory.Exists(path))
        {
            return ReadFolder(path);
        }

        if (!File.Exists(path) || RegularFile.WhatElse(path) is not null)
        {
            throw new SecFlowException(Codes.PackageInvalid, $"'{Path.GetFileName(path)}' is neither a folder nor a .zip file. Give the path of a plugin package.");
        }

        using var stream = File.OpenRead(path);
        return ReadZip(stream);
    }

    public static PluginPackage FromFiles(IEnumerable<KeyValuePair<string, byte[]>> files)
    {
        var collector = new Collector();
        foreach (var (path, bytes) in files)
        {
            collector.Add(path, new MemoryStream(bytes));
        }

        return collector.Package();
    }

    public static PluginPackage ReadFolder(string folder)
    {
        var collector = new Collector();
        try
        {
            Walk(folder, "", collector, 0);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SecFlowException(Codes.PackageInvalid, $"The folder '{Path.GetFileName(folder)}' could not be read: {e.Message} Check its permissions.", e);
        }

        return collector.Package();
    }

    public static PluginPackage ReadZip(Stream zip) => Unpack(Bounded(zip, Limits.PackageBytes.Default, "The .zip file"));

    /// <summary>The same from the network. Throws SF1202 as soon as it is too large.</summary>
    public static async Task<PluginPackage> ReadZipAsync(Stream zip, CancellationToken ct)
    {
        using var bytes = new MemoryStream();
        var buffer = new byte[64 * 1024];
        int read;
        while ((read = await zip.ReadAsync(buffer, ct)) > 0)
        {
            if (bytes.Length + read > Limits.PackageBytes.Default)
            {
                throw TooLarge("The .zip file");
            }

            bytes.Write(buffer, 0, read);
        }

        return Unpack(bytes.ToArray());
    }

    private static PluginPackage Unpack(byte[] zip)
    {
        var collector = new Collector();
        using var bytes = new MemoryStream(zip);
        try
        {
            using var archive = new ZipArchive(bytes, ZipArchiveMode.Read);
            if (archive.Entries.Count > 2 * Limits.PackageFiles.Default)
            {
                throw TooMany();
            }

            foreach (var entry in archive.Entries)
            {
                AddEntry(collector, entry);
            }
        }
        catch (Exception e) when (e is InvalidDataException or NotSupportedException or EndOfStreamException)
        {
            throw new SecFlowException(Codes.PackageInvalid, $"The file is not a .zip that can be read: {e.Message} Pack the folder again.", e);
        }

        return collector.Package();
    }

    private static void AddEntry(Collector collector, ZipArchiveEntry entry)
    {
        var type = (entry.ExternalAttributes >> 16) & 0xF000;
        if (entry.FullName.EndsWith('/') && type is 0 or 0x4000 && entry.Length == 0)
        {
            PackagePath.Check(entry.FullName.TrimEnd('/'));
            return;
        }

        if (type is not (0 or 0x8000))
        {
            throw new SecFlowException(
                Codes.PackageInvalid, $"'{PackagePath.Show(entry.FullName)}' is {(type == 0xA000 ? "a link" : "not a regular file")}; a package holds regular files only. Replace it by its content.");
        }

        if (entry.IsEncrypted)
        {
            throw new SecFlowException(Codes.PackageInvalid, $"'{PackagePath.Show(entry.FullName)}' is encrypted; a package is not. Pack it without a password.");
        }

        // the path first: nothing of a bad entry is unpacked
        PackagePath.Check(entry.FullName);
        using var content = entry.Open();
        collector.Add(entry.FullName, content);
    }

    private static void Walk(string root, string relative, Collector collector, int depth)
    {
        if (depth > 16)
        {
            throw new SecFlowException(Codes.PackagePath, $"'{PackagePath.Show(relative)}' is nested deeper than 16 folders. Flatten it.");
        }

        foreach (var path in Directory.EnumerateFileSystemEntries(Path.Combine(root, relative)).Order(StringComparer.Ordinal))
        {
            var name = relative.Length == 0 ? Path.GetFileName(path) : relative + "/" + Path.GetFileName(path);
            var what = RegularFile.WhatElse(path);
            if (what == "a folder" || (what is null && Directory.Exists(path)))
            {
                PackagePath.Check(name);
                Walk(root, name, collector, depth + 1);
            }
            else if (what is not null)
            {
                throw new SecFlowException(Codes.PackageInvalid, $"'{PackagePath.Show(name)}' is {what}; a package holds regular files only. Replace it by its content.");
            }
            else
            {
                using var content = File.OpenRead(path);
                collector.Add(name, content);
            }
        }
    }

    private static byte[] Bounded(Stream stream, long most, string what)
    {
        using var bytes = new MemoryStream();
        var buffer = new byte[64 * 1024];
        int read;
        while ((read = stream.Read(buffer)) > 0)
        {
            if (bytes.Length + read > most)
            {
                throw TooLarge(what);
            }

            bytes.Write(buffer, 0, read);
        }

        return bytes.ToArray();
    }

    private static SecFlowException TooLarge(string what) =>
        new(Codes.PackageTooLarge, $"{what} holds more than the {Limits.PackageBytes.Default} bytes that a package may have. Remove what the plugin does not need.");

    private static SecFlowException TooMany() =>
        new(Codes.PackageTooLarge, $"The package has more than {Limits.PackageFiles.Default} files. Remove what the plugin does not need.");

    /// <summary>Counts while it reads, so that neither a bomb nor a lie about sizes gets further than the limit.</summary>
    private sealed class Collector
    {
        private readonly PackagePath _paths = new();
        private readonly SortedDictionary<string, byte[]> _files = new(StringComparer.Ordinal);
        private long _bytes;

        public void Add(string path, Stream content)
        {
            _paths.Add(path);
            if (_files.Count == Limits.PackageFiles.Default)
            {
                throw TooMany();
            }

            var bytes = Bounded(content, Limits.PackageBytes.Default - _bytes, "The package");
            _bytes += bytes.Length;
            _files.Add(path, bytes);
        }

        public PluginPackage Package() => new(_files);
    }
}
