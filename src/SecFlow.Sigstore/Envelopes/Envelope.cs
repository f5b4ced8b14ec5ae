using System.Globalization;
using System.Text;

namespace SecFlow.Sigstore.Envelopes;

/// <summary>Dead Simple Signing Envelope (DSSE 1.0): what its signature is over.</summary>
public static class Envelope
{
    /// <summary>The payload type of an in-toto statement in JSON.</summary>
    public const string InTotoPayload = "application/vnd.in-toto+json";

    /// <summary><c>DSSEv1 SP len(type) SP type SP len(payload) SP payload</c>; both lengths count bytes of UTF-8, not characters.</summary>
    public static byte[] Pae(string payloadType, ReadOnlySpan<byte> payload)
    {
        ArgumentNullException.ThrowIfNull(payloadType);
        var type = Encoding.UTF8.GetBytes(payloadType);
        var head = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"DSSEv1 {type.Length} {payloadType} {payload.Length} "));
        return [.. head, .. payload];
    }
}
