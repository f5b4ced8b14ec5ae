using System.IO.Compression;
using System.Security.Cryptography;
using SecFlow.Execution.Diagnostics;
using SecFlow.Sigstore.Signing;

namespace SecFlow.Execution.Plugins;

/// <summary>Makes packages. Equal files give an equal SHA256SUMS and, with one runtime, an equal zip: fixed order, fixed times, fixed modes.</summary>
public static class PackageWriter
{
    private static readonly DateTimeOffset _epoch = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>
    /// Takes from a plugin's folder what belongs into its package (manifest, entry, config schema, README, LICENSE, fixtures) and adds SHA256SUMS.
    /// Sources, tests and tool settings stay behind. Throws SF1101 for an invalid manifest, SF120x for a package that is not allowed.
    /// </summary>
    public static PluginPackage Pack(string folder) => Pack(PluginFolder.Read(folder));

    /// <summary>The same from files in memory; signatures and checksums among them are left out.</summary>
    public static PluginPackage Pack(IReadOnlyDictionary<string, byte[]> source)
    {
        var files = source.Where(f => !PluginPackage.IsSignatureFile(f.Key)).ToDictionary(StringComparer.Ordinal);
        files[PluginPackage.ChecksumsFile] = Checksums.Write(files);
        var package = PluginPackage.FromFiles(files);
        package.ReadManifest();
        package.Required(PluginPackage.EntryFile);
        package.Required(PluginPackage.ConfigSchemaFile);
        return package;
    }

    /// <summary>The package signed with a key; an older signature and its countersignatures are left out.</summary>
    public static PluginPackage Sign(PluginPackage package, ECDsa key) => WithBundle(package, BundleSigner.Sign(package.Required(PluginPackage.ChecksumsFile), key));

    /// <summary>The package with this bundle over its SHA256SUMS, which is not verified here; an older signature and its countersignatures are left out.</summary>
    public static PluginPackage WithBundle(PluginPackage package, byte[] bundle)
    {
        var files = package.Files.Where(f => f.Key == PluginPackage.ChecksumsFile || !PluginPackage.IsSignatureFile(f.Key)).ToDictionary(StringComparer.Ordinal);
        files[PluginPackage.BundleFile] = bundle;
        return PluginPackage.FromFiles(files);
    }

    public static void WriteZip(PluginPackage package, Stream output)
    {
        using var archive = new ZipArchive(output, ZipArchiveMode.Create, leaveOpen: true);
        foreach (var (path, bytes) in package.Files)
        {
            var entry = archive.CreateEntry(path, CompressionLevel.Optimal);
            entry.LastWriteTime = _epoch;
            entry.ExternalAttributes = 0x81A4 << 16;
            using var stream = entry.Open();
            stream.Write(bytes);
        }
    }

    /// <summary>Writes the package as a folder: completely under another name first, then moved into place. An existing folder is replaced.</summary>
    public static void WriteFolder(PluginPackage package, string folder)
    {
        var temporary = folder + ".new-" + Guid.NewGuid().ToString("N");
        try
        {
            foreach (var (path, bytes) in package.Files)
            {
                var file = Path.Combine(temporary, path.Replace('/', Path.DirectorySeparatorChar));
                Directory.CreateDirectory(Path.GetDirectoryName(file)!);
                File.WriteAllBytes(file, bytes);
            }

            if (Directory.Exists(folder))
            {
                Directory.Delete(folder, recursive: true);
            }

            Directory.Move(temporary, folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SecFlowException(Codes.StorageFailed, $"The package could not be written: {e.Message} Check free space and permissions of the data folder.", e);
        }
        finally
        {
            if (Directory.Exists(temporary))
            {
                Directory.Delete(temporary, recursive: true);
            }
        }
    }
}

/// <summary>A plugin's source folder as its author keeps it, of which only some files belong into the package.</summary>
internal static class PluginFolder
{
    private static readonly string[] _names = [ManifestReader.FileName, PluginPackage.EntryFile, PluginPackage.ConfigSchemaFile, "README.md", "LICENSE", "LICENSE.md", "NOTICE"];

    public static IReadOnlyDictionary<string, byte[]> Read(string folder)
    {
        var files = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (var name in _names.Where(n => File.Exists(Path.Combine(folder, n))))
        {
            var path = Path.Combine(folder, name);
            if (RegularFile.WhatElse(path) is { } what)
            {
                throw new SecFlowException(Codes.PackageInvalid, $"'{name}' is {what}; a package holds regular files only. Replace it by its content.");
            }

            files[name] = File.ReadAllBytes(path);
        }

        var fixtures = Path.Combine(folder, "fixtures");
        if (Directory.Exists(fixtures))
        {
            foreach (var (path, bytes) in PluginPackage.ReadFolder(fixtures).Files)
            {
                files["fixtures/" + path] = bytes;
            }
        }

        return files;
    }
}
