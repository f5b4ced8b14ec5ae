using System.Text.Json.Nodes;
using SecFlow.Execution.Plugins;

namespace SecFlow.Execution.Tests.Plugins;

/// <summary>The published schema and the reader name the same keys.</summary>
public sealed class ManifestSchemaTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("permissions", "permissions: { KEY: }")]
    [InlineData("limits.host", "limits: { host: { KEY: } }")]
    [InlineData("limits.tool", "limits: { tool: { KEY: } }")]
    public void Schema_EveryKeyOfIt_IsKnownToTheReader(string path, string shape)
    {
        var node = Schema();
        foreach (var part in path.Split('.', StringSplitOptions.RemoveEmptyEntries))
        {
            node = node["properties"]![part]!;
        }

        foreach (var (key, _) in node["properties"]!.AsObject())
        {
            var yaml = shape.Length == 0 ? key + ":" : shape.Replace("KEY", key, StringComparison.Ordinal);
            ManifestReader.Read(System.Text.Encoding.UTF8.GetBytes(yaml)).Problems.ShouldNotContain(p => p.Message.Contains("is not known here"), key);
        }
    }

    [Fact]
    public void Reader_KnownKeysOfTheTop_AreThoseOfTheSchema()
    {
        var message = ManifestReader.Read("nope: 1"u8.ToArray()).Problems.First(p => p.Path == "nope").Message;
        var known = message.Split("Known keys: ")[1].TrimEnd('.').Split(", ");
        known.ShouldBe(Schema()["properties"]!.AsObject().Select(p => p.Key), ignoreOrder: true);
    }

    private static JsonNode Schema()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "SecFlow.sln")))
        {
            folder = folder.Parent!;
        }

        return JsonNode.Parse(File.ReadAllText(Path.Combine(folder.FullName, "docs", "schemas", "plugin-manifest.schema.json")))!;
    }
}
