using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using SecFlow.Execution.Diagnostics;

namespace SecFlow.Execution.Plugins;

/// <summary>Serves the records of one input in order; going back opens it again. Lines are bounded, so is each answer.</summary>
internal sealed class InputReader(string name, InputDataset input) : IDisposable
{
    private const int MostRecords = 1_000;
    private const int MostCharacters = 2 * 1024 * 1024;
    private const int MostOfLine = 1024 * 1024;
    private static readonly JsonDocumentOptions _json = new() { MaxDepth = (int)Limits.JsonDepth.Default };

    private StreamReader? _reader;
    private int _position;

    /// <summary>Records from <paramref name="from"/> on, and the next position; null at the end.</summary>
    public async Task<(JsonArray Records, int? Next)> ReadAsync(int from, int max, CancellationToken ct)
    {
        if (_reader is null || from < _position)
        {
            _reader?.Dispose();
            _reader = new StreamReader(input.OpenJsonLines(), Encoding.UTF8);
            _position = 0;
        }

        var records = new JsonArray();
        var characters = 0;
        while (records.Count < Math.Clamp(max, 1, MostRecords) && characters < MostCharacters)
        {
            var line = await _reader.ReadLineAsync(ct);
            if (line is null)
            {
                return (records, null);
            }

            if (line.Length > MostOfLine)
            {
                throw new SecFlowException(Codes.StorageFailed, $"Record {_position} of the input '{name}' is longer than {MostOfLine} characters. The dataset is damaged; run the node before it again.");
            }

            if (_position++ >= from)
            {
                records.Add(JsonNode.Parse(line, documentOptions: _json));
                characters += line.Length;
            }
        }

        return (records, _position);
    }

    public void Dispose() => _reader?.Dispose();
}
