using System.Text.Json;

namespace SecFlow.Execution.Resources;

/// <summary>Goes through the JSON of a CVE data set piece by piece: that it is whole, how many CVEs it holds, and of which date. Memory stays within one token.</summary>
internal sealed class CveWalk
{
    private const int MostTokenBytes = 4 * 1024 * 1024;
    private const int Mark = 3;

    /// <summary>Depth of an entry's <c>cveID</c> in KEV.</summary>
    private const int KevDepth = 3;

    private byte[] _buffer = [];
    private int _length;
    private JsonReaderState _state = new(new JsonReaderOptions { MaxDepth = 64 });
    private string _name = "";
    private bool _started;

    /// <summary>CVEs seen so far.</summary>
    public long Entries { get; private set; }

    /// <summary>What the data say of their date; null while nothing.</summary>
    public string? Date { get; private set; }

    /// <summary>The 1.1 form of NVD.</summary>
    public bool IsRetired { get; private set; }

    /// <summary>Throws <see cref="JsonException"/> for what is no JSON, SF1702 for a token that is too large.</summary>
    public void Take(ReadOnlySpan<byte> piece, bool final)
    {
        if (_length + piece.Length > _buffer.Length)
        {
            if (_length > MostTokenBytes)
            {
                throw ResourceForm.Wrong($"a text in it is larger than {MostTokenBytes} bytes");
            }

            Array.Resize(ref _buffer, Math.Max(_length + piece.Length, _buffer.Length * 2));
        }

        piece.CopyTo(_buffer.AsSpan(_length));
        _length += piece.Length;
        var skip = 0;
        if (!_started && _length >= Mark)
        {
            skip = (_buffer[0] == 0xEF && _buffer[1] == 0xBB && _buffer[2] == 0xBF) ? Mark : 0;
            _started = true;
        }

        var reader = new Utf8JsonReader(_buffer.AsSpan(skip, _length - skip), final, _state);
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.PropertyName)
            {
                _name = reader.HasValueSequence || reader.ValueSpan.Length > 100 ? "" : reader.GetString()!;
                IsRetired |= reader.CurrentDepth == 1 && _name == "CVE_Items";
            }
            else if (reader.TokenType == JsonTokenType.String && reader.ValueSpan.Length <= 100)
            {
                Text(_name, reader.CurrentDepth, reader.GetString()!);
            }
        }

        _state = reader.CurrentState;
        var used = skip + (int)reader.BytesConsumed;
        _buffer.AsSpan(used, _length - used).CopyTo(_buffer);
        _length -= used;
    }

    // depth 1: one CVE a file; 2: a list of them; 4: {"vulnerabilities":[{"cve":{"id"
    private void Text(string name, int depth, string value)
    {
        switch (name)
        {
            case "cveID" when depth == KevDepth:
            case "id" when depth is 1 or 2 or 4 && CveForm.Cve().IsMatch(value):
                Entries++;
                break;
            case "timestamp" or "dateReleased" when depth == 1:
                Date = value;
                break;
            case "catalogVersion" when depth == 1:
                Date ??= value;
                break;
            case "lastModified" when depth is 1 or 2 && string.CompareOrdinal(value, Date) > 0:
                Date = value;
                break;
            default:
                break;
        }
    }
}
