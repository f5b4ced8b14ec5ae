using System.Buffers;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;

namespace SecFlow.Execution.Runs;

/// <summary>
/// An input cut into pieces of so many records. It is read once to find where they begin; a piece is then opened at its place, so that no record is read twice for it.
/// Held in memory: eight bytes for each piece.
/// </summary>
internal sealed class ChunkedInput
{
    /// <summary>Pieces of one node: each costs an interpreter and a transaction.</summary>
    public const int MostChunks = 10_000;

    private const int BufferBytes = 64 * 1024;

    private readonly InputDataset _input;
    private readonly int _chunk;
    private readonly List<long> _ends;

    private ChunkedInput(InputDataset input, int chunk, List<long> ends) => (_input, _chunk, _ends) = (input, chunk, ends);

    /// <summary>How many pieces; an empty input is one empty piece, so that the plugin can say what it thinks of it.</summary>
    public int Count => Math.Max(1, _ends.Count);

    /// <summary>Throws SF1030 when there were more than <see cref="MostChunks"/>.</summary>
    public static async Task<ChunkedInput> OfAsync(string port, InputDataset input, int chunk, CancellationToken ct)
    {
        var pieces = (input.Count + (long)chunk - 1) / chunk;
        if (pieces > MostChunks)
        {
            throw new SecFlowException(
                Codes.TooManyChunks,
                $"'foreach' would feed the {input.Count} records of '{port}' in {pieces} chunks of {chunk}; at most {MostChunks} are allowed. Set `chunk` to {(input.Count + MostChunks - 1) / MostChunks} or more.");
        }

        var ends = new List<long>((int)pieces);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            await using var lines = input.OpenJsonLines();
            var (at, records) = (0L, 0);
            while (await lines.ReadAsync(buffer.AsMemory(0, BufferBytes), ct) is var got && got > 0)
            {
                for (var i = 0; i < got; i++)
                {
                    if (buffer[i] == (byte)'\n' && ++records == chunk)
                    {
                        ends.Add(at + i + 1);
                        records = 0;
                    }
                }

                at += got;
            }

            if (records > 0)
            {
                ends.Add(at);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return new ChunkedInput(input, chunk, ends);
    }

    /// <summary>A piece, from 1.</summary>
    public InputDataset Piece(int number)
    {
        if (_ends.Count == 0)
        {
            return _input;
        }

        var (begin, end) = (number == 1 ? 0 : _ends[number - 2], _ends[number - 1]);
        var records = number < _ends.Count ? _chunk : _input.Count - ((number - 1) * _chunk);
        return new InputDataset(_input.Type, records, () => new SliceStream(_input.OpenAt is { } open ? open(begin) : Skipped(begin), end - begin));
    }

    private Stream Skipped(long bytes)
    {
        var stream = _input.OpenJsonLines();
        var buffer = new byte[BufferBytes];
        while (bytes > 0 && stream.Read(buffer.AsSpan(0, (int)Math.Min(buffer.Length, bytes))) is var got && got > 0)
        {
            bytes -= got;
        }

        return stream;
    }
}
