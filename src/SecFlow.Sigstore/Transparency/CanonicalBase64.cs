using System.Diagnostics.CodeAnalysis;

namespace SecFlow.Sigstore.Transparency;

/// <summary>Standard base64 in its one form: padded, no white space, no stray bits.</summary>
internal static class CanonicalBase64
{
    public static bool TryDecode(string text, [NotNullWhen(true)] out byte[]? bytes)
    {
        bytes = null;
        var buffer = new byte[(text.Length / 4 * 3) + 3];
        if (!Convert.TryFromBase64String(text, buffer, out var length) || Convert.ToBase64String(buffer.AsSpan(0, length)) != text)
        {
            return false;
        }

        bytes = buffer[..length];
        return true;
    }
}
