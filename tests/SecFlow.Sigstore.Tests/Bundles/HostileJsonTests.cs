using System.Text;
using System.Text.Json.Nodes;
using SecFlow.Sigstore.Bundles;
using SecFlow.Sigstore.Roots;
using SecFlow.SigstoreKit;

namespace SecFlow.Sigstore.Tests.Bundles;

/// <summary>Texts that two readers could understand differently, at every place of real bundles and of a trusted root.</summary>
public sealed class HostileJsonTests(HostileJsonTests.Documents documents) : IClassFixture<HostileJsonTests.Documents>
{
    /// <summary>What is done to one member of an object: given its name in quotes and its value as JSON, what stands there instead.</summary>
    public static TheoryData<string, Func<string, string, string>> Changes => new()
    {
        { "twice the same", (name, value) => $"{name}:{value},{name}:{value}" },
        { "null first", (name, value) => $"{name}:null,{name}:{value}" },
        { "twice by an escape", (name, value) => $"\"\\u{(int)name[1]:x4}{name[2..]}:{value},{name}:{value}" },
        { "another name beside it", (name, value) => $"{name}:{value},\"x{name[1..]}:{value}" },
        { "snake case", (name, value) => $"{name}:{value},\"_{name[1..]}:{value}" },
        { "in upper case", (name, value) => $"{name.ToUpperInvariant()}:{value}" },
        { "a huge number", (name, value) => $"{name}:1e400" },
        { "a very long number", (name, value) => $"{name}:{new string('9', 4000)}" },
        { "true", (name, value) => $"{name}:true" },
        { "deeply nested", (name, value) => $"{name}:{new string('[', 3000)}{new string(']', 3000)}" },
        { "a comment", (name, value) => $"{name}:/* */{value}" },
        { "a comma too many", (name, value) => $"{name}:{value}," },
        { "a lone surrogate", (name, value) => $"{name}:\"\\udc00\"" },
        { "a raw control character", (name, value) => $"{name}:\"\u0001\"" },
    };

    [Theory]
    [MemberData(nameof(Changes))]
    public void Read_HostileTextAnywhere_IsRefused(string what, Func<string, string, string> change)
    {
        foreach (var (name, json, read) in documents.All)
        {
            var places = 0;
            for (var place = 0; ; place++)
            {
                var (text, found) = Write(JsonNode.Parse(json)!, place, change);
                if (!found)
                {
                    break;
                }

                places++;
                Should.Throw<BundleFormatException>(() => read(Encoding.UTF8.GetBytes(text)), $"{what} at place {place} of {name}: {text[..Math.Min(text.Length, 300)]}");
            }

            places.ShouldBeGreaterThan(20, name);
        }
    }

    [Fact]
    public void Read_Unchanged_IsRead()
    {
        foreach (var (name, json, read) in documents.All)
        {
            Should.NotThrow(() => read(Encoding.UTF8.GetBytes(Write(JsonNode.Parse(json)!, -1, (_, _) => "").Text)), name);
        }
    }

    [Fact]
    public void Read_MuchLargerThanABundle_IsRefusedBeforeItIsParsed()
    {
        var large = new byte[20 * 1024 * 1024];
        Array.Fill(large, (byte)'[');
        Should.Throw<BundleFormatException>(() => BundleReader.Read(large)).Expected.ShouldContain("bytes");
        Should.Throw<BundleFormatException>(() => TrustedRootReader.Read(large)).Expected.ShouldContain("bytes");
    }

    [Theory]
    [InlineData(new byte[] { 0xEF, 0xBB, 0xBF })]
    [InlineData(new byte[] { 0xFF, 0xFE })]
    [InlineData(new byte[] { 0x00 })]
    public void Read_MarkBeforeTheText_IsRefused(byte[] mark)
    {
        foreach (var (name, json, read) in documents.All)
        {
            Should.Throw<BundleFormatException>(() => read((byte[])[.. mark, .. json]), name);
        }
    }

    /// <summary>The document with the change at one of its members, counted in the order of the text; false when there are fewer.</summary>
    private static (string Text, bool Found) Write(JsonNode node, int place, Func<string, string, string> change)
    {
        var (text, number) = (new StringBuilder(), 0);
        void Value(JsonNode? value)
        {
            switch (value)
            {
                case JsonObject members:
                    text.Append('{');
                    foreach (var (name, member) in members)
                    {
                        text.Append(text[^1] == '{' ? "" : ",");
                        if (number++ == place)
                        {
                            text.Append(change($"\"{name}\"", member?.ToJsonString() ?? "null"));
                        }
                        else
                        {
                            text.Append('"').Append(name).Append("\":");
                            Value(member);
                        }
                    }

                    text.Append('}');
                    break;
                case JsonArray elements:
                    text.Append('[');
                    foreach (var element in elements)
                    {
                        text.Append(text[^1] == '[' ? "" : ",");
                        Value(element);
                    }

                    text.Append(']');
                    break;
                default:
                    text.Append(value?.ToJsonString() ?? "null");
                    break;
            }
        }

        Value(node);
        return (text.ToString(), place < number);
    }

    public sealed class Documents : IDisposable
    {
        private const string Identity = "someone@example.com";
        private readonly MockSigstore _sigstore = new();

        public Documents()
        {
            var artifact = "the artifact"u8.ToArray();
            All =
            [
                ("message", _sigstore.Sign(artifact, Identity), json => BundleReader.Read(json)),
                ("envelope", _sigstore.Sign(artifact, Identity, options: new SignOptions { Envelope = true, Version = 2 }), json => BundleReader.Read(json)),
                ("root", _sigstore.TrustedRoot(), json => TrustedRootReader.Read(json)),
            ];
        }

        public IReadOnlyList<(string Name, byte[] Json, Action<ReadOnlyMemory<byte>> Read)> All { get; }

        public void Dispose() => _sigstore.Dispose();
    }
}
