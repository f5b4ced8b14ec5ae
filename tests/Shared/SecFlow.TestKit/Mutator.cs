using System.Buffers.Binary;
using System.Text;

namespace SecFlow.TestKit;

/// <summary>
/// Turns valid inputs into nearly valid ones: bits and bytes, lengths, pieces moved, doubled or taken from another sample, words of the format, deep nesting, huge numbers,
/// broken UTF-8, and fields of binary headers. The same seed and number always give the same bytes.
/// </summary>
public sealed class Mutator(int seed, IReadOnlyList<byte[]> corpus, IReadOnlyList<string> words)
{
    private const int MaxBytes = 128 * 1024;

    private static readonly string[] _numbers =
        ["0", "-0", "-1", "1e309", "-1e309", "1e-400", "2147483647", "2147483648", "-2147483649", "4294967296", "9223372036854775807", "9223372036854775808", "99999999999999999999999999", "0x7fffffff", "1.7976931348623157e308", "NaN", "Infinity", ".5", "00012", "1_000"];

    private static readonly byte[][] _brokenText =
        [[0x80], [0xC0, 0xAF], [0xED, 0xA0, 0x80], [0xF8, 0x88, 0x80, 0x80, 0x80], [0xFF, 0xFE], [0xEF, 0xBB, 0xBF], [0x00], [0xE2, 0x80, 0xAE], [0xC2, 0x85], [0x1B, 0x5B], [0xF4, 0x90, 0x80, 0x80]];

    private static readonly long[] _edges = [0, 1, -1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 8 * 1024 * 1024, (8 * 1024 * 1024) + 1];

    /// <summary>Signatures of binary headers and how many bytes after them are fields.</summary>
    public IReadOnlyList<(byte[] Signature, int Length)> Headers { get; init; } = [];

    /// <summary>The input with this number.</summary>
    public byte[] Make(int number)
    {
        var random = new Random(unchecked((seed * 1_000_003) + number));
        var bytes = new List<byte>(corpus[random.Next(corpus.Count)]);
        for (var n = random.Next(1, 6); n > 0; n--)
        {
            Mutate(bytes, random);
            if (bytes.Count > MaxBytes)
            {
                bytes.RemoveRange(MaxBytes, bytes.Count - MaxBytes);
            }
        }

        return [.. bytes];
    }

    private void Mutate(List<byte> bytes, Random random)
    {
        var at = random.Next(bytes.Count + 1);
        var left = bytes.Count - at;
        switch (random.Next(Headers.Count > 0 ? 15 : 13))
        {
            case 0 when left > 0:
                bytes[at] ^= (byte)(1 << random.Next(8));
                break;
            case 1 when left > 0:
                bytes[at] = (byte)random.Next(256);
                break;
            case 2:
                bytes.RemoveRange(at, Math.Min(left, random.Next(1, 40)));
                break;
            case 3:
                bytes.RemoveRange(at, left);
                break;
            case 4:
                bytes.InsertRange(at, Piece(bytes, random, 200));
                break;
            case 5:
                bytes.InsertRange(at, Piece(corpus[random.Next(corpus.Count)], random, 400));
                break;
            case 6 when words.Count > 0:
                bytes.InsertRange(at, Encoding.UTF8.GetBytes(words[random.Next(words.Count)]));
                break;
            case 7:
                bytes.InsertRange(at, Enumerable.Repeat(Piece(bytes, random, 12), random.Next(2, 3_000)).SelectMany(p => p));
                break;
            case 8:
                Number(bytes, at, random);
                break;
            case 9:
                bytes.InsertRange(at, _brokenText[random.Next(_brokenText.Length)]);
                break;
            case 10:
                var open = new[] { "[", "{\"a\":", "(", "<a>", "- ", "{a: ", "[[", "\n  " }[random.Next(8)];
                bytes.InsertRange(at, Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(open, random.Next(10, 6_000)))));
                break;
            case 11:
                Lines(bytes, random);
                break;
            case 12:
                Word(bytes, random);
                break;
            default:
                Field(bytes, random);
                break;
        }
    }

    private static List<byte> Piece(IReadOnlyList<byte> source, Random random, int most)
    {
        var from = random.Next(source.Count + 1);
        return [.. source.Skip(from).Take(random.Next(1, most))];
    }

    /// <summary>Replaces the digits that stand at or after a place, or puts a number there.</summary>
    private static void Number(List<byte> bytes, int at, Random random)
    {
        var digit = bytes.FindIndex(at, b => b is >= (byte)'0' and <= (byte)'9');
        if (digit >= 0)
        {
            var end = digit;
            while (end < bytes.Count && bytes[end] is >= (byte)'0' and <= (byte)'9')
            {
                end++;
            }

            bytes.RemoveRange(digit, end - digit);
            at = digit;
        }

        bytes.InsertRange(at, Encoding.ASCII.GetBytes(_numbers[random.Next(_numbers.Length)]));
    }

    /// <summary>Moves, doubles or indents a line.</summary>
    private static void Lines(List<byte> bytes, Random random)
    {
        var lines = Encoding.Latin1.GetString([.. bytes]).Split('\n').ToList();
        var (from, to) = (random.Next(lines.Count), random.Next(lines.Count));
        var line = lines[from];
        switch (random.Next(4))
        {
            case 0: lines.RemoveAt(from); break;
            case 1: lines.Insert(to, line); break;
            case 2: lines[from] = new string(' ', random.Next(1, 9)) + line; break;
            default: lines[from] = line.TrimStart(); break;
        }

        bytes.Clear();
        bytes.AddRange(Encoding.Latin1.GetBytes(string.Join('\n', lines)));
    }

    /// <summary>Replaces a word by another one of the format.</summary>
    private void Word(List<byte> bytes, Random random)
    {
        if (words.Count == 0)
        {
            return;
        }

        var text = Encoding.Latin1.GetString([.. bytes]);
        var word = words[random.Next(words.Count)];
        var at = text.IndexOf(word, StringComparison.Ordinal);
        if (at >= 0 && word.Length > 0)
        {
            bytes.RemoveRange(at, word.Length);
            bytes.InsertRange(at, Encoding.UTF8.GetBytes(words[random.Next(words.Count)]));
        }
    }

    private void Field(List<byte> bytes, Random random)
    {
        if (Headers.Count == 0)
        {
            return;
        }

        var (signature, length) = Headers[random.Next(Headers.Count)];
        var whole = bytes.ToArray();
        var places = new List<int>();
        for (var at = 0; whole.AsSpan(at).IndexOf(signature) is var next and >= 0; at += next + 1)
        {
            places.Add(at + next);
        }

        if (places.Count == 0)
        {
            return;
        }

        var value = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(value, _edges[random.Next(_edges.Length)]);
        var start = places[random.Next(places.Count)] + signature.Length + random.Next(length);
        for (var i = 0; i < new[] { 1, 2, 4 }[random.Next(3)] && start + i < bytes.Count; i++)
        {
            bytes[start + i] = value[i];
        }
    }
}
