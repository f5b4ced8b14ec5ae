using System.Text;
using SecFlow.Execution.Targets;

namespace SecFlow.Execution.Plugins;

/// <summary>Bytes of a handle on their way to a file, piece by piece, without the secrets of the run. What is not text keeps its bytes.</summary>
internal static class RawCopy
{
    /// <param name="handles">Where the bytes are.</param>
    /// <param name="handle">Which of them.</param>
    /// <param name="to">Where they go.</param>
    /// <param name="most">At most so many bytes are written.</param>
    /// <param name="secrets">What is taken out.</param>
    /// <param name="ct">Stops the work.</param>
    /// <returns>Whether everything was written.</returns>
    public static async Task<bool> WriteAsync(Handles handles, int handle, Stream to, long most, SecretValues secrets, CancellationToken ct)
    {
        async Task<bool> PutAsync(ReadOnlyMemory<byte> bytes)
        {
            var fits = (int)Math.Min(bytes.Length, most);
            await to.WriteAsync(bytes[..fits], ct);
            most -= fits;
            return fits == bytes.Length;
        }

        long at = 0;
        var left = "";
        while (await handles.ReadAsync(handle, at, Handles.MostBytesAtOnce, ct) is { Length: > 0 } piece)
        {
            at += piece.Length;
            if (secrets.IsEmpty)
            {
                if (!await PutAsync(piece))
                {
                    return false;
                }

                continue;
            }

            // One character a byte: nothing is lost, and a secret at the seam of two pieces is found because its longest form stays behind.
            var text = secrets.RedactBytes(left + Encoding.Latin1.GetString(piece));
            var stays = Math.Min(text.Length, secrets.Longest);
            if (!await PutAsync(Encoding.Latin1.GetBytes(text[..^stays])))
            {
                return false;
            }

            left = text[^stays..];
        }

        return await PutAsync(Encoding.Latin1.GetBytes(left));
    }
}
