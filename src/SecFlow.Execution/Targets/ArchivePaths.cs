using System.Text;
using SecFlow.Execution.Diagnostics;

namespace SecFlow.Execution.Targets;

/// <summary>
/// The names of an archive that is being extracted, one after the other.
/// 1. Relative, of plain parts: no <c>..</c>, no absolute path, no drive, no backslash, no control or invisible character.
/// 2. No two that differ only in case, also not in one of their folders; no file where a folder is.
/// 3. Bounded: entries, depth, bytes of a name and of a path.
/// </summary>
internal sealed class ArchivePaths
{
    public const int MostEntries = 20_000;
    public const int MostDepth = 32;
    private const int MostPartBytes = 255;
    private const int MostPathBytes = 1024;
    private readonly Dictionary<string, (string Path, bool File)> _known = new(StringComparer.Ordinal);
    private int _entries;

    /// <summary>The safe relative path; null for the root itself, and for a folder that is there already. Throws SF1406.</summary>
    public string? Take(string name, bool file)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (++_entries > MostEntries)
        {
            throw Wrong($"It holds more than {MostEntries} files and folders.");
        }

        if (name.Contains('\\', StringComparison.Ordinal) || name.StartsWith('/') || (name.Length > 1 && name[1] == ':') || name.Any(Unclean))
        {
            throw Wrong($"The name '{TargetValidation.Show(name)}' is absolute, or holds a backslash, a control or an invisible character.");
        }

        var parts = name.Split('/').ToList();
        if (!file && parts[^1].Length == 0)
        {
            parts.RemoveAt(parts.Count - 1);
        }

        parts.RemoveAll(part => part == ".");
        if (parts.Count == 0)
        {
            return file ? throw Wrong("It holds a file without a name.") : null;
        }

        if (parts.Exists(part => part is "" or ".." || Encoding.UTF8.GetByteCount(part) > MostPartBytes) || parts.Count > MostDepth || Encoding.UTF8.GetByteCount(name) > MostPathBytes)
        {
            throw Wrong($"The name '{TargetValidation.Show(name)}' has an empty part or .., is deeper than {MostDepth} folders, or is too long ({MostPartBytes} bytes a part, {MostPathBytes} in all).");
        }

        var path = "";
        for (var depth = 0; depth < parts.Count; depth++)
        {
            path = depth == 0 ? parts[0] : $"{path}/{parts[depth]}";
            var last = depth == parts.Count - 1;
            var key = path.ToUpperInvariant();
            if (!_known.TryGetValue(key, out var known))
            {
                _known[key] = (path, last && file);
            }
            else if (known.Path != path)
            {
                throw Wrong($"'{TargetValidation.Show(path)}' and '{TargetValidation.Show(known.Path)}' differ only in case.");
            }
            else if (known.File || (last && file))
            {
                throw Wrong($"'{TargetValidation.Show(path)}' stands in it twice, or as a file and as a folder.");
            }
        }

        return path;
    }

    public static SecFlowException Wrong(string what, Exception? inner = null) =>
        new(new Diagnostic(Codes.ArchiveInvalid, $"The archive was not accepted: {what} Pack it again from plain files and folders; nothing of it was kept.") { Path = "archive", Remedy = "Pack it again from plain files and folders." }, inner);

    private static bool Unclean(char letter) =>
        char.IsControl(letter) || char.IsSurrogate(letter) || letter == '\uFFFD' || char.GetUnicodeCategory(letter) is System.Globalization.UnicodeCategory.Format or System.Globalization.UnicodeCategory.LineSeparator or System.Globalization.UnicodeCategory.ParagraphSeparator;
}
