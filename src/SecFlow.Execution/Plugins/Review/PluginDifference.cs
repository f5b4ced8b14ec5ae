using System.Text;
using SecFlow.Data.Plugins;

namespace SecFlow.Execution.Plugins.Review;

/// <summary>One file that is not as it was. Sizes in bytes; null where it is not there. <see cref="Lines"/> is null for what is no text.</summary>
public sealed record FileChange(string Path, long? Before, long? After, LineDiff? Lines);

/// <summary>What a version brings against an older one: what the manifest says, and every file.</summary>
/// <param name="Against">The older version.</param>
/// <param name="Manifest">What <c>plugin.yaml</c> says differently.</param>
/// <param name="Files">Files that were added, removed or changed, signatures and checksums left out.</param>
public sealed record PluginDifference(PluginVersion Against, IReadOnlyList<ManifestChange> Manifest, IReadOnlyList<FileChange> Files)
{
    private static readonly UTF8Encoding _strict = new(false, throwOnInvalidBytes: true);

    internal static PluginDifference Of(PluginVersion against, PluginPackage before, PluginPackage after) => new(
        against,
        ManifestDifference.Of(before.ReadManifest(), after.ReadManifest()),
        [
            .. before.Files.Keys.Union(after.Files.Keys).Where(path => !PluginPackage.IsSignatureFile(path)).Order(StringComparer.Ordinal)
                .Select(path => (Path: path, Old: before.Files.GetValueOrDefault(path), New: after.Files.GetValueOrDefault(path)))
                .Where(file => file.Old is null || file.New is null || !file.Old.AsSpan().SequenceEqual(file.New))
                .Select(file => new FileChange(file.Path, file.Old?.Length, file.New?.Length, Lines(file.Old, file.New))),
        ]);

    /// <summary>UTF-8 text without NUL; null for anything else.</summary>
    internal static string? TextOf(byte[] bytes)
    {
        try
        {
            var text = _strict.GetString(bytes);
            return text.Contains('\0', StringComparison.Ordinal) ? null : text;
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    private static LineDiff? Lines(byte[]? before, byte[]? after) =>
        TextOf(before ?? []) is { } old && TextOf(after ?? []) is { } now ? LineDiff.Of(old, now) : null;
}
