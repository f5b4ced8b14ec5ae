using System.Buffers;
using System.Text;

namespace SecFlow.Sigstore.Transparency;

/// <summary>One signature line of a note: <c>— name base64(key id, signature)</c>.</summary>
/// <param name="Name">Name of the key, without blanks and plus signs.</param>
/// <param name="KeyId">The first four bytes, a hint that selects the key.</param>
/// <param name="Signature">The rest, at least one byte.</param>
public sealed record NoteSignature(string Name, ReadOnlyMemory<byte> KeyId, ReadOnlyMemory<byte> Signature);

/// <summary>
/// A signed note (C2SP signed-note), form checked, nothing verified:
/// <code>
/// text, one or more lines, may itself hold empty ones
///
/// — name keyidAndSignatureInBase64
/// </code>
/// 1. The text ends before the last empty line, and its last newline is signed with it.
/// 2. Every line after that is a signature line. One that is not makes the note malformed; one of an unknown key does not.
/// 3. No ASCII control character but the newline.
/// </summary>
public sealed class SignedNote
{
    /// <summary>Upper bound of the signature lines.</summary>
    public const int MaxSignatures = 64;

    private const string LineStart = "\u2014 ";
    private static readonly SearchValues<char> _notInName = SearchValues.Create("+ \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000");

    private SignedNote(string text, IReadOnlyList<NoteSignature> signatures) => (Text, Signatures) = (text, signatures);

    /// <summary>The signed text, with its last newline.</summary>
    public string Text { get; }

    public IReadOnlyList<NoteSignature> Signatures { get; }

    /// <summary>The bytes that the signatures are over.</summary>
    public byte[] SignedBytes => Encoding.UTF8.GetBytes(Text);

    /// <summary>The note in <paramref name="envelope"/>. Throws <see cref="FormatException"/> with what was expected and found.</summary>
    public static SignedNote Parse(string envelope)
    {
        ArgumentNullException.ThrowIfNull(envelope);
        foreach (var c in envelope)
        {
            if (c < ' ' && c != '\n')
            {
                throw new FormatException($"expected text without control characters, found U+{(int)c:X4}");
            }
        }

        var split = envelope.LastIndexOf("\n\n", StringComparison.Ordinal);
        if (split < 1)
        {
            throw new FormatException("expected text, an empty line and signatures, found no empty line after text");
        }

        var (text, block) = (envelope[..(split + 1)], envelope[(split + 2)..]);
        if (!block.EndsWith('\n'))
        {
            throw new FormatException(block.Length == 0 ? "expected a signature line, found none" : "expected a newline after the last signature line, found none");
        }

        var lines = block[..^1].Split('\n');
        return lines.Length <= MaxSignatures
            ? new SignedNote(text, Array.ConvertAll(lines, Line))
            : throw new FormatException($"expected at most {MaxSignatures} signature lines, found {lines.Length}");
    }

    private static NoteSignature Line(string line)
    {
        var rest = line.StartsWith(LineStart, StringComparison.Ordinal) ? line[LineStart.Length..] : "";
        var blank = rest.IndexOf(' ', StringComparison.Ordinal);
        if (blank <= 0 || rest.AsSpan(0, blank).ContainsAny(_notInName) || !CanonicalBase64.TryDecode(rest[(blank + 1)..], out var bytes) || bytes.Length < 5)
        {
            throw new FormatException("expected a signature line '\u2014 name base64', found '" + (line.Length <= 64 ? line : line[..64]) + "'");
        }

        return new NoteSignature(rest[..blank], bytes.AsMemory(0, 4), bytes.AsMemory(4));
    }
}
