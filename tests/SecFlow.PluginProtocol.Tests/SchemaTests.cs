using NJsonSchema;

namespace SecFlow.PluginProtocol.Tests;

public sealed class SchemaTests
{
    [Fact]
    public async Task Schema_EveryRealMessage_IsValid()
    {
        var schema = await Schema();

        foreach (var json in Samples.Engine.Select(FramesTests.Json).Concat(Samples.Host.Select(FramesTests.Json)))
        {
            schema.Validate(json).ShouldBeEmpty(json);
        }
    }

    [Theory]
    [InlineData("{\"type\":\"nonsense\"}")]
    [InlineData("{\"type\":\"log\",\"level\":\"loud\",\"text\":\"x\"}")]
    [InlineData("{\"type\":\"alive\",\"extra\":1}")]
    [InlineData("{\"type\":\"progress\",\"percent\":101,\"text\":\"\"}")]
    [InlineData("{\"type\":\"done\",\"outcome\":\"Fine\",\"peakBytes\":1,\"cpuMilliseconds\":1}")]
    [InlineData("{\"type\":\"call\",\"id\":1,\"method\":\"shell\",\"arguments\":{}}")]
    public async Task Schema_NotAMessage_IsRefused(string json) => (await Schema()).Validate(json).ShouldNotBeEmpty();

    [Fact]
    public async Task Schema_KnowsEveryMessageType()
    {
        var types = (await Schema()).OneOf.Select(one => one.ActualSchema.Properties["type"].ActualSchema.Enumeration.Single()!).Order().ToList();

        var sampled = Samples.Engine.Select(FramesTests.Json).Concat(Samples.Host.Select(FramesTests.Json))
            .Select(json => (object)json.Split('"')[3]).Distinct().Order().ToList();
        types.ShouldBe(sampled);
    }

    private static Task<JsonSchema> Schema() => JsonSchema.FromFileAsync(Path.Combine(AppContext.BaseDirectory, "plugin-protocol.schema.json"));
}
