using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using SecFlow.Data.Audit;
using SecFlow.Data.Plugins;
using SecFlow.Data.Runs;
using SecFlow.Data.Targets;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Policies;
using SecFlow.Execution.Sandboxing;
using SecFlow.Execution.Targets;
using SecFlow.Execution.Tools;
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

/// <summary>An unsigned plugin and what it is to do.</summary>
/// <param name="Manifest">Its permissions and limits hold as in an installation.</param>
/// <param name="Source">Its script.</param>
public sealed record DevelopmentWork(PluginManifest Manifest, string Source)
{
    public PluginEntry Entry { get; init; } = PluginEntry.Execute;

    public JsonObject Config { get; init; } = [];

    /// <summary>The one target of <c>ctx.targets</c>; null = none.</summary>
    public Uri? Target { get; init; }

    public IReadOnlyDictionary<string, InputDataset> Inputs { get; init; } = new Dictionary<string, InputDataset>(StringComparer.Ordinal);

    /// <summary>For parse: files by the names <c>stdout</c>, <c>stderr</c> and any other.</summary>
    public IReadOnlyDictionary<string, string> RawFiles { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>A recording to answer from: then nothing is sent. A <see cref="RecordingTape"/> keeps what is sent; null sends only.</summary>
    public CallTape? Tape { get; init; }

    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(Limits.NodeWallSeconds.Default);
}

/// <summary>
/// The door of the command line's development commands, and the one listed exception to <see cref="PluginRunner"/>: runs unsigned code in the real host and sandbox.
/// 1. No installation: nothing is stored, no secret is there, what it says goes to the caller and is stamped Development.
/// 2. Requests leave for a loopback address only, under the permissions of the manifest; with a recording none leaves.
/// </summary>
public sealed class DevelopmentSession(HostProcess hosts, ToolCatalogue tools, ToolRunner runner)
{
    public const string Stamp = "Development";

    /// <summary>Id of the target of a work, always the same so that expectations are.</summary>
    public static readonly Guid TargetId = new("00000000-0000-4000-8000-000000000001");

    /// <summary>Runs the file. Throws SF1601 (no such file), SF4030 and SF7003 (sandbox); a file that is too large is a result like any other limit.</summary>
    public async Task<ScriptResult> ExecuteAsync(string scriptPath, TimeSpan timeout, CancellationToken ct)
    {
        if (await ReadAsync(scriptPath, ct) is not { } source)
        {
            var refused = SessionEnds.TooLarge(new FileInfo(scriptPath).Length);
            return new ScriptResult("limit", refused.Error!.Code, refused.Limit, 0, 0, hosts.Level.ToString(), refused.Error.Message, null);
        }

        var outcome = await RunScriptAsync(source, Path.GetFileName(scriptPath), timeout, Nothing.Instance, ct);
        var word = outcome.Error is null ? "completed" : outcome.Violation ? "violation" : outcome.Limit is not null ? "limit" : "failed";
        return new ScriptResult(
            word, outcome.Error?.Code, outcome.Limit, (long)outcome.Wall.TotalMilliseconds, outcome.PeakBytes, hosts.Level.ToString(), outcome.Error?.Message, outcome.Value);
    }

    /// <summary>Runs a bare script without targets and network. Throws SF4030 and SF7003 (sandbox).</summary>
    public Task<PluginOutcome> RunScriptAsync(string source, string name, TimeSpan timeout, IPluginOutput output, CancellationToken ct)
    {
        var manifest = new PluginManifest
        {
            Id = "analysis.development",
            Version = "0.0.0",
            Title = Stamp,
            Intrusiveness = Intrusiveness.Passive,
            Permissions = new PluginPermissions(NetworkPermission.None, [], TargetFiles: false, [], []),
        };
        return RunAsync(manifest, source, name, new PluginWork { Entry = PluginEntry.Script, Timeout = timeout }, null, output, ct);
    }

