using System.Text.Json.Nodes;
using SecFlow.Cli.Plugins.Building;
using SecFlow.Execution.Diagnostics;

namespace SecFlow.Cli.Plugins.Fixtures;

/// <summary>
/// <c>index.test.ts</c> or <c>index.test.js</c>: tests of the functions of a plugin. Helpers, plugin and tests run as one bare script in the real host,
/// so that a test sees every function of the plugin; there is no target and no network.
/// </summary>
internal static class UnitTests
{
    public const string TypeScript = "index.test.ts";
    public const string JavaScript = "index.test.js";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    /// <summary>One line per test: its name, and why it failed or null.</summary>
    public static async Task<IReadOnlyList<(string Name, string? Problem)>> RunAsync(AuthorFolder folder, BuiltScript plugin, DevelopmentBench bench, CancellationToken ct)
    {
        if (!folder.Has(TypeScript) && !folder.Has(JavaScript))
        {
            return [];
        }

        var helpers = Helpers();
        var first = helpers.Split('\n').Length;
        var places = new ScriptPlaces().Add(1, "(test helpers)", null);
        string script;
        if (folder.Has(TypeScript))
        {
            var compilation = await new TypeScriptCompiler(bench.Sandbox).CompileAsync(folder, folder.Has("secflow-test.d.ts") ? ["secflow-test.d.ts", TypeScript] : [TypeScript], ct);
            if (compilation.Script is null || compilation.Problems.Count > 0)
            {
                return [.. compilation.Problems.Select(p => (p.Place.File, (string?)p.ToString()))];
            }

            script = compilation.Script;
            places.Add(first, AuthorFolder.Script, PluginBuild.Decode(JsonNode.Parse(compilation.Map!)!.AsObject()));
        }
        else
        {
            script = plugin.Source.TrimEnd('\n') + "\n" + folder.Text(JavaScript);
            places.Add(first, AuthorFolder.Script, plugin.Map).Add(first + plugin.Source.TrimEnd('\n').Split('\n').Length, JavaScript, null);
        }

        var output = new SilentOutput();
        var outcome = await bench.Session.RunScriptAsync(helpers + script + "\n;module.exports = {};\n", "tests", Patience, output, ct);
        List<(string, string?)> results = [.. output.Records.OfType<JsonObject>().Select(r => (Text(r, "name"), (bool?)r["ok"] == true ? null : Text(r, "message")))];
        if (outcome.Error is { } error)
        {
            results.Add((folder.Has(TypeScript) ? TypeScript : JavaScript, $"{(places.Find(outcome.Location) is { } place ? place + ": " : "")}{error.Code}: {places.Rewrite(error.Message)}"));
        }

        return results.Count > 0 ? results : throw new SecFlowException(Codes.PackageInvalid, $"{(folder.Has(TypeScript) ? TypeScript : JavaScript)} holds no test. Call test('name', function () {{ ... }}), or delete the file.");
    }

    private static string Text(JsonObject record, string name) => record[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : "";

    private static string Helpers()
    {
        using var reader = new StreamReader(typeof(UnitTests).Assembly.GetManifestResourceStream("unit-tests.js")!);
        return reader.ReadToEnd();
    }
}
