using System.Text;

namespace SecFlow.PluginHost.Scripting;

/// <summary>Script strings are UTF-16 without promise; what leaves the host is valid Unicode.</summary>
public static class ScriptText
{
    /// <summary>The text with every lone surrogate replaced by U+FFFD.</summary>
    public static string Valid(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var at = FirstLone(text);
        if (at < 0)
        {
            return text;
        }

        var valid = new StringBuilder(text.Length).Append(text, 0, at);
        for (; at < text.Length; at++)
        {
            if (char.IsHighSurrogate(text[at]) && at + 1 < text.Length && char.IsLowSurrogate(text[at + 1]))
            {
                valid.Append(text, at++, 2);
            }
            else
            {
                valid.Append(char.IsSurrogate(text[at]) ? '\uFFFD' : text[at]);
            }
        }

        return valid.ToString();
    }

    /// <summary>Valid text of at most <paramref name="maxBytes"/> bytes of UTF-8; what was cut is said.</summary>
    public static string Bounded(string text, int maxBytes)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.Length * 3L <= maxBytes || Encoding.UTF8.GetByteCount(text) <= maxBytes)
        {
            return Valid(text);
        }

        const string Mark = " [cut]";
        var keep = Math.Min(text.Length, Math.Max(0, maxBytes - Mark.Length));
        var bytes = Encoding.UTF8.GetByteCount(text.AsSpan(0, keep));
        while (bytes > maxBytes - Mark.Length && keep > 0)
        {
            // Each character has at most three bytes, so this halves the excess at least.
            keep -= Math.Max(1, (bytes - (maxBytes - Mark.Length)) / 3);
            bytes = Encoding.UTF8.GetByteCount(text.AsSpan(0, keep));
        }

        return Valid(text[..keep]) + Mark;
    }

    /// <summary>The first characters, never half of one.</summary>
    public static string Head(string text, int most)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Length <= most ? text : text[..(char.IsHighSurrogate(text[most - 1]) ? most - 1 : most)];
    }

    private static int FirstLone(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i]))
            {
                continue;
            }

            if (!char.IsHighSurrogate(text[i]) || i + 1 == text.Length || !char.IsLowSurrogate(text[i + 1]))
            {
                return i;
            }

            i++;
        }

        return -1;
    }
}
