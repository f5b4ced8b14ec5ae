using System.Globalization;

namespace SecFlow.Sigstore.Transparency;

/// <summary>
/// What a log says of its tree (C2SP tlog-checkpoint), the text of a signed note. Rekor 1 adds lines such as <c>Timestamp:</c>:
/// <code>
/// rekor.example - 2605736670972794746
/// 23083062
/// dauhleYK4YAxg4ZXEc5WYEcfZFRUh2dWVvjeTlx9lpk=
/// </code>
/// </summary>
/// <param name="Origin">First line, not empty.</param>
/// <param name="Size">Entries in the tree.</param>
/// <param name="Root">Root hash, 32 bytes.</param>
public sealed record Checkpoint(string Origin, long Size, ReadOnlyMemory<byte> Root)
{
    /// <summary>The checkpoint in the text of a note. Throws <see cref="FormatException"/> with what was expected and found.</summary>
    public static Checkpoint Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var lines = text.Split('\n');
        if (lines.Length < 4 || lines[^1].Length > 0)
        {
            throw new FormatException($"expected a checkpoint of origin, size and root hash, found {lines.Length - 1} lines");
        }

        if (Array.FindIndex(lines, 0, lines.Length - 1, l => l.Length == 0) is var empty and >= 0)
        {
            throw new FormatException($"expected a checkpoint without empty lines, found one at line {empty + 1}");
        }

        if (!long.TryParse(lines[1], NumberStyles.None, CultureInfo.InvariantCulture, out var size) || size.ToString(CultureInfo.InvariantCulture) != lines[1])
        {
            throw new FormatException("expected the tree size as a decimal number in line 2, found '" + Shorten(lines[1]) + "'");
        }

        return CanonicalBase64.TryDecode(lines[2], out var root) && root.Length == 32
            ? new Checkpoint(lines[0], size, root)
            : throw new FormatException("expected the root hash as base64 of 32 bytes in line 3, found '" + Shorten(lines[2]) + "'");
    }

    private static string Shorten(string text) => text.Length <= 64 ? text : text[..64];
}
