using System.Text;
using System.Text.Json.Nodes;
using NJsonSchema;
using SecFlow.EndToEnd.Tests.Stage;

namespace SecFlow.EndToEnd.Tests.Audit;

/// <summary>docs/schemas/audit-event.schema.json says what a real run writes into the log.</summary>
public sealed class AuditEventSchemaTests
{
    [Fact]
    public async Task EventsOfARun_FitTheSchema()
    {
        await using var portal = await RunningPortal.StartAsync("none");
        var target = await portal.AddTargetAsync(portal.Shop.Url);
        await portal.RunAsync(await portal.SaveWorkflowAsync("Audited", "scan.web-baseline"), target.Id);
        var schema = await SchemaAsync();

        var events = await portal.AuditAsync();

        events.ShouldContain(e => e.Action == "start.run");
        foreach (var entry in events)
        {
            schema.Validate(Encoding.UTF8.GetString(entry.Canonical)).ShouldBeEmpty($"event {entry.Seq} {entry.Action}");
        }
    }

    [Fact]
    public async Task EventWithAnUnknownOutcomeOrField_DoesNotFit()
    {
        await using var portal = await RunningPortal.StartAsync("none");
        var schema = await SchemaAsync();
        var document = JsonNode.Parse((await portal.AuditAsync())[0].Canonical)!;
        document["outcome"] = "maybe";
        document["more"] = 1;

        schema.Validate(document.ToJsonString()).Count.ShouldBe(2);
    }

    private static async Task<JsonSchema> SchemaAsync() => await JsonSchema.FromJsonAsync(await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "schemas", "audit-event.schema.json")));
}
