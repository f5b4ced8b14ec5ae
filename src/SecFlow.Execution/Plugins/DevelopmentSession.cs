using System.Text;
using System.Text.Json.Nodes;
using SecFlow.Data.Runs;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Sandboxing;
using SecFlow.PluginProtocol;

namespace SecFlow.Execution.Plugins;

/// <summary>Result of a bare script.</summary>
/// <param name="Outcome"><c>completed</c>, <c>limit</c>, <c>failed</c> or <c>violation</c>.</param>
/// <param name="Code"><c>SF</c> code; null when it completed.</param>
/// <param name="Limit">Name of the limit that was reached; null otherwise.</param>
/// <param name="WallMs">Wall time, ms.</param>
/// <param name="PeakBytes">Peak memory, bytes.</param>
/// <param name="Level">Sandbox level.</param>
/// <param name="Message">What happened, for people; null when it completed.</param>
/// <param name="Value">Completion value as text, at most 4 KiB.</param>
public sealed record ScriptResult(string Outcome, string? Code, string? Limit, long WallMs, long PeakBytes, string Level, string? Message, string? Value);

/// <summary>
/// The door of the command line's development commands, and the one listed exception to <see cref="PluginRunner"/>: runs one bare, unsigned script in the real host
/// and sandbox. No targets, no network, no inputs, no installation: what it says is thrown away.
/// </summary>
public sealed class DevelopmentSession(HostProcess hosts)
{
    /// <summary>Runs the file. Throws SF1601 (no such file), SF4011 (too large), SF4030 and SF7003 (sandbox).</summary>
    public async Task<ScriptResult> ExecuteAsync(string scriptPath, TimeSpan timeout, CancellationToken ct)
    {
        var source = await ReadAsync(scriptPath, ct);
        var id = "development";
        var manifest = new PluginManifest
        {
            Id = "analysis." + id,
            Version = "0.0.0",
            Title = "Development",
            Intrusiveness = Data.Targets.Intrusiveness.Passive,
            Permissions = new PluginPermissions(NetworkPermission.None, [], TargetFiles: false, [], []),
        };
        var provenance = new PluginProvenance(Path.GetFileName(scriptPath), "", PluginPackage.DigestOf(Encoding.UTF8.GetBytes(source)), "Development", "", "", hosts.Level);
        await using var session = new PluginSession(
            hosts, null, provenance, manifest, source, SessionLimits.For(null), _ => Task.CompletedTask, (work, output) => new Broker(null, work, output), _ => Task.CompletedTask);
        var outcome = await session.RunAsync(new PluginWork { Entry = PluginEntry.Script, Timeout = timeout }, Nothing.Instance, ct);
        var word = outcome.Error is null ? "completed" : outcome.Violation ? "violation" : outcome.Limit is not null ? "limit" : "failed";
        return new ScriptResult(
            word, outcome.Error?.Code, outcome.Limit, (long)outcome.Wall.TotalMilliseconds, outcome.PeakBytes, hosts.Level.ToString(), outcome.Error?.Message, outcome.Value);
    }

    private static async Task<string> ReadAsync(string path, CancellationToken ct)
    {
        if (!File.Exists(path) || RegularFile.WhatElse(Path.GetFullPath(path)) is not (null or "a link"))
        {
            throw new SecFlowException(Codes.OptionInvalid, $"'{path}' is not a file. Give the path of a script.");
        }

        var length = new FileInfo(path).Length;
        return length > Limits.ScriptSourceBytes.Ceiling
            ? throw new SecFlowException(Codes.LimitSource, $"The script has {length} bytes; at most {Limits.ScriptSourceBytes.Default} are allowed. Make it smaller.")
            : await File.ReadAllTextAsync(path, Encoding.UTF8, ct);
    }

    private sealed class Nothing : IPluginOutput
    {
        public static readonly Nothing Instance = new();

        public ValueTask EmitAsync(string port, IReadOnlyList<JsonNode?> records, CancellationToken ct) => ValueTask.CompletedTask;

        public ValueTask VerdictAsync(Verdict verdict, string reason, string? target, IReadOnlyList<string> checks, CancellationToken ct) => ValueTask.CompletedTask;

        public ValueTask LogAsync(string level, string text, CancellationToken ct) => ValueTask.CompletedTask;

        public ValueTask ProgressAsync(double percent, string text, CancellationToken ct) => ValueTask.CompletedTask;

        public ValueTask RefusedAsync(Diagnostic diagnostic, CancellationToken ct) => ValueTask.CompletedTask;
    }
}
