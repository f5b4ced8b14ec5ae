using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Sandboxing;

namespace SecFlow.Cli.Plugins.Building;

/// <summary>What came out: a script with its map, or problems.</summary>
internal sealed record Compilation(string? Script, string? Map, IReadOnlyList<FileProblem> Problems);

/// <summary>
/// Compiles a plugin's TypeScript to one ES5 script, in the sandbox and in memory.
/// The compiler is the package <c>typescript</c> 5.x of the folder, of a folder above it, or of <c>SECFLOW_TSC</c>; Node is the one of PATH.
/// </summary>
internal sealed class TypeScriptCompiler(Sandbox sandbox)
{
    private const string Variable = "SECFLOW_TSC";
    private const int MostOutput = 16 * 1024 * 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    /// <param name="folder">The plugin.</param>
    /// <param name="also">Further files of it to compile at the end, such as a unit test.</param>
    /// <param name="ct">Ends the compiler.</param>
    /// <exception cref="SecFlowException">SF5001 (no compiler or no Node), SF4030 (no sandbox).</exception>
    public async Task<Compilation> CompileAsync(AuthorFolder folder, IReadOnlyList<string> also, CancellationToken ct)
    {
        var (node, compiler) = (FindNode(), FindCompiler(folder.Path));
        var input = Encoding.UTF8.GetBytes(new JsonObject
        {
            ["files"] = new JsonObject(folder.Sources().Select(s => KeyValuePair.Create(s.Key, (JsonNode?)s.Value))),
            ["also"] = new JsonArray([.. also.Select(a => (JsonNode)a)]),
        }.ToJsonString());
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(Patience);
        await using var process = await SandboxedProcess.StartAsync(sandbox, CompilerProgram.Spec(node, compiler, CompileScript()), ct);
        using var output = new MemoryStream();
        try
        {
            await process.StandardInput.WriteAsync(Encoding.ASCII.GetBytes(input.Length.ToString(CultureInfo.InvariantCulture) + "\n"), patience.Token);
            await process.StandardInput.WriteAsync(input, patience.Token);
            await CopyAsync(process.StandardOutput, output, patience.Token);
        }
        catch (IOException)
        {
            // it ended before it had read everything: how, its exit tells
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw new SecFlowException(Codes.ToolMissing, $"The TypeScript compiler did not end within {Patience.TotalSeconds:0} s and was killed. Make the sources smaller.");
        }

        var exit = await process.Exit.WaitAsync(patience.Token);
        return Read(output.ToArray(), exit);
    }

    private static Compilation Read(byte[] output, SandboxExit exit)
    {
        try
        {
            var result = JsonNode.Parse(output)!.AsObject();
            var problems = result["problems"]!.AsArray().Select(p => new FileProblem(new SourcePlace((string)p!["file"]!, (int)p["line"]!, (int)p["column"]!), (string)p["code"]!, (string)p["message"]!));
            return new Compilation((string?)result["js"], result["map"]?.ToJsonString(), [.. problems]);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or NullReferenceException)
        {
            var said = exit.StderrHead.Trim();
            throw new SecFlowException(Codes.ToolMissing, $"The TypeScript compiler failed ({exit.End}, exit code {exit.ExitCode}): {(said.Length == 0 ? "it said nothing" : Output.Plain(said.Length > 1000 ? said[..1000] : said))}. Expected typescript 5.9.3 and Node 18 or newer.", e);
        }
    }

    private static async Task CopyAsync(Stream from, MemoryStream to, CancellationToken ct)
    {
        var buffer = new byte[64 * 1024];
        int read;
        while ((read = await from.ReadAsync(buffer, ct)) > 0 && to.Length < MostOutput)
        {
            to.Write(buffer, 0, read);
        }
    }

    private static string FindNode() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries).Select(folder => Path.Combine(folder, "node")).FirstOrDefault(File.Exists) is { } found
            ? File.ResolveLinkTarget(found, returnFinalTarget: true)?.FullName ?? Path.GetFullPath(found)
            : throw new SecFlowException(Codes.ToolMissing, "There is no `node` on PATH, which the TypeScript compiler needs. Install Node 18 or newer, or write index.js by hand: `secflow plugin new ID --js`.");

    /// <summary>The package's folder: the one that is named, else node_modules of the plugin's folder or of one above.</summary>
    private static string FindCompiler(string folder)
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named)
        {
            return PackageOf(named) ?? throw new SecFlowException(Codes.OptionInvalid, $"{Variable} is '{named}'. Expected the folder of the package typescript, or its bin/tsc or lib/tsc.js.");
        }

        for (var at = folder; at is not null; at = Path.GetDirectoryName(at))
        {
            if (PackageOf(Path.Combine(at, "node_modules", "typescript")) is { } found)
            {
                return found;
            }
        }

        throw new SecFlowException(Codes.ToolMissing, $"No TypeScript compiler was found. Run `npm install` in the plugin's folder (its package.json pins typescript 5.9.3), or let {Variable} name the folder of that package.");
    }

    private static string? PackageOf(string path)
    {
        if (!Path.Exists(path))
        {
            return null;
        }

        var real = (Directory.Exists(path) ? Directory.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName : File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName) ?? Path.GetFullPath(path);
        return new[] { real, Path.GetDirectoryName(Path.GetDirectoryName(real)) }.FirstOrDefault(p => p is not null && File.Exists(Path.Combine(p, "lib", "typescript.js")));
    }

    private static string CompileScript()
    {
        using var reader = new StreamReader(typeof(TypeScriptCompiler).Assembly.GetManifestResourceStream("compile.js")!);
        return reader.ReadToEnd();
    }
}
