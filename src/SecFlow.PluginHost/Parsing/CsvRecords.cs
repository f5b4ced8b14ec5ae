using System.Text;

namespace SecFlow.PluginHost.Parsing;

/// <summary>RFC 4180: quoted fields, doubled quotes, line ends inside quotes; CRLF or LF. Lenient: a quote inside an unquoted field is text.</summary>
public sealed class CsvRecords(Stream stream, char delimiter, int maxChars)
{
    private readonly List<string> _fields = [];
    private readonly StringBuilder _field = new();
    private int _size;
    private bool _quoted;
    private bool _afterQuote;
    private bool _any;

    /// <summary>One row after the other; null for a row longer than the limit. Empty lines are skipped.</summary>
    public IEnumerable<string[]?> Rows(Action progressed)
    {
        ArgumentNullException.ThrowIfNull(progressed);
        using var reader = new StreamReader(stream, Encoding.UTF8, detectEncodingFromByteOrderMarks: true, bufferSize: 64 * 1024);
        var piece = new char[32 * 1024];
        int got;
        while ((got = reader.Read(piece, 0, piece.Length)) > 0)
        {
            progressed();
            for (var i = 0; i < got; i++)
            {
                if (Take(piece[i]) && TryFinish(out var row))
                {
                    yield return row;
                }
            }
        }

        if (TryFinish(out var last))
        {
            yield return last;
        }
    }

    /// <summary>Takes one character; true at the end of a row.</summary>
    private bool Take(char c)
    {
        if (_quoted)
        {
            if (c != '"')
            {
                Add(c);
            }
            else
            {
                _quoted = false;
                _afterQuote = true;
            }

            return false;
        }

        if (c == '"' && _afterQuote)
        {
            Add(c);
            _quoted = true;
            _afterQuote = false;
            return false;
        }

        _afterQuote = false;
        if (c == '"' && _field.Length == 0)
        {
            _quoted = true;
            _any = true;
        }
        else if (c == delimiter)
        {
            EndField();
        }
        else if (c == '\n')
        {
            return true;
        }
        else
        {
            Add(c);
        }

        return false;
    }

    private void Add(char c)
    {
        _any = true;
        if (++_size <= maxChars)
        {
            _field.Append(c);
        }
    }

    private void EndField()
    {
        _any = true;
        _size++;
        if (_size <= maxChars)
        {
            _fields.Add(_field.ToString());
        }

        _field.Clear();
    }

    private bool TryFinish(out string[]? row)
    {
        row = null;
        if (!_quoted && _field.Length > 0 && _field[^1] == '\r')
        {
            _field.Length--;
            _any = _fields.Count > 0 || _field.Length > 0;
        }

        var present = _any;
        var tooLong = _size > maxChars;
        if (present)
        {
            EndField();
            row = tooLong ? null : [.. _fields];
        }

        _fields.Clear();
        _size = 0;
        _any = _quoted = _afterQuote = false;
        return present;
    }
}
