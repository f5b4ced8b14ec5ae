using System.Collections.Concurrent;
using System.Globalization;
using System.Text.RegularExpressions;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;

namespace SecFlow.Execution.Tools;

/// <summary>Asks a tool for its version, in the sandbox and without a network; once per file and way of asking.</summary>
internal sealed class ToolProbe(ToolRunner runner)
{
    private const string AnyVersion = @"([0-9]+(?:\.[0-9]+)+(?:[-+][0-9A-Za-z.-]+)?)";
    private const int VersionBytes = 16 * 1024;
    private const int LongestVersion = 100;
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<(string Path, string Digest, string Probe), string> _versions = new();

    /// <summary>The version; empty when the manifest does not say how to ask. Throws SF5004 when it does not tell.</summary>
    public async Task<string> VersionAsync(PluginTool tool, ToolProgram program, CancellationToken ct)
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

        await using var result = await runner.RunAsync(new ToolRequest(program, tool.VersionArgs) { Timeout = _patience }, ct);
        var said = await HeadAsync(result.Stdout, ct) + "\n" + await HeadAsync(result.Stderr, ct);
        var match = Regex.Match(said, tool.VersionPattern ?? AnyVersion, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking | RegexOptions.Multiline, TimeSpan.FromSeconds(1));
        var version = (match.Groups.Count > 1 ? match.Groups[1] : match).Value.Trim();
        if (!match.Success || version.Length is 0 or > LongestVersion)
        {
            var code = result.ExitCode?.ToString(CultureInfo.InvariantCulture) ?? "none";
            throw new SecFlowException(new Diagnostic(
                Codes.ToolUnusable,
                $"'{tool.Name} {string.Join(' ', tool.VersionArgs)}' did not tell its version in the sandbox (exit code {code}{(result.Limit is { } limit ? ", " + limit.Code : "")}). {ToolHints.For(tool)}")
            {
                Remedy = ToolHints.For(tool),
            });
        }

        return _versions[key] = version;
    }

    /// <summary>Forgets what was said, so that the next question asks the tool itself.</summary>
    public void Forget(string path)
    {
        foreach (var key in _versions.Keys.Where(key => key.Path == path))
        {
            _versions.TryRemove(key, out _);
        }
    }

    private static async Task<string> HeadAsync(FileStream file, CancellationToken ct)
    {
        var bytes = new byte[VersionBytes];
        var read = await file.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, ct);
        return System.Text.Encoding.UTF8.GetString(bytes, 0, read);
    }
}
