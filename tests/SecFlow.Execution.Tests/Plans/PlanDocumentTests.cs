using System.Text.Json.Nodes;
using NJsonSchema;
using SecFlow.Data.Targets;
using SecFlow.Execution.Plans;
using SecFlow.Execution.Targets;

namespace SecFlow.Execution.Tests.Plans;

/// <summary>docs/schemas/run-plan.schema.json says what the document of a plan is.</summary>
public sealed class PlanDocumentTests
{
    private const string Manifest = "intrusiveness: intrusive\noutputs: { urls: { type: urls, required: false } }\npermissions: { network: targets }\n";

    private static readonly (string Id, string Manifest, string Script) _mixed = ("scan.mixed", Manifest, """
        ctx.targets.forEach(function (t) {
          if (t.url) { ctx.http({ url: t.url }); } else { ctx.verdict('misused', 'not for me', { target: t.id, checks: [] }); }
        });
        try { ctx.tls({ host: 'elsewhere.example', port: 443 }); } catch (e) { }
        """);

    private static readonly (string Id, string Manifest, string Script) _fails = ("scan.fails", Manifest, "throw new Error('on purpose');");

    [Fact]
    public async Task Document_OfAPlanWithEverything_FitsItsSchema()
    {
        await using var stage = await PlanStage.StartAsync(_mixed, _fails);
        var gone = await stage.AddTargetAsync("gone", "http://nowhere.invalid/");
        var range = await stage.AddTargetAsync("range", "127.0.0.0/30", kind: TargetKind.Cidr);
        var gentle = await stage.AddTargetAsync("gentle", "http://127.0.0.1:9/", Intrusiveness.Safe);
        const string Nodes = "  - { id: mixed, type: scan.mixed, outputs: [urls] }\n  - { id: fail, type: scan.fails, when: \"outputs.urls.count > 0\" }\n  - { id: never, type: scan.fails, when: \"1 > 2\" }";
        var schema = await SchemaAsync();

        foreach (var targets in new[] { new[] { stage.Target.Id, gone.Id, range.Id }, [gentle.Id] })
        {
            var plan = await stage.Planner.PlanAsync(stage.Admin, new PlanRequest { Recipe = PlanStage.Recipe(Nodes), TargetIds = targets }, null, default);
            var document = PlanDocument.Create(plan);
            schema.Validate(document.ToJsonString()).ShouldBeEmpty(document.ToJsonString());
        }
    }

    [Fact]
    public async Task Document_WithAnUnknownFieldOrWord_DoesNotFit()
    {
        await using var stage = await PlanStage.StartAsync(_mixed);
        var document = PlanDocument.Create(await stage.PlanAsync("  - { id: mixed, type: scan.mixed }"));
        document["more"] = 1;
        document["nodes"]![0]!["followed"] = "perhaps";
        document["targets"]![0]!.AsObject().Remove("value");

        (await SchemaAsync()).Validate(document.ToJsonString()).Count.ShouldBe(3);
    }

    private static async Task<JsonSchema> SchemaAsync() => await JsonSchema.FromJsonAsync(await File.ReadAllTextAsync(Path.Combine(PlanStage.Repository, "docs", "schemas", "run-plan.schema.json")));
}
