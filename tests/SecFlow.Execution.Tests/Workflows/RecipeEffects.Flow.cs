using System.Text.Json.Nodes;
using SecFlow.Data.Runs;
using SecFlow.Execution.Tests.Runs;

namespace SecFlow.Execution.Tests.Workflows;

/// <summary>Rows about pieces, records that are kept, outputs that are used again, and runs that follow from a run.</summary>
public sealed partial class RecipeEffects
{
    private async Task ForEachAsync()
    {
        Script("pieces", "urls", 7);
        foreach (var (chunk, expected) in new[] { (3, new[] { 3, 3, 1 }), (7, [7]), (1, [1, 1, 1, 1, 1, 1, 1]) })
        {
            var pieces = new List<string[]>();
            _engine.Scripts["eat"] = async (work, output, ct) =>
            {
                pieces.Add(await UrlsAsync(work.Inputs["urls"].OpenJsonLines(), ct));
                await output.EmitAsync("findings", [TestEngine.Finding("piece", $"{chunk}/{pieces.Count}")], ct);
                await output.VerdictAsync(Verdict.Completed, "looked", null, ["piece"], ct);
                return TestEngine.Done();
            };
            var detail = await RunAsync(await SaveAsync($$"""
                - { id: pieces, type: discovery.test, outputs: [urls] }
                - { id: eat, type: scan.test, foreach: urls, chunk: {{chunk}}, outputs: { findings: eaten } }
                """));

            pieces.Select(p => p.Length).ShouldBe(expected);
            pieces.SelectMany(p => p).ShouldBe(Enumerable.Range(0, 7).Select(i => $"http://127.0.0.1:8081/{i}"));
            detail.Run.Status.ShouldBe(RunStatus.Succeeded);
            (await _engine.Store.DatasetsAsync(detail.Run.Id, default)).Single(d => d.Name == "eaten").Count.ShouldBe(expected.Length);
        }
    }

    private async Task CheckpointIntervalAsync()
    {
        foreach (var (interval, durable) in new[] { (0, 1), (3600, 0) })
        {
            var staged = -1;
            _engine.Scripts["slow"] = async (_, output, ct) =>
            {
                await output.EmitAsync("findings", [TestEngine.Finding("early", $"{interval}")], ct);
                staged = await _engine.Database.ReadAsync(db => Task.FromResult(db.StagedRecords.Count()), ct);
                await output.VerdictAsync(Verdict.Completed, "looked", null, ["early"], ct);
                return TestEngine.Done();
            };
            (await RunAsync(await SaveAsync("- { id: slow, type: scan.test }", $"state: {{ checkpoint_interval: {interval} }}"))).Run.Status.ShouldBe(RunStatus.Succeeded);
            staged.ShouldBe(durable, $"checkpoint_interval: {interval}");
        }
    }

    private async Task CacheAsync()
    {
        foreach (var (cache, expected) in new[] { (true, NodeStatus.Cached), (false, NodeStatus.Succeeded) })
        {
            Script("again", "urls", 2);
            var workflow = await SaveAsync("- { id: again, type: discovery.test, outputs: [urls] }", $"state: {{ cache_intermediate: {(cache ? "true" : "false")} }}");
            await RunAsync(workflow);
            Statuses(await RunAsync(workflow)).ShouldBe([("again", expected)]);
            _works["again"].Count.ShouldBe(cache ? 1 : 2);
        }
    }

    private static async Task<string[]> UrlsAsync(Stream stream, CancellationToken ct)
    {
        using var lines = new StreamReader(stream);
        var urls = new List<string>();
        while (await lines.ReadLineAsync(ct) is { } line)
        {
            urls.Add(JsonNode.Parse(line)!["url"]!.GetValue<string>());
        }

        return [.. urls];
    }
}
