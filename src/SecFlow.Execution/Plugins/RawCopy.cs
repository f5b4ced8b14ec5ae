using System.Text;
using SecFlow.Execution.Targets;

namespace SecFlow.Execution.Plugins;

/// <summary>Bytes of a handle on their way to a file, piece by piece, without the secrets of the run. What is not text keeps its bytes.</summary>
internal static class RawCopy
{
    public static async Task WriteAsync(Handles handles, int handle, Stream to, SecretValues secrets, CancellationToken ct)
    {
        long at = 0;
        var left = "";
        while (await handles.ReadAsync(handle, at, Handles.MostBytesAtOnce, ct) is { Length: > 0 } piece)
        {
            at += piece.Length;
            if (secrets.IsEmpty)
            {
                await to.WriteAsync(piece, ct);
                continue;
            }

            // One character a byte: nothing is lost, and a secret at the seam of two pieces is found because its longest form stays behind.
            var text = secrets.RedactBytes(left + Encoding.Latin1.GetString(piece));
            var stays = Math.Min(text.Length, secrets.Longest);
            await to.WriteAsync(Encoding.Latin1.GetBytes(text[..^stays]), ct);
            left = text[^stays..];
        }

        await to.WriteAsync(Encoding.Latin1.GetBytes(left), ct);
    }
}
