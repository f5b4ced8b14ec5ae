using System.Buffers.Text;
using System.Globalization;
using System.Text;
using SecFlow.Execution.Diagnostics;

namespace SecFlow.Portal.Api;

/// <summary>One page of a list. <see cref="Next"/> is opaque; null on the last page.</summary>
public sealed record ApiPage<T>(IReadOnlyList<T> Items, string? Next, int? Total = null);

/// <summary>Opaque place in a list.</summary>
public static class Cursor
{
    private const int MaxOffset = 10_000_000;

    public const int MaxLimit = 200;

    public static string At(int offset) => Base64Url.EncodeToString(Encoding.ASCII.GetBytes("o" + offset.ToString(CultureInfo.InvariantCulture)));

    /// <summary>Offset of a cursor; 0 for none. Throws SF1501 for one that this API did not give.</summary>
    public static int Read(string? cursor)
    {
        if (cursor is null)
        {
            return 0;
        }

        if (cursor.Length <= 24 && Base64Url.IsValid(cursor))
        {
            var text = Encoding.ASCII.GetString(Base64Url.DecodeFromChars(cursor));
            if (text.Length > 1 && text[0] == 'o' && int.TryParse(text.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out var offset) && offset <= MaxOffset)
            {
                return offset;
            }
        }

        throw new SecFlowException(Codes.RequestInvalid, "The cursor is not one of this list. Use the 'next' of the page before, unchanged.");
    }

    /// <summary>Page size; 50 when none is asked. Throws SF1501 outside 1..200.</summary>
    public static int Limit(int? limit) => limit switch
    {
        null => 50,
        >= 1 and <= MaxLimit => limit.Value,
        _ => throw new SecFlowException(Codes.RequestInvalid, $"limit={limit}: a number from 1 to {MaxLimit} was expected."),
    };
}
