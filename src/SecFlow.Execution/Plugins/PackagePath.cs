using System.Text.RegularExpressions;
using SecFlow.Execution.Diagnostics;

namespace SecFlow.Execution.Plugins;

/// <summary>
/// Which paths a package may hold.
/// 1. Characters <c>[A-Za-z0-9._/-]</c>, at most 200, relative, no empty part, no part <c>.</c> or <c>..</c>.
/// 2. No two paths (or folders of them) that differ only in case, and no path that is both a file and a folder.
/// </summary>
internal sealed partial class PackagePath
{
    private readonly Dictionary<string, string> _files = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, string> _folders = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Accepts the next path, or throws SF1203.</summary>
    public void Add(string path)
    {
        Check(path);
        if (_files.TryGetValue(path, out var twin))
        {
            throw Wrong(twin == path ? $"The path '{path}' occurs twice" : $"The paths '{twin}' and '{path}' differ only in case", "each path once, on every file system");
        }

        if (_folders.ContainsKey(path))
        {
            throw Wrong($"'{path}' is both a file and a folder", "one of the two");
        }

        _files[path] = path;
        for (var slash = path.IndexOf('/', StringComparison.Ordinal); slash >= 0; slash = path.IndexOf('/', slash + 1))
        {
            AddFolder(path[..slash]);
        }
    }

    /// <summary>Throws SF1203 unless the path by itself is allowed.</summary>
    public static void Check(string path)
    {
        var shown = Show(path);
        if (path.Contains('\\', StringComparison.Ordinal))
        {
            throw Wrong($"The path '{shown}' holds a backslash", "'/' between folders");
        }

        if (path.StartsWith('/') || (path.Length > 1 && path[1] == ':'))
        {
            throw Wrong($"The path '{shown}' is absolute", "a path relative to the package");
        }

        if (path.Split('/').Any(part => part is "." or ".."))
        {
            throw Wrong($"The path '{shown}' leaves its folder", "no '.' or '..' in it");
        }

        if (path.Length > 200 || !Allowed().IsMatch(path) || path.Contains("//", StringComparison.Ordinal) || path.EndsWith('/'))
        {
            throw Wrong($"The path '{shown}' is not allowed", "at most 200 of the characters A-Z a-z 0-9 . _ / -");
        }
    }

    public static string Show(string path) =>
        new([.. path.Take(120).Select(c => char.IsControl(c) ? '?' : c)]);

    private void AddFolder(string folder)
    {
        if (_files.TryGetValue(folder, out var file))
        {
            throw Wrong($"'{file}' is both a file and a folder", "one of the two");
        }

        if (_folders.TryGetValue(folder, out var twin) && twin != folder)
        {
            throw Wrong($"The folders '{twin}' and '{folder}' differ only in case", "each path once, on every file system");
        }

        _folders[folder] = folder;
    }

    private static SecFlowException Wrong(string what, string expected) =>
        new(Codes.PackagePath, $"{what}; expected {expected}. Rename the file and pack again.");

    [GeneratedRegex(@"\A[A-Za-z0-9._/-]+\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Allowed();
}
