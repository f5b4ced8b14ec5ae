using System.IO.Compression;
using System.Text;

namespace SecFlow.Execution.Resources;

/// <summary>
/// Templates: one YAML file, or a zip of them that is stored as it is.
/// Of an archive only regular .yaml and .yml files count: no link, no absolute path, no <c>..</c>, at most <see cref="Limits.TemplateFiles"/>, and sizes as they are after unpacking.
/// </summary>
internal static class TemplateForm
{
    private const int RegularFile = 0x8000;
    private const int FileTypeMask = 0xF000;

    public static async Task<ResourceFacts> StoreAsync(Stream text, Stream stored, CancellationToken ct)
    {
        using var copy = new MemoryStream();
        await text.CopyToAsync(copy, ct);
        Check(copy.GetBuffer().AsSpan(0, (int)copy.Length), "it");
        copy.Position = 0;
        await copy.CopyToAsync(stored, ct);
        return new ResourceFacts(1, null);
    }

    public static async Task<ResourceFacts> StoreArchiveAsync(FileStream file, Stream stored, long most, CancellationToken ct)
    {
        long left = most;
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        using (var archive = new ZipArchive(file, ZipArchiveMode.Read, leaveOpen: true))
        {
            foreach (var entry in archive.Entries.Where(e => !e.FullName.EndsWith('/')))
            {
                CheckName(entry);
                if (!names.Add(entry.FullName) || names.Count > Limits.TemplateFiles.Ceiling)
                {
                    throw ResourceForm.Wrong(names.Count > Limits.TemplateFiles.Ceiling ? $"it holds more than {Limits.TemplateFiles.Ceiling} files" : $"'{Shown(entry)}' stands in it twice");
                }

                await using var content = new BoundedStream(entry.Open(), left);
                using var bytes = new MemoryStream();
                await content.CopyToAsync(bytes, ct);
                left -= bytes.Length;
                Check(bytes.GetBuffer().AsSpan(0, (int)bytes.Length), $"'{Shown(entry)}'");
            }
        }

        file.Position = 0;
        await file.CopyToAsync(stored, ct);
        return names.Count > 0 ? new ResourceFacts(names.Count, null) : throw ResourceForm.Wrong("it holds no template (.yaml or .yml)");
    }

    private static void CheckName(ZipArchiveEntry entry)
    {
        var name = entry.FullName;
        var type = (entry.ExternalAttributes >> 16) & FileTypeMask;
        if (name.Length > 300 || name.StartsWith('/') || name.Contains('\\') || name.Split('/').Any(part => part is "" or "." or "..") || name.Any(char.IsControl))
        {
            throw ResourceForm.Wrong($"the path '{Shown(entry)}' is not allowed");
        }

        if (type is not (0 or RegularFile))
        {
            throw ResourceForm.Wrong($"'{Shown(entry)}' is a link or a special file");
        }

        if (Path.GetExtension(name).ToLowerInvariant() is not (".yaml" or ".yml"))
        {
            throw ResourceForm.Wrong($"'{Shown(entry)}' is no template; an archive of templates holds .yaml and .yml files only");
        }
    }

    // nuclei: every template has an id and an info block at the top
    private static void Check(ReadOnlySpan<byte> yaml, string what)
    {
        string text;
        try
        {
            text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(yaml);
        }
        catch (DecoderFallbackException e)
        {
            throw ResourceForm.Wrong($"{what} is not UTF-8 text", e);
        }

        var lines = text.Split('\n');
        if (!lines.Any(l => l.StartsWith("id:", StringComparison.Ordinal)) || !lines.Any(l => l.StartsWith("info:", StringComparison.Ordinal)))
        {
            throw ResourceForm.Wrong($"{what} has no 'id:' and 'info:' at the start of a line, as every template has");
        }
    }

    private static string Shown(ZipArchiveEntry entry)
    {
        var name = new string([.. entry.FullName.Select(c => char.IsControl(c) ? ' ' : c)]);
        return name.Length > 80 ? name[..80] + "..." : name;
    }
}