    /// <summary>Runs a plugin. Throws SF3008 (target is not loopback), SF4011 (too large), SF4030, SF4031 and SF7003 (sandbox); what the plugin does is in the outcome.</summary>
    public async Task<PluginOutcome> RunAsync(DevelopmentWork work, IPluginOutput output, CancellationToken ct)
    {
        if (Encoding.UTF8.GetByteCount(work.Source) > Limits.ScriptSourceBytes.Ceiling)
        {
            throw new SecFlowException(SessionEnds.TooLarge(Encoding.UTF8.GetByteCount(work.Source)).Error!);
        }

        var rates = new TargetRates(hosts.Time);
        using var http = new TargetHttp(hosts.Time, rates);
        var policy = new PolicyEvaluator(hosts.Time);
        var subject = new PolicySubject(work.Manifest.Id, PluginState.Enabled, work.Manifest.Intrusiveness, work.Manifest.MinLevel, work.Manifest.Permissions);
        var scope = work.Target is null ? null : await ScopeAsync(work.Target, live: work.Tape is not ReplayingTape, ct);
        policy.NodeStart(subject, scope?.Targets ?? [], hosts.Report).Require();
        var request = new PluginRequest(Actor.System(name: Stamp), "", Guid.Empty, "development");
        var plugin = new PluginWork
        {
            Entry = work.Entry,
            Config = work.Config,
            Run = new JsonObject { ["id"] = "development", ["node"] = "development", ["attempt"] = 1 },
            Scope = scope,
            Inputs = work.Inputs,
            RawFiles = work.RawFiles,
            Timeout = work.Timeout,
            Tape = work.Tape,
        };
        return await RunAsync(work.Manifest, work.Source, work.Manifest.Id, plugin, p => new BrokerGrant(request, p, work.Manifest, subject, policy, http, new TargetTls(hosts.Time, rates), new ToolServices(tools, runner), null) { PinHosts = PinHostsAsync }, output, ct);
    }

    private async Task<PluginOutcome> RunAsync(
        PluginManifest manifest, string source, string name, PluginWork work, Func<PluginProvenance, BrokerGrant>? grant, IPluginOutput output, CancellationToken ct)
    {
        var provenance = new PluginProvenance(name, manifest.Version, PluginPackage.DigestOf(Encoding.UTF8.GetBytes(source)), Stamp, "", "", hosts.Level);
        var broker = grant?.Invoke(provenance);
        await using var session = new PluginSession(
            SessionHosts.Own(hosts.StartAsync, hosts.Time), null, provenance, manifest, source, SessionLimits.For(grant is null ? null : manifest), _ => Task.CompletedTask, (w, o) => new Broker(broker, w, o), _ => Task.CompletedTask);
        return await session.RunAsync(work, output, ct);
    }

    /// <summary>A replayed target is a name and nothing more: it is not resolved.</summary>
    private async Task<TargetScope> ScopeAsync(Uri url, bool live, CancellationToken ct)
    {
        if (live && !IsLoopback(url))
        {
            const string remedy = "Start the target on this machine and give http://127.0.0.1:PORT/, or sign and install the plugin to scan others.";
            throw new SecFlowException(new Diagnostic(Codes.AddressForbidden, $"{url.Host} is not a loopback address: unsigned code reaches this machine only. {remedy}") { Rule = "development.loopback", Remedy = remedy });
        }

        IPAddress[] addresses = live ? [IPAddress.Loopback] : [];
        var target = new ScopedTarget(
            TargetId, url.AbsoluteUri, TargetKind.Url, url.AbsoluteUri, live ? IPAddress.Loopback.ToString() : null, [], Intrusiveness.Exploit, RequestsPerSecond: 1000,
            DateTimeOffset.UnixEpoch, null, 1);
        return await TargetScope.PinAsync([target], hosts.Time, new HashSet<int>(), (_, _) => Task.FromResult(addresses), ct);
    }

    /// <summary>The hosts of a manifest, as far as they are loopback addresses.</summary>
    private Task<TargetScope> PinHostsAsync(IReadOnlyList<string> named, CancellationToken ct)
    {
        var local = named.Where(host => IsLoopback(new Uri("http://" + host + "/"))).ToList();
        return local.Count == named.Count
            ? TargetScope.PinHostsAsync(local, hosts.Time, ct)
            : throw new SecFlowException(new Diagnostic(Codes.AddressForbidden, "The manifest names hosts that are not on this machine: unsigned code reaches loopback only. Sign and install the plugin to reach them.") { Rule = "development.loopback", Remedy = "Sign and install the plugin to reach them." });
    }

    /// <summary>A literal loopback address or <c>localhost</c>; no other name is asked for, for it could lead elsewhere the next time.</summary>
    private static bool IsLoopback(Uri url) =>
        url.Scheme is "http" or "https" && (url.Host == "localhost" || (IPAddress.TryParse(url.DnsSafeHost, out var address) && IPAddress.IsLoopback(address)));

    /// <summary>Null: too large to be read.</summary>
    private static async Task<string?> ReadAsync(string path, CancellationToken ct)
    {
        if (!File.Exists(path) || RegularFile.WhatElse(Path.GetFullPath(path)) is not (null or "a link"))
        {
            throw new SecFlowException(Codes.OptionInvalid, $"'{path}' is not a file. Give the path of a script.");
        }

        return new FileInfo(path).Length > Limits.ScriptSourceBytes.Default ? null : await File.ReadAllTextAsync(path, Encoding.UTF8, ct);
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
