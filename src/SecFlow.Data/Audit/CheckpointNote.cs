using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace SecFlow.Data.Audit;

/// <summary>
/// A checkpoint as a signed note (C2SP signed-note; the signature as transparency logs with ECDSA keys write it: key id = the first four bytes of SHA-256 of the
/// public key's SubjectPublicKeyInfo, then a DER signature over SHA-256 of the text). Text, with the line feed of its last line, is what is signed:
/// <code>
/// secflow/audit
/// 1234                                             events covered
/// base64(hash of event 1234)
/// 2026-01-02T03:04:05.0000000Z
///
/// — secflow/audit base64(key id || signature)
/// </code>
/// </summary>
internal sealed record CheckpointNote(long Size, byte[] Root, DateTimeOffset Time)
{
    public const string Origin = "secflow/audit";

    private const string SignatureStart = "— " + Origin + " ";

    private string Text => string.Create(
        CultureInfo.InvariantCulture,
        $"{Origin}\n{Size}\n{Convert.ToBase64String(Root)}\n{Time.UtcDateTime:O}\n");

    public string Sign(ECDsa key)
    {
        var signature = key.SignData(Encoding.UTF8.GetBytes(Text), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
        return $"{Text}\n{SignatureStart}{Convert.ToBase64String([.. KeyId(key), .. signature])}\n";
    }

    /// <summary>Reads a note and checks its signature; null when it is not exactly what <see cref="Sign"/> with this key's private half writes.</summary>
    public static CheckpointNote? Open(string note, ECDsa key)
    {
        var lines = note.Split('\n');
        if (lines is not [Origin, var size, var root, var time, "", var signed, ""]
            || !signed.StartsWith(SignatureStart, StringComparison.Ordinal)
            || !long.TryParse(size, NumberStyles.None, CultureInfo.InvariantCulture, out var events)
            || !DateTimeOffset.TryParseExact(time, "O", CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var when)
            || Decode(root) is not { Length: 32 } hash
            || Decode(signed[SignatureStart.Length..]) is not { Length: > 4 } signature
            || !signature.AsSpan(0, 4).SequenceEqual(KeyId(key)))
        {
            return null;
        }

        var opened = new CheckpointNote(events, hash, when);
        return opened.Text == string.Join('\n', lines[..4]) + "\n"
            && key.VerifyData(Encoding.UTF8.GetBytes(opened.Text), signature.AsSpan(4), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence)
            ? opened
            : null;
    }

    /// <summary>The notes of a file, in order; a damaged part is answered as it stands and will not open.</summary>
    public static IReadOnlyList<string> Split(string file)
    {
        var notes = new List<string>();
        var note = new StringBuilder();
        foreach (var line in file.Split('\n'))
        {
            if (note.Length == 0 && line.Length == 0)
            {
                continue;
            }

            note.Append(line).Append('\n');
            if (line.StartsWith("— ", StringComparison.Ordinal))
            {
                notes.Add(note.ToString());
                note.Clear();
            }
        }

        if (note.Length > 0)
        {
            notes.Add(note.ToString());
        }

        return notes;
    }

    private static byte[] KeyId(ECDsa key) => SHA256.HashData(key.ExportSubjectPublicKeyInfo())[..4];

    private static byte[]? Decode(string base64)
    {
        var bytes = new byte[base64.Length];
        return Convert.TryFromBase64String(base64, bytes, out var written) ? bytes[..written] : null;
    }
}
