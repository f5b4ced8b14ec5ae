using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace SecFlow.PluginProtocol;

/// <summary>A part of a message that the protocol passes on as it is: written from a node by the engine, kept as bytes by the host until it becomes a script value.</summary>
[JsonConverter(typeof(Converter))]
public sealed class JsonPart
{
    private readonly JsonNode? _node;

    private JsonPart(JsonNode node) => _node = node;

    internal JsonPart(ReadOnlyMemory<byte> utf8) => Utf8 = utf8;

    /// <summary>What the host was sent: one JSON value. Empty on the engine's side.</summary>
    public ReadOnlyMemory<byte> Utf8 { get; }

    public static implicit operator JsonPart?(JsonNode? node) => FromJsonNode(node);

    public static JsonPart? FromJsonNode(JsonNode? node) => node is null ? null : new JsonPart(node);

    internal sealed class Converter : JsonConverter<JsonPart>
    {
        public override JsonPart? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => JsonNode.Parse(ref reader);

        public override void Write(Utf8JsonWriter writer, JsonPart value, JsonSerializerOptions options)
        {
            if (value._node is { } node)
            {
                node.WriteTo(writer, options);
            }
            else
            {
                writer.WriteRawValue(value.Utf8.Span);
            }
        }
    }
}
