using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace SecFlow.Data.Teams;

/// <summary>Random texts that are shown once and stored as their SHA-256. 256 random bits need no salt and no slow hash.</summary>
internal static class Secrets
{
    /// <summary>32 random bytes as 43 characters of base64url.</summary>
    public static string NewText() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    /// <summary>Lower-case hex SHA-256 of the UTF-8 text.</summary>
    public static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
