using System.Text.Json;
using System.Text.Json.Nodes;

namespace SecFlow.Plugins.Tests.Tools;

/// <summary>The golden fixtures of the plugins: what `parse` makes of a report, to the last field. `secflow plugin test` runs the same.</summary>
public sealed class FixtureTests
{
    public static TheoryData<string, string> Fixtures()
    {
        var data = new TheoryData<string, string>();
        foreach (var stdout in Directory.EnumerateFiles(Path.Combine(Repository.Root, "plugins-js"), "stdout", SearchOption.AllDirectories).Where(f => !f.Contains("node_modules", StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            var fixture = Path.GetDirectoryName(stdout)!;
            data.Add(Path.GetFileName(Path.GetDirectoryName(Path.GetDirectoryName(fixture)!)!), Path.GetFileName(fixture));
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Fixtures))]
    public async Task Fixture_Parsed_IsWhatIsExpected(string plugin, string name)
    {
        var folder = Path.Combine(Repository.Root, "plugins-js", plugin, "fixtures", name);
        var fixture = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(folder, "fixture.json")))!;
        var expected = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(folder, "expected.json")))!;
        var report = await new PluginBench(plugin, _ => throw new InvalidOperationException("no http")).ParseAsync(await File.ReadAllBytesAsync(Path.Combine(folder, "stdout")), (string?)fixture["target"]);

        report.Done.Outcome.ShouldBe(SecFlow.PluginProtocol.HostOutcome.Completed, report.Done.Message);
        Same(expected["findings"]!, new JsonArray([.. report.Findings.Select(f => f.DeepClone())]));
        Same(expected["records"]!, new JsonObject(report.Records.Select(p => KeyValuePair.Create(p.Key, (JsonNode?)new JsonArray([.. p.Value.Select(r => r.DeepClone())])))));
        expected["verdicts"]!.AsArray().Select(v => ((string)v!["verdict"]!, (string)v["reason"]!)).ShouldBe(report.Verdicts.Select(v => (v.Kind, v.Reason)));
    }

    private static void Same(JsonNode expected, JsonNode found) =>
        JsonNode.DeepEquals(expected, found).ShouldBeTrue($"expected {expected.ToJsonString(JsonSerializerOptions.Default)}\nfound    {found.ToJsonString(JsonSerializerOptions.Default)}");
}
