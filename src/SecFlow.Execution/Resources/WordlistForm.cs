using System.Text;

namespace SecFlow.Execution.Resources;

/// <summary>A wordlist: UTF-8 text, one word a line, at most 1,000 characters each; stored with LF and without empty lines. Lines that begin with # are comments.</summary>
internal static class WordlistForm
{
    private const int LongestWord = 1000;

    public static async Task<ResourceFacts> StoreAsync(Stream text, Stream stored, CancellationToken ct)
    {
        using var reader = new StreamReader(text, new UTF8Encoding(false, throwOnInvalidBytes: true), detectEncodingFromByteOrderMarks: true, leaveOpen: true);
        await using var writer = new StreamWriter(stored, new UTF8Encoding(false), leaveOpen: true) { NewLine = "\n" };
        long words = 0, line = 0;
        try
        {
            while (await ReadLineAsync(reader, ct) is { } word)
            {
                line++;
                if (word.Length > LongestWord)
                {
                    throw ResourceForm.Wrong($"line {line} has more than {LongestWord} characters; a wordlist has one word a line");
                }

                if (word.AsSpan().ContainsAny('\0', '\u001b'))
                {
                    throw ResourceForm.Wrong($"line {line} holds control characters; a wordlist is plain text");
                }

                if (word.Length > 0)
                {
                    words += word[0] == '#' ? 0 : 1;
                    await writer.WriteLineAsync(word.AsMemory(), ct);
                }
            }
        }
        catch (DecoderFallbackException e)
        {
            throw ResourceForm.Wrong($"after line {line} it is not UTF-8 text", e);
        }

        await writer.FlushAsync(ct);
        return words > 0 ? new ResourceFacts(words, null) : throw ResourceForm.Wrong("it holds no word");
    }

    /// <summary>A line without its end; one that never ends is given back as soon as it is too long.</summary>
    private static async Task<string?> ReadLineAsync(StreamReader reader, CancellationToken ct)
    {
        var line = new StringBuilder();
        var one = new char[1];
        while (await reader.ReadAsync(one.AsMemory(), ct) == 1)
        {
            if (one[0] == '\n')
            {
                return line.ToString().TrimEnd('\r');
            }

            if (line.Append(one[0]).Length > LongestWord + 1)
            {
                return line.ToString();
            }
        }

        return line.Length > 0 ? line.ToString().TrimEnd('\r') : null;
    }
}
