using System.Text;

namespace SecFlow.Execution.Tools;

/// <summary>Hands the lines of a growing file that are not empty to a reader, some at a time. A line without end is cut at <see cref="LongestLine"/> bytes and its rest left out.</summary>
internal static class ToolLines
{
    public const int MostLines = 500;
    private const int PieceBytes = 64 * 1024;
    private static readonly int LongestLine = (int)Limits.FindingBytes.Default;

    /// <summary>Returns when the spool has ended and every line of it was handed over.</summary>
    public static async Task FollowAsync(ToolSpool spool, Func<IReadOnlyList<string>, CancellationToken, Task> lines, CancellationToken ct)
    {
        var buffer = new byte[PieceBytes];
        var line = new MemoryStream();
        var batch = new List<string>();
        long at = 0;
        var any = false;
        while (true)
        {
            var ended = spool.Ended;
            var read = await RandomAccess.ReadAsync(spool.File.SafeFileHandle, buffer.AsMemory(0, (int)Math.Min(PieceBytes, spool.Kept - at)), at, ct);
            at += read;
            for (var i = 0; i < read; i++)
            {
                if (buffer[i] == '\n')
                {
                    Complete();
                }
                else
                {
                    any = true;
                    if (line.Length < LongestLine)
                    {
                        line.WriteByte(buffer[i]);
                    }
                }

                if (batch.Count == MostLines)
                {
                    await HandAsync();
                }
            }

            if (read == 0 && ended)
            {
                if (any)
                {
                    Complete();
                }

                await HandAsync();
                return;
            }

            await HandAsync();
            if (read == 0)
            {
                await spool.GrownAsync(ct);
            }
        }

        void Complete()
        {
            var text = Encoding.UTF8.GetString(line.GetBuffer(), 0, (int)line.Length);
            if (text.TrimEnd('\r') is { Length: > 0 } content)
            {
                batch.Add(content);
            }

            line.SetLength(0);
            any = false;
        }

        async Task HandAsync()
        {
            if (batch.Count > 0)
            {
                IReadOnlyList<string> full = batch;
                batch = [];
                await lines(full, ct);
            }
        }
    }
}
