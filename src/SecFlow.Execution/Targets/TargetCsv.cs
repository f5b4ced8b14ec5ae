using System.Text;
using CsvHelper;
using SecFlow.Execution.Diagnostics;

namespace SecFlow.Execution.Targets;

/// <summary>One line of the file: the line on which it begins, and its fields by column.</summary>
internal sealed record TargetCsvRow(int Line, IReadOnlyDictionary<string, string> Fields);

/// <summary>
/// The table of an import (RFC 4180; comma or semicolon, one header line):
/// <code>
/// name,kind,value,reference,until,tags
/// "Shop, staging",url,https://shop.example/,TICKET-7,2027-01-31,web staging
/// </code>
/// 1. UTF-8, with a byte order mark or without; CRLF or LF. Another encoding, a NUL or a quote that is never closed is an error with its line, not a guess.
/// 2. Bounded before it is read: bytes, rows, columns, length of a field.
/// </summary>
internal static class TargetCsv
{
    public const int MostBytes = 1024 * 1024;
    public const int MostRows = 1000;
    private const int MostField = 5000;
    private const int MostProblems = 200;

    public static readonly string[] Columns = ["name", "kind", "value", "reference", "ports", "tags", "owner", "from", "until", "intrusiveness", "rate", "user_agent", "windows", "private"];
    public static readonly string[] Required = ["name", "kind", "value", "reference"];

    /// <summary>The rows that have the right shape; what is wrong with the file and the others is added.</summary>
    public static IReadOnlyList<TargetCsvRow> Read(byte[] file, List<Diagnostic> problems)
    {
        if (Decode(file, problems) is not { } text)
        {
            return [];
        }

        var rows = new List<TargetCsvRow>();
        var spoiled = new HashSet<long>();
        using var reader = CsvReader.FromText(text, new CsvReaderOptions
        {
            HasHeader = false,
            Separator = Separator(text),
            TrackLineNumbers = true,
            PoolStrings = false,
            OnMalformedRecord = record =>
            {
                if (spoiled.Add(record.LineNumber))
                {
                    problems.Add(Wrong(record.Reason == CsvMalformedReason.UnterminatedQuote ? "A quote that opens on this line is never closed." : "A quote stands in the middle of a field.", "Put the whole field in quotes and double the quotes inside it.", (int)record.LineNumber));
                }
            },
        });
        string[]? header = null;
        while (problems.Count < MostProblems && reader.Read())
        {
            var line = (int)reader.LineNumber;
            if (spoiled.Contains(line))
            {
                if (header is null)
                {
                    return [];
                }
            }
            else if (header is null)
            {
                if ((header = Header(reader, line, problems)) is null)
                {
                    return [];
                }
            }
            else if (rows.Count >= MostRows)
            {
                problems.Add(Wrong($"The file has more than {MostRows} rows.", "Split it.", line));
                return rows;
            }
            else if (reader.FieldCount != header.Length)
            {
                problems.Add(Wrong($"This line has {reader.FieldCount} fields; the header has {header.Length}.", "Give each line as many fields as the header; put a field with a comma in quotes.", line, Math.Min(reader.FieldCount, header.Length) + 1));
            }
            else if (Enumerable.Range(0, header.Length).FirstOrDefault(at => reader.GetSpan(at).Length > MostField, -1) is var at and >= 0)
            {
                problems.Add(Wrong($"The field has {reader.GetSpan(at).Length} bytes; at most {MostField} are read.", "Shorten it.", line, at + 1, header[at]));
            }
            else
            {
                rows.Add(new TargetCsvRow(line, header.Select((column, at) => (column, reader.GetString(at))).ToDictionary(field => field.column, field => field.Item2, StringComparer.Ordinal)));
            }
        }

        if (header is null && problems.Count == 0)
        {
            problems.Add(Wrong("The file is empty.", $"Begin it with the header line {string.Join(',', Required)}.", 1));
        }

        return rows;
    }

    private static string? Decode(byte[] file, List<Diagnostic> problems)
    {
        if (file.AsSpan() is [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..])
        {
            problems.Add(Wrong("The file is UTF-16.", "Save it as UTF-8.", 1));
            return null;
        }

        var bytes = file.AsSpan() is [0xEF, 0xBB, 0xBF, ..] ? file.AsSpan(3) : file;
        if (bytes.IndexOf((byte)0) is var nul and >= 0)
        {
            problems.Add(Wrong("The file holds a NUL byte.", "Save it as text in UTF-8.", 1 + bytes[..nul].Count((byte)'\n')));
            return null;
        }

        var valid = System.Text.Unicode.Utf8.IsValid(bytes);
        if (!valid)
        {
            var whole = bytes.Length;
            for (var (low, high) = (0, bytes.Length); low < high;)
            {
                // The longest begin that is valid, give or take the three bytes of a character that is cut.
                var middle = (low + high + 1) / 2;
                if (Begins(bytes[..middle]))
                {
                    low = middle;
                }
                else
                {
                    high = middle - 1;
                }

                whole = low;
            }

            problems.Add(Wrong("The file is not UTF-8 (perhaps Latin-1 or Windows-1252).", "Save it as UTF-8.", 1 + bytes[..whole].Count((byte)'\n')));
            return null;
        }

        return Encoding.UTF8.GetString(bytes);
    }

    private static bool Begins(ReadOnlySpan<byte> bytes)
    {
        for (var cut = 0; cut <= Math.Min(3, bytes.Length); cut++)
        {
            if (System.Text.Unicode.Utf8.IsValid(bytes[..^cut]))
            {
                return true;
            }
        }

        return false;
    }

    private static char Separator(string text)
    {
        var end = text.AsSpan().IndexOfAny('\r', '\n');
        var header = end < 0 ? text.AsSpan() : text.AsSpan(0, end);
        return header.Contains(';') && !header.Contains(',') ? ';' : ',';
    }

    private static string[]? Header(CsvReader reader, int line, List<Diagnostic> problems)
    {
        var before = problems.Count;
        if (reader.FieldCount > 4 * Columns.Length)
        {
            problems.Add(Wrong($"The header has {reader.FieldCount} columns; at most {Columns.Length} are known.", $"Known are {string.Join(", ", Columns)}.", line));
            return null;
        }

        var header = Enumerable.Range(0, reader.FieldCount).Select(reader.GetString).Select(name => name.Trim().ToLowerInvariant()).ToArray();
        for (var at = 0; at < header.Length; at++)
        {
            if (!Columns.Contains(header[at], StringComparer.Ordinal))
            {
                problems.Add(Wrong($"'{TargetValidation.Show(header[at])}' is not a column.{Spelling.Hint(header[at], Columns)}", $"Known are {string.Join(", ", Columns)}.", line, at + 1));
            }
            else if (Array.IndexOf(header, header[at]) != at)
            {
                problems.Add(Wrong($"The column '{header[at]}' stands twice.", "Remove one.", line, at + 1, header[at]));
            }
        }

        foreach (var missing in Required.Except(header, StringComparer.Ordinal))
        {
            problems.Add(Wrong($"The column '{missing}' is missing.", $"Every target needs {string.Join(", ", Required)}.", line, column: null, missing));
        }

        return problems.Count == before ? header : null;
    }

    internal static Diagnostic Wrong(string message, string remedy, int line, int? column = null, string? path = null) =>
        new(Codes.ImportInvalid, $"{message} {remedy}") { Line = line, Column = column, Path = path, Remedy = remedy };
}
