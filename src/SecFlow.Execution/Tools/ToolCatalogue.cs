using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;

namespace SecFlow.Execution.Tools;

/// <summary>
/// The tools of this machine.
/// 1. A tool is looked for in the system's program folders only, never in a PATH that somebody could have set.
/// 2. What it says of its version it says in the sandbox.
/// 3. A file is hashed once and again whenever its inode, size, modification or change time differ.
/// </summary>
public sealed class ToolCatalogue(ToolRunner runner)
{
    private static readonly string[] _folders = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];
    private static readonly TimeSpan _probing = TimeSpan.FromSeconds(20);
    private const int VersionBytes = 16 * 1024;

    private readonly ConcurrentDictionary<string, (FileIdentity Identity, string Digest)> _digests = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<(string Path, string Digest, string Probe), string> _versions = new();

    /// <summary>The tool that a manifest declares, ready to run. Throws SF5001 (missing, with the hint for this system), SF5002 (too old), SF5004 (its version cannot be told).</summary>
    public async Task<ToolProgram> RequireAsync(PluginTool tool, CancellationToken ct)
    {
        var path = _folders.Select(folder => Path.Combine(folder, tool.Name)).FirstOrDefault(File.Exists) ?? throw Missing(tool);
        var digest = await DigestAsync(path, ct);
        var program = new ToolProgram(tool.Name, path, "", digest);
        return program with { Version = await VersionAsync(tool, program, ct) };
    }

    private static SecFlowException Missing(PluginTool tool)
    {
        var remedy = ToolHints.For(tool);
        return new SecFlowException(new Diagnostic(Codes.ToolMissing, $"The tool '{tool.Name}' is not installed: it is in none of {string.Join(", ", _folders[..4])}. {remedy}") { Remedy = remedy });
    }

    private async Task<string> DigestAsync(string path, CancellationToken ct)
    {
        var identity = FileIdentity.Of(path);
        if (_digests.TryGetValue(path, out var known) && known.Identity == identity)
        {
            return known.Digest;
        }

        await using var file = new FileStream(path, new FileStreamOptions { Options = FileOptions.Asynchronous | FileOptions.SequentialScan });
        var digest = "sha256:" + Convert.ToHexStringLower(await SHA256.HashDataAsync(file, ct));
        _digests[path] = (identity, digest);
        return digest;
    }

    private async Task<string> VersionAsync(PluginTool tool, ToolProgram program, CancellationToken ct)
    {
        if (tool.VersionArgs.Count == 0)
        {
            return "";
        }

        var key = (program.Path, program.Digest, string.Join('\0', tool.VersionArgs) + "\0\0" + tool.VersionPattern);
        if (_versions.TryGetValue(key, out var known))
        {
            return known;
        }

        await using var result = await runner.RunAsync(new ToolRequest(program, tool.VersionArgs) { Timeout = _probing }, ct);
        var said = await HeadAsync(result.Stdout, ct) + "\n" + await HeadAsync(result.Stderr, ct);
        var match = Regex.Match(said, tool.VersionPattern ?? @"(\d+(?:\.\d+)+(?:[-+][0-9A-Za-z.-]+)?)", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking, TimeSpan.FromSeconds(1));
        if (!match.Success)
        {
            throw new SecFlowException(Codes.ToolUnusable, $"'{tool.Name} {string.Join(' ', tool.VersionArgs)}' did not say its version (exit code {result.ExitCode?.ToString() ?? "none"}). Expected the pattern of the plugin's manifest; install a version that the plugin knows.");
        }

        return _versions[key] = (match.Groups.Count > 1 ? match.Groups[1] : match).Value;
    }

    private static async Task<string> HeadAsync(FileStream file, CancellationToken ct)
    {
        var bytes = new byte[VersionBytes];
        var read = await file.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, ct);
        return System.Text.Encoding.UTF8.GetString(bytes, 0, read);
    }
}
