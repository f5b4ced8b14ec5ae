namespace SecFlow.PluginHost.Parsing;

/// <summary>One line without its end, or the fact that it was too long.</summary>
public readonly record struct DataLine(int Number, ReadOnlyMemory<byte> Bytes, bool TooLong);

/// <summary>Splits a stream into non-empty lines; memory stays within one line's limit.</summary>
public sealed class LineReader(Stream stream, int maxBytes)
{
    private static ReadOnlySpan<byte> Mark => [0xEF, 0xBB, 0xBF];

    public IEnumerable<DataLine> Lines(Action progressed)
    {
        ArgumentNullException.ThrowIfNull(progressed);
        var piece = new byte[64 * 1024];
        using var line = new MemoryStream();
        var tooLong = false;
        var number = 1;
        int got;
        while ((got = stream.Read(piece, 0, piece.Length)) > 0)
        {
            progressed();
            var at = 0;
            while (at < got)
            {
                var end = Array.IndexOf(piece, (byte)'\n', at, got - at);
                var count = (end < 0 ? got : end) - at;
                tooLong |= line.Length + count > maxBytes;
                if (!tooLong)
                {
                    line.Write(piece, at, count);
                }

                at += count;
                if (end < 0)
                {
                    continue;
                }

                at++;
                if (Finish(line, number, tooLong) is { } whole)
                {
                    yield return whole;
                }

                line.SetLength(0);
                tooLong = false;
                number++;
            }
        }

        if (Finish(line, number, tooLong) is { } last)
        {
            yield return last;
        }
    }

    private static DataLine? Finish(MemoryStream line, int number, bool tooLong)
    {
        var bytes = line.GetBuffer().AsMemory(0, (int)line.Length);
        bytes = number == 1 && bytes.Span.StartsWith(Mark) ? bytes[3..] : bytes;
        bytes = bytes.Length > 0 && bytes.Span[^1] == '\r' ? bytes[..^1] : bytes;
        return tooLong || bytes.Length > 0 ? new DataLine(number, tooLong ? default(ReadOnlyMemory<byte>) : bytes, tooLong) : null;
    }
}
