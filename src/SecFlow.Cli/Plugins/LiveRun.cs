using System.Text.Json.Nodes;
using SecFlow.Cli.Plugins.Building;
using SecFlow.Cli.Plugins.Fixtures;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Workflows;

namespace SecFlow.Cli.Plugins;

/// <summary>One run of an unsigned plugin against a target on this machine: no installation, no secret, nothing kept but what the tape keeps.</summary>
internal static class LiveRun
{
    public const string Warning = DevelopmentSession.Stamp + ": unsigned, loopback only, no secrets; no installation accepts these results.";

    /// <summary>The url of a target. Throws SF1601 for anything else; whether it is loopback, the session decides.</summary>
    public static Uri Target(string text) => Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" && url.UserInfo.Length == 0
        ? url
        : throw new SecFlowException(Codes.OptionInvalid, $"--target {(text.Length > 200 ? text[..200] : text)}: expected an http or https url on this machine such as http://127.0.0.1:8000/.");

    /// <summary>Runs execute and says what it found; config problems are SF1011.</summary>
    public static async Task<(PluginOutcome Outcome, PluginCollector Collector)> ExecuteAsync(
        AuthorFolder folder, BuiltScript script, DevelopmentBench bench, Uri target, JsonObject config, CallTape? tape, TimeSpan timeout, Terminal terminal, CancellationToken ct)
    {
        var manifest = folder.Manifest();
        var problems = await ConfigCheck.ProblemsAsync(folder.Text(PluginPackage.ConfigSchemaFile), config, ct);
        if (problems.Count > 0)
        {
            throw new SecFlowException([.. problems.Select(p => new Diagnostic(Codes.RecipeConfigInvalid, p + "."))]);
        }

        var collector = new PluginCollector(terminal);
        var work = new DevelopmentWork(manifest, script.Source)
        {
            Config = config,
            Target = target,
            Inputs = FixtureRun.InputsOf(manifest, new Dictionary<string, IReadOnlyList<JsonNode?>>(StringComparer.Ordinal)),
            Tape = tape,
            Timeout = timeout,
        };
        return (await bench.Session.RunAsync(work, collector, ct), collector);
    }

    /// <summary>The failure of a script with the author's place in front.</summary>
    public static string Words(BuiltScript script, PluginOutcome outcome) =>
        $"{(script.Places.Find(outcome.Location) is { } place ? place + ": " : "")}{outcome.Error!.Code}: {script.Places.Rewrite(outcome.Error.Message)}";
}
