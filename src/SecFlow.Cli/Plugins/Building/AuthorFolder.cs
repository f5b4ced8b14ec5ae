using System.Text;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;

namespace SecFlow.Cli.Plugins.Building;

/// <summary>A plugin's folder as its author keeps it. Everything read from it is bounded, and links are refused: a folder from elsewhere must not lead out of itself.</summary>
internal sealed class AuthorFolder
{
    public const string Script = PluginPackage.EntryFile;
    public const string Map = Script + ".map";
    public const string Source = "index.ts";
    private const int MostFiles = 256;
    private const long MostBytes = 16 * 1024 * 1024;
    private static readonly UTF8Encoding _strict = new(false, throwOnInvalidBytes: true);

    private AuthorFolder(string path) => Path = path;

    public string Path { get; }

    public bool IsTypeScript => Has(Source);

    /// <summary>Throws SF1601 when there is no plugin in it.</summary>
    public static AuthorFolder Open(string path)
    {
        var folder = new AuthorFolder(System.IO.Path.GetFullPath(path));
        return Directory.Exists(folder.Path) && folder.Has(ManifestReader.FileName)
            ? folder
            : throw new SecFlowException(Codes.OptionInvalid, $"'{path}' is not a plugin's folder: it has no {ManifestReader.FileName}. Give the folder of a plugin, or make one with `secflow plugin new`.");
    }

    public string At(string name) => System.IO.Path.Combine(Path, name);

    public bool Has(string name) => File.Exists(At(name));

    /// <summary>The manifest. Throws every problem of it (SF1101).</summary>
    public PluginManifest Manifest()
    {
        var reading = ManifestReader.Read(Bytes(ManifestReader.FileName));
        return reading.Manifest ?? throw new SecFlowException(reading.Problems);
    }

    /// <summary>The bytes of a regular file of at most 16 MiB. Throws SF1201 and SF1202.</summary>
    public byte[] Bytes(string name)
    {
        if (RegularFile.WhatElse(At(name)) is { } what)
        {
            throw new SecFlowException(Codes.PackageInvalid, File.Exists(At(name))
                ? $"'{name}' is {what}; a plugin's folder holds regular files only. Replace it by its content."
                : $"There is no file '{name}' in {System.IO.Path.GetFileName(Path)}. {(name == Script ? "Run `secflow plugin build`." : "Add it.")}");
        }

        var length = new FileInfo(At(name)).Length;
        return length > MostBytes
            ? throw new SecFlowException(Codes.PackageTooLarge, $"'{name}' has {length} bytes; at most {MostBytes} are read. Make it smaller.")
            : File.ReadAllBytes(At(name));
    }

    /// <summary>A file as text. Throws SF1201 also when it is not UTF-8.</summary>
    public string Text(string name)
    {
        try
        {
            return _strict.GetString(Bytes(name)).TrimStart('\uFEFF');
        }
        catch (DecoderFallbackException e)
        {
            throw new SecFlowException(Codes.PackageInvalid, $"'{name}' is not UTF-8 text. Save it as UTF-8.", e);
        }
    }

    /// <summary>The TypeScript sources and their settings, by path with <c>/</c>, in ordinal order; node_modules and fixtures are left out.</summary>
    public SortedDictionary<string, string> Sources()
    {
        var sources = new SortedDictionary<string, string>(StringComparer.Ordinal);
        Collect("", sources);
        return sources;
    }

    private void Collect(string relative, SortedDictionary<string, string> sources)
    {
        foreach (var entry in new DirectoryInfo(At(relative)).EnumerateFileSystemInfos())
        {
            var name = relative.Length == 0 ? entry.Name : relative + "/" + entry.Name;
            if (entry is DirectoryInfo && entry.LinkTarget is null && entry.Name is not ("node_modules" or "fixtures") && !entry.Name.StartsWith('.'))
            {
                Collect(name, sources);
            }
            else if (entry is FileInfo && (entry.Name.EndsWith(".ts", StringComparison.Ordinal) || name == "tsconfig.json"))
            {
                sources[name] = Text(name);
                if (sources.Count > MostFiles)
                {
                    throw new SecFlowException(Codes.PackageTooLarge, $"The folder has more than {MostFiles} TypeScript files. Move what does not belong to the plugin elsewhere.");
                }
            }
        }
    }
}
