using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace SecFlow.Execution.Plugins;

/// <summary>One way in which a package is not what SHA256SUMS says.</summary>
public sealed record ChecksumDifference(string Path, string Expected, string Found);

/// <summary>
/// SHA256SUMS of a package: the lines of <c>sha256sum</c>, such as
/// <code>e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  fixtures/empty.json</code>
/// 1. Ordinal order, each path once, two spaces, lower-case hex, a line feed after each line and nothing else.
/// 2. Lists every file except itself and the signatures.
/// </summary>
public static partial class Checksums
{
    /// <summary>The bytes of SHA256SUMS for these files.</summary>
    public static byte[] Write(IReadOnlyDictionary<string, byte[]> files)
    {
        var text = new StringBuilder();
        foreach (var (path, bytes) in files.Where(f => !PluginPackage.IsSignatureFile(f.Key)).OrderBy(f => f.Key, StringComparer.Ordinal))
        {
            text.Append(Convert.ToHexStringLower(SHA256.HashData(bytes))).Append("  ").Append(path).Append('\n');
        }

        return Encoding.ASCII.GetBytes(text.ToString());
    }

    /// <summary>Every difference between the files and SHA256SUMS; none = the package is whole. Empty also when there is no SHA256SUMS.</summary>
    public static IReadOnlyList<ChecksumDifference> Compare(PluginPackage package)
    {
        if (!package.Files.TryGetValue(PluginPackage.ChecksumsFile, out var sums))
        {
            return [];
        }

        var (listed, problem) = Parse(sums);
        if (problem is not null)
        {
            return [problem];
        }

        var differences = new List<ChecksumDifference>();
        foreach (var (path, bytes) in package.Files.Where(f => !PluginPackage.IsSignatureFile(f.Key)))
        {
            var found = Convert.ToHexStringLower(SHA256.HashData(bytes));
            if (!listed.Remove(path, out var expected))
            {
                differences.Add(new ChecksumDifference(path, "no such file", found));
            }
            else if (expected != found)
            {
                differences.Add(new ChecksumDifference(path, expected, found));
            }
        }

        differences.AddRange(listed.OrderBy(l => l.Key, StringComparer.Ordinal).Select(l => new ChecksumDifference(l.Key, l.Value, "no such file")));
        return differences;
    }

    private static (Dictionary<string, string> Listed, ChecksumDifference? Problem) Parse(byte[] sums)
    {
        var listed = new Dictionary<string, string>(StringComparer.Ordinal);
        var text = Encoding.Latin1.GetString(sums);
        var last = "";
        var lines = text.Split('\n');
        for (var i = 0; i < lines.Length - 1; i++)
        {
            var match = Line().Match(lines[i]);
            var path = match.Groups[2].Value;
            if (!match.Success || string.CompareOrdinal(path, last) <= 0 || PluginPackage.IsSignatureFile(path))
            {
                return (listed, new ChecksumDifference(PluginPackage.ChecksumsFile, "lines 'sha256  path' in ordinal order", $"another form in line {i + 1}"));
            }

            last = path;
            listed.Add(path, match.Groups[1].Value);
        }

        return lines[^1].Length == 0
            ? (listed, null)
            : (listed, new ChecksumDifference(PluginPackage.ChecksumsFile, "a line feed at the end", "none"));
    }

    [GeneratedRegex(@"\A([0-9a-f]{64})  ([A-Za-z0-9._/-]{1,200})\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Line();
}
