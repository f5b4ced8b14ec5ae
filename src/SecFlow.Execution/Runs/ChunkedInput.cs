using System.Buffers;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;

namespace SecFlow.Execution.Runs;

/// <summary>
/// An input cut into chunks of so many records. It is read once to find where they begin; a chunk is then opened at its place, so that no record is read twice for it.
/// Held in memory: eight bytes for each chunk.
/// </summary>
internal sealed class ChunkedInput
{
    /// <summary>Chunks of one node: each costs an interpreter and a transaction.</summary>
    public const int MostChunks = 10_000;

    private const int BufferBytes = 64 * 1024;

    private readonly InputDataset _input;
    private readonly int _size;
    private readonly List<long> _ends;

    private ChunkedInput(InputDataset input, int size, List<long> ends) => (_input, _size, _ends) = (input, size, ends);

    /// <summary>How many chunks; an empty input is one empty chunk, so that the plugin can say what it thinks of it.</summary>
    public int Count => Math.Max(1, _ends.Count);

    /// <summary>Throws SF1030 when there were more than <see cref="MostChunks"/>.</summary>
    public static async Task<ChunkedInput> OfAsync(string port, InputDataset input, int size, CancellationToken ct)
    {
        var chunks = (input.Count + (long)size - 1) / size;
        if (chunks > MostChunks)
        {
            throw new SecFlowException(
                Codes.TooManyChunks,
                $"'foreach' would feed the {input.Count} records of '{port}' in {chunks} chunks of {size}; at most {MostChunks} are allowed. Set `chunk` to {(input.Count + MostChunks - 1) / MostChunks} or more.");
        }

        var ends = new List<long>((int)chunks);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            await using var lines = input.OpenJsonLines();
            var (at, records) = (0L, 0);
            while (await lines.ReadAsync(buffer.AsMemory(0, BufferBytes), ct) is var got && got > 0)
            {
                for (var i = 0; i < got; i++)
                {
                    if (buffer[i] == (byte)'\n' && ++records == size)
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

        return new ChunkedInput(input, size, ends);
    }

    /// <summary>A chunk, from 1.</summary>
    public InputDataset Chunk(int number)
    {
        if (_ends.Count == 0)
        {
            return _input;
        }

        var (begin, end) = (number == 1 ? 0 : _ends[number - 2], _ends[number - 1]);
        var records = number < _ends.Count ? _size : _input.Count - ((number - 1) * _size);
        return new InputDataset(_input.Type, records, () => new SliceStream(_input.OpenAt!(begin), end - begin));
    }
}
