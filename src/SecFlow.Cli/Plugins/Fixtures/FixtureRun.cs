using System.Text;
using System.Text.Json.Nodes;
using SecFlow.Cli.Plugins.Building;
using SecFlow.Execution.Findings;
using SecFlow.Execution.Plugins;
using SecFlow.PluginProtocol;

namespace SecFlow.Cli.Plugins.Fixtures;

/// <summary>What a fixture gave: the expectation that it would be, and what no expectation may hide.</summary>
/// <param name="Result"><c>{"findings": [...], "records": {port: [...]}, "verdicts": [...], "artifacts"?: {name: text}, "error"?: code}</c>.</param>
/// <param name="Problems">Calls that are not recorded, records that the engine would reject, and the script's failure.</param>
internal sealed record FixtureResult(JsonObject Result, IReadOnlyList<string> Problems);

/// <summary>Runs a plugin against a fixture in the real host and sandbox; nothing leaves the machine, nothing is stored.</summary>
internal sealed class FixtureRun(DevelopmentBench bench, PluginManifest manifest, BuiltScript script, Terminal terminal)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    public async Task<FixtureResult> ReplayAsync(Fixture fixture, CancellationToken ct)
    {
        var tape = new ReplayingTape(fixture.Calls, Redaction.Clean);
        var raw = fixture.RawFiles;
        var collector = new PluginCollector(terminal);
        var work = new DevelopmentWork(manifest, script.Source)
        {
            Entry = raw.Count > 0 ? PluginEntry.Parse : PluginEntry.Execute,
            Config = fixture.Config,
            Target = fixture.Target,
            Inputs = InputsOf(manifest, fixture.Inputs),
            RawFiles = raw,
            Tape = tape,
            Timeout = Patience,
        };
        var outcome = await bench.Session.RunAsync(work, collector, ct);
        return new FixtureResult(Result(collector, outcome), [.. Problems(collector, outcome, tape)]);
    }

    /// <summary>Datasets of the manifest's inputs; those without records are empty.</summary>
    public static Dictionary<string, InputDataset> InputsOf(PluginManifest manifest, IReadOnlyDictionary<string, IReadOnlyList<JsonNode?>> records) => manifest.Inputs.ToDictionary(
        port => port.Name,
        port =>
        {
            var lines = records.GetValueOrDefault(port.Name) ?? [];
            return new InputDataset(port.Type, lines.Count, () => new MemoryStream(Encoding.UTF8.GetBytes(string.Join('\n', lines.Select(r => r?.ToJsonString() ?? "null")))));
        },
        StringComparer.Ordinal);

    /// <summary>Reasons why the engine would reject a record.</summary>
    public static IEnumerable<string> Rejections(PluginManifest manifest, PluginCollector collector)
    {
        foreach (var (port, list) in collector.Records.Select(r => (r.Key, Records: r.Value!.AsArray())).Append(("findings", collector.Findings)).Where(r => r.Item2.Count > 0))
        {
            if (manifest.Outputs.FirstOrDefault(o => o.Name == port) is not { } output)
            {
                yield return $"{port}: the manifest declares no such output; declare it under 'outputs' or emit to {string.Join(", ", manifest.Outputs.Select(o => o.Name))}";
                continue;
            }

            for (var i = 0; i < list.Count; i++)
            {
                if (RecordSchemas.Problem(SchemaOf(manifest, output), list[i]?.ToJsonString() ?? "null") is { } problem)
                {
                    yield return $"{port}[{i}]: the engine would reject this record: {problem}";
                }
            }
        }
    }

    /// <summary>The category decides what may be said about findings: create, patch or hide them.</summary>
    private static string SchemaOf(PluginManifest manifest, PluginPort output) => (output.Type, manifest.Category) switch
    {
        ("findings", "enrich") => "finding-patch",
        ("findings", "filter") => "finding-hide",
        _ => output.Type,
    };

    private static JsonObject Result(PluginCollector collector, PluginOutcome outcome)
    {
        var result = new JsonObject { ["findings"] = collector.Findings.DeepClone(), ["records"] = collector.Records.DeepClone(), ["verdicts"] = collector.Verdicts.DeepClone() };
        if (collector.Artifacts.Count > 0)
        {
            result["artifacts"] = collector.Artifacts.DeepClone();
        }

        if (outcome.Error is { } error)
        {
            result["error"] = error.Code;
        }

        return result;
    }

    private IEnumerable<string> Problems(PluginCollector collector, PluginOutcome outcome, ReplayingTape tape)
    {
        if (outcome.Error is { } error)
        {
            yield return $"{(script.Places.Find(outcome.Location) is { } place ? place + ": " : "")}{error.Code}: {script.Places.Rewrite(error.Message)}";
        }

        foreach (var missing in tape.Missing)
        {
            yield return $"not recorded: {missing}; record the fixture again, or add the call to its {Fixture.RecordingFile}";
        }

        foreach (var rejection in Rejections(manifest, collector))
        {
            yield return rejection;
        }
    }
}
