using System.Text;
using System.Text.Json;
using SecFlow.PluginHost.Scripting;

namespace SecFlow.PluginHost.Parsing;

/// <summary>
/// Finds the value at a path in a JSON stream and yields each element of it, when it is an array, or the value itself.
/// Memory stays within one record; everything beside the path is skipped token by token.
/// </summary>
public sealed class JsonRecords(Stream stream, IReadOnlyList<string> path, int maxBytes, int maxDepth)
{
    private byte[] _buffer = new byte[64 * 1024];
    private int _length;
    private int _at;
    private bool _final;
    private int _matched;
    private Mode _mode = Mode.Search;
    private int _arrayDepth;
    private JsonReaderState _state = new(new JsonReaderOptions { MaxDepth = maxDepth });

    private enum Mode
    {
        Search,
        Elements,
        Done,
    }

    /// <summary>UTF-8 of one record after the other. Throws <see cref="JsonException"/> for broken JSON, <see cref="DataLimitException"/> for a record too large.</summary>
    public IEnumerable<ReadOnlyMemory<byte>> Elements(Action progressed)
    {
        ArgumentNullException.ThrowIfNull(progressed);
        Fill(progressed);
        if (_length >= 3 && _buffer.AsSpan(0, 3).SequenceEqual(Encoding.UTF8.Preamble))
        {
            _at = 3;
        }

        while (_mode != Mode.Done)
        {
            if (Next(out var record))
            {
                if (record is { } bytes)
                {
                    yield return bytes;
                }
            }
            else if (_final)
            {
                yield break;
            }
            else
            {
                Fill(progressed);
            }
        }
    }

    /// <summary>Takes one token, or one whole record; false when more bytes are needed.</summary>
    private bool Next(out ReadOnlyMemory<byte>? record)
    {
        record = null;
        var reader = new Utf8JsonReader(_buffer.AsSpan(_at, _length - _at), _final, _state);
        if (!reader.Read())
        {
            return false;
        }

        var isRecord = _mode == Mode.Elements
            ? !(reader.TokenType == JsonTokenType.EndArray && reader.CurrentDepth == _arrayDepth)
            : _matched == path.Count && reader.TokenType is not (JsonTokenType.StartArray or JsonTokenType.PropertyName) && reader.CurrentDepth == _matched;
        if (isRecord)
        {
            var start = (int)reader.TokenStartIndex;
            if (!reader.TrySkip())
            {
                return false;
            }

            var bytes = _buffer.AsMemory(_at + start, (int)reader.BytesConsumed - start);
            if (bytes.Length > maxBytes)
            {
                throw TooLarge();
            }

            record = bytes;
            _mode = _mode == Mode.Search ? Mode.Done : _mode;
        }
        else if (_mode == Mode.Elements)
        {
            _mode = Mode.Done;
        }
        else
        {
            Search(ref reader);
        }

        _at += (int)reader.BytesConsumed;
        _state = reader.CurrentState;
        return true;
    }

    private void Search(ref Utf8JsonReader reader)
    {
        if (_matched == path.Count && reader.TokenType == JsonTokenType.StartArray && reader.CurrentDepth == _matched)
        {
            _mode = Mode.Elements;
            _arrayDepth = reader.CurrentDepth;
        }
        else if (reader.TokenType == JsonTokenType.PropertyName && _matched < path.Count && reader.CurrentDepth == _matched + 1 && reader.ValueTextEquals(path[_matched]))
        {
            _matched++;
        }
        else if (_matched > 0 && _matched < path.Count && reader.CurrentDepth <= _matched && reader.TokenType != JsonTokenType.StartObject)
        {
            // The object on the way is over, or it was no object: the path leads nowhere.
            _mode = Mode.Done;
        }
    }

    private void Fill(Action progressed)
    {
        progressed();
        if (_at > 0)
        {
            _buffer.AsSpan(_at, _length - _at).CopyTo(_buffer);
            _length -= _at;
            _at = 0;
        }

        if (_length == _buffer.Length)
        {
            if (_length > maxBytes)
            {
                throw TooLarge();
            }

            Array.Resize(ref _buffer, _buffer.Length * 2);
        }

        var got = stream.Read(_buffer, _length, _buffer.Length - _length);
        _length += got;
        _final = got == 0;
    }

    private DataLimitException TooLarge() => new(ScriptLimits.Record, $"A record is larger than {maxBytes} bytes.");
}
