using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using SecFlow.Cli.Plugins.Fixtures;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Workflows;

namespace SecFlow.Cli.Plugins.Building;

/// <summary>The rules of a plugin's folder. Each rule looks on its own: one broken file hides no other problem.</summary>
internal static partial class FolderLint
{
    private const string Readme = "README.md";

    public static async Task<IReadOnlyList<FileProblem>> RunAsync(AuthorFolder folder, DevelopmentBench bench, CancellationToken ct)
    {
        var problems = new List<FileProblem>();
        Guard(problems, ManifestReader.FileName, () => problems.AddRange(ManifestReader.Read(folder.Bytes(ManifestReader.FileName)).Problems.Select(p => FileProblem.Of(ManifestReader.FileName, p))));
        Guard(problems, Readme, () => problems.AddRange(ReadmeProblems(folder)));
        await SchemaAsync(folder, problems, ct);
        await ScriptAsync(folder, bench, problems, ct);
        Guard(problems, Fixture.Folder, () => problems.AddRange(FixtureProblems(folder)));
        Guard(problems, ManifestReader.FileName, () => Package(folder, problems));
        return [.. problems.DistinctBy(p => p.ToString(), StringComparer.Ordinal)];
    }

    private static void Guard(List<FileProblem> problems, string file, Action look)
    {
        try
        {
            look();
        }
        catch (SecFlowException e)
        {
            problems.AddRange(e.Diagnostics.Select(d => FileProblem.Of(file, d)));
        }
    }

    private static IEnumerable<FileProblem> ReadmeProblems(AuthorFolder folder)
    {
        if (!folder.Has(Readme))
        {
            yield return At(Readme, Codes.PackageInvalid, "There is no README.md. Say what the plugin finds, when it is wrong, and what it costs the target.");
        }
        else if (!folder.Text(Readme).StartsWith("# ", StringComparison.Ordinal) || folder.Text(Readme).Trim().Split('\n').Length < 3)
        {
            yield return At(Readme, Codes.PackageInvalid, "README.md needs a heading and a text. Say what the plugin finds, when it is wrong, and what it costs the target.");
        }
    }

    private static async Task SchemaAsync(AuthorFolder folder, List<FileProblem> problems, CancellationToken ct)
    {
        const string file = PluginPackage.ConfigSchemaFile;
        try
        {
            await ConfigCheck.LoadAsync(folder.Text(file), ct);
        }
        catch (JsonException e)
        {
            problems.Add(new FileProblem(new SourcePlace(file, (int)(e.LineNumber ?? 0) + 1, (int)(e.BytePositionInLine ?? 0) + 1), Codes.PackageInvalid, "This is not JSON. Mend it here."));
        }
        catch (SecFlowException e)
        {
            problems.AddRange(e.Diagnostics.Select(d => FileProblem.Of(file, d)));
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            problems.Add(At(file, Codes.PackageInvalid, $"It cannot be used as JSON Schema: {e.Message}. Expected {{\"type\": \"object\", \"properties\": {{...}}}} without references to other documents."));
        }
    }

    private static async Task ScriptAsync(AuthorFolder folder, DevelopmentBench bench, List<FileProblem> problems, CancellationToken ct)
    {
        try
        {
            if (PluginBuild.Stale(folder) is { } stale)
            {
                problems.Add(stale);
            }

            if (folder.Has(AuthorFolder.Script))
            {
                var script = PluginBuild.Read(folder);
                problems.AddRange(await ScriptCheck.RunAsync(bench.Session, script, ct));
                problems.AddRange(ScriptCheck.Names(script));
            }
        }
        catch (SecFlowException e) when (e.Category is DiagnosticCategory.Input)
        {
            problems.AddRange(e.Diagnostics.Select(d => FileProblem.Of(AuthorFolder.Script, d)));
        }
    }

    private static IEnumerable<FileProblem> FixtureProblems(AuthorFolder folder)
    {
        foreach (var name in Fixture.Names(folder))
        {
            var file = $"{Fixture.Folder}/{name}/{Fixture.RecordingFile}";
            FileProblem? problem = null;
            try
            {
                var fixture = Fixture.Read(folder, name);
                problem = fixture.Expected is null ? At(file, Codes.PackageInvalid, "It has no expected.json. Write it with `secflow plugin test --update` and read it.") : null;
                problem ??= fixture.Calls.Any(c => !System.Text.Json.Nodes.JsonNode.DeepEquals(Redaction.Clean(c.Arguments), c.Arguments) || !System.Text.Json.Nodes.JsonNode.DeepEquals(Redaction.Clean(c.Answer), c.Answer))
                    ? At(file, Codes.PackageInvalid, "It holds credentials in headers (Authorization, Cookie, Set-Cookie, keys). Record it again, or write `redacted` in their place.")
                    : null;
            }
            catch (SecFlowException e)
            {
                problem = FileProblem.Of(file, e.Diagnostics[0]);
            }

            if (problem is not null)
            {
                yield return problem;
            }
        }
    }

    /// <summary>What would be packed: paths, sizes, links, and nothing that must not leave the author's machine.</summary>
    private static void Package(AuthorFolder folder, List<FileProblem> problems)
    {
        if (problems.Any(p => p.Place.File is ManifestReader.FileName or PluginPackage.ConfigSchemaFile or PluginPackage.EntryFile) && !folder.Has(PluginPackage.EntryFile))
        {
            return;
        }

        foreach (var (path, bytes) in PackageWriter.Pack(folder.Path).Files)
        {
            var match = PrivateKey().Match(Encoding.Latin1.GetString(bytes));
            if (match.Success)
            {
                problems.Add(At(path, Codes.PackageInvalid, "It holds a private key, which would be packed. Move it out of the plugin's folder and make a new one."));
            }
        }
    }

    private static FileProblem At(string file, string code, string message) => new(new SourcePlace(file, 1, 1), code, message);

    [GeneratedRegex("-----BEGIN [A-Z ]*PRIVATE KEY-----", RegexOptions.CultureInvariant, 5000)]
    private static partial Regex PrivateKey();
}
