using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using SecFlow.Execution.Diagnostics;

namespace SecFlow.Cli.Plugins.Building;

/// <summary>The script of a plugin as it runs, with its way back to the sources.</summary>
internal sealed record BuiltScript(string Source, ScriptPlaces Places, SourceMap? Map);

/// <summary>
/// index.js and its map.
/// 1. The map stands beside the script as index.js.map and is not packed. It names the digests of the script and of the sources that it belongs to.
/// 2. A map whose script has changed is not used: a wrong line is worse than a line of index.js.
/// </summary>
internal static class PluginBuild
{
    private const string ScriptDigest = "x_secflow_script";
    private const string SourcesDigest = "x_secflow_sources";

    /// <summary>Writes both files, each beside its place first.</summary>
    public static async Task WriteAsync(AuthorFolder folder, Compilation compilation, CancellationToken ct)
    {
        var map = JsonNode.Parse(compilation.Map!)!.AsObject();
        map[ScriptDigest] = DigestOf(compilation.Script!);
        map[SourcesDigest] = DigestOf(folder);
        await PutAsync(folder.At(AuthorFolder.Map), map.ToJsonString() + "\n", ct);
        await PutAsync(folder.At(AuthorFolder.Script), compilation.Script!, ct);
    }

    /// <summary>The script as it lies in the folder. Throws SF1201 when it was not built from these sources.</summary>
    public static BuiltScript Load(AuthorFolder folder)
    {
        if (Stale(folder) is { } problem)
        {
            throw new SecFlowException(problem.Code, problem.Message);
        }

        return Read(folder);
    }

    /// <summary>The script as it lies in the folder, also when the sources have changed since.</summary>
    public static BuiltScript Read(AuthorFolder folder)
    {
        var source = folder.Text(AuthorFolder.Script);
        var map = MapOf(folder) is { } json && (string?)json[ScriptDigest] == DigestOf(source) ? Decode(json) : null;
        return new BuiltScript(source, ScriptPlaces.Of(AuthorFolder.Script, map), map);
    }

    /// <summary>Why index.js is not the build of the sources that lie beside it; null when it is, or when there is nothing to build.</summary>
    public static FileProblem? Stale(AuthorFolder folder)
    {
        if (!folder.IsTypeScript || !folder.Has(AuthorFolder.Map))
        {
            return folder.Has(AuthorFolder.Script) ? null : new FileProblem(new SourcePlace(AuthorFolder.Script, 1, 1), Codes.PackageInvalid, "There is no index.js. " + (folder.IsTypeScript ? "Run `secflow plugin build`." : "Write it, or index.ts."));
        }

        var map = MapOf(folder);
        return map is not null && folder.Has(AuthorFolder.Script) && (string?)map[ScriptDigest] == DigestOf(folder.Text(AuthorFolder.Script)) && (string?)map[SourcesDigest] == DigestOf(folder)
            ? null
            : new FileProblem(new SourcePlace(AuthorFolder.Source, 1, 1), Codes.PackageInvalid, "index.js is not the build of these sources. Run `secflow plugin build`.");
    }

    public static SourceMap? Decode(JsonObject map)
    {
        try
        {
            return SourceMap.Read(map.ToJsonString());
        }
        catch (FormatException)
        {
            // a damaged map costs the lines of the source, never the run
            return null;
        }
    }

    private static JsonObject? MapOf(AuthorFolder folder)
    {
        try
        {
            return folder.Has(AuthorFolder.Map) ? JsonNode.Parse(folder.Text(AuthorFolder.Map)) as JsonObject : null;
        }
        catch (JsonException)
        {
            // as good as none: the next build writes it anew
            return null;
        }
    }

    private static string DigestOf(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    /// <summary>Of everything that the compiler is given; unit tests do not go into the script.</summary>
    private static string DigestOf(AuthorFolder folder) =>
        DigestOf(string.Join('\n', folder.Sources().Where(s => !s.Key.EndsWith(".test.ts", StringComparison.Ordinal)).Select(s => s.Key + " " + DigestOf(s.Value))));

    private static async Task PutAsync(string path, string text, CancellationToken ct)
    {
        await File.WriteAllTextAsync(path + ".new", text, ct);
        File.Move(path + ".new", path, overwrite: true);
    }
}
