using System.Text.Json;

namespace SecFlow.PluginProtocol;

/// <summary>The properties of one object of a message, found but not yet read. No property twice; null is the same as nothing.</summary>
internal sealed class MessageParts
{
    private readonly ReadOnlyMemory<byte> _json;
    private readonly List<string> _names = [];
    private readonly List<int> _bounds = [];

    public MessageParts(ReadOnlyMemory<byte> json)
    {
        _json = json;
        var scan = new JsonScan(json.Span);
        scan.Object();
        while (scan.Property(out var name))
        {
            if (_names.Contains(name))
            {
                throw new JsonException($"'{name}' is there twice.");
            }

            scan.Peek();
            _names.Add(name);
            _bounds.Add(scan.At);
            scan.Value();
            _bounds.Add(scan.At);
        }

        scan.End();
    }

    public IReadOnlyList<string> Names => _names;

    public JsonPart? Optional(string name) =>
        _names.IndexOf(name) is var at and >= 0 && _json[_bounds[2 * at].._bounds[(2 * at) + 1]] is var part && !part.Span.SequenceEqual("null"u8) ? new JsonPart(part) : null;

    public MessageParts? Inner(string name) => Optional(name) is { } part ? new MessageParts(part.Utf8) : null;

    public string Text(string name) => Scan(name).Text();

    public int Int32(string name) => Scan(name).Int32();

    public long Int64(string name) => Scan(name).Int64();

    private JsonScan Scan(string name) => new((Optional(name) ?? throw new JsonException($"'{name}' is missing.")).Utf8.Span);
}
