using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Sandboxing;
using SecFlow.Execution.Targets;
using SecFlow.PluginProtocol;

namespace SecFlow.Execution.Plugins;

/// <summary>Where a session's processes come from and go to.</summary>
internal sealed record SessionHosts(Func<SessionLimits, CancellationToken, Task<SandboxedHost>> TakeAsync, Func<SandboxedHost, ValueTask> ReturnAsync, TimeProvider Time)
{
    /// <summary>Hosts that end with the session.</summary>
    public static SessionHosts Own(Func<SessionLimits, CancellationToken, Task<SandboxedHost>> take, TimeProvider time) => new(take, host => host.DisposeAsync(), time);
}

/// <summary>
/// A verified plugin in its sandbox: one process per run and package digest, a fresh interpreter per work.
/// 1. The source is the verified bytes, from memory; nothing is read again from disk.
/// 2. A process serves the next work only after an orderly end, and while it is as good as new; after a limit, a failure of the interpreter or a kill the next work gets a new one.
/// 3. A violation ends the session and quarantines the plugin. To speak between two works is one.
/// 4. While a work runs, it is looked at whether the plugin still may (<see cref="SessionWatch"/>): one that was revoked is ended, and its outcome is that refusal.
/// </summary>
public sealed class PluginSession : IAsyncDisposable
{
    private readonly SessionHosts _hosts;
    private readonly string _source;
    private readonly Func<PluginWork, Task> _admit;
    private readonly Func<PluginWork, IPluginOutput, Broker> _broker;
    private readonly Func<Diagnostic, Task> _violated;
    private readonly SessionLimits _limits;
    private SandboxedHost? _host;
    private bool _violation;

    internal PluginSession(
        SessionHosts hosts, SandboxedHost? host, PluginProvenance provenance, PluginManifest manifest, string source, SessionLimits limits,
        Func<PluginWork, Task> admit, Func<PluginWork, IPluginOutput, Broker> broker, Func<Diagnostic, Task> violated)
    {
        (_hosts, _host, Provenance, Manifest, _source, _limits) = (hosts, host, provenance, manifest, source, limits);
        (_admit, _broker, _violated) = (admit, broker, violated);
    }

    public PluginProvenance Provenance { get; }

    public PluginManifest Manifest { get; }

    /// <summary>What stands against the plugin while it works; null where nobody can withdraw it (development).</summary>
    internal Func<CancellationToken, Task<Diagnostic?>>? Look { get; init; }

    /// <summary>Records that a work was ended by <see cref="Look"/>.</summary>
    internal Func<Diagnostic, Task> Ended { get; init; } = _ => Task.CompletedTask;

    /// <summary>The secrets that the run has read, taken out of everything that is said; null where there are none.</summary>
    internal SecretValues? Redaction { get; init; }

    /// <summary>Process that waits for the next work; null while there is none.</summary>
    internal int? ProcessId => _host?.Process.Id;

    /// <summary>Runs one piece of work. Never throws for what the plugin does; throws what <see cref="PluginRunner.OpenAsync"/> throws when it may not run any more, and OperationCanceledException when <paramref name="ct"/> is cancelled (the tree is dead by then).</summary>
    public async Task<PluginOutcome> RunAsync(PluginWork work, IPluginOutput output, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        if (_violation)
        {
            throw new SecFlowException(Codes.PluginNotEnabled, $"The plugin '{Provenance.PluginId}' is quarantined after a violation. An administrator looks at it first.");
        }

        output = Redaction is null ? output : new RedactingOutput(output, Redaction);
        await _admit(work);
        var started = _hosts.Time.GetTimestamp();
        var host = _host ?? await _hosts.TakeAsync(_limits, ct);
        _host = null;
        var cpuBefore = host.Cpu;
        await using var broker = _broker(work, output);
        SessionEnd end;
        DoneMessage? done = null;
        SandboxExit? exit = null;
        Exception? fault = null;
        Diagnostic? withdrawn = null;
        var keep = false;
        try
        {
            if (host.HasSpoken)
            {
                end = SessionEnds.Breach("it spoke although it had no work.");
            }
            else
            {
                await using var conversation = new Conversation(host, work, output, broker, _limits, _hosts.Time);
                (end, withdrawn) = await ConverseAsync(conversation, Start(work, broker), ct);
                done = conversation.Done;
                end = end.Error?.Code == Codes.ScriptError && broker.CauseOf(done?.Message) is { } cause ? new SessionEnd(cause) : end;
                keep = !ct.IsCancellationRequested && withdrawn is null && !end.Violation && host.MayServeAgain()
                    && done is { Outcome: HostOutcome.Completed or HostOutcome.ScriptError or HostOutcome.SyntaxError or HostOutcome.MissingEntry };
            }
        }
        finally
        {
            if (keep)
            {
                _host = host;
            }
            else
            {
                await host.DisposeAsync();
                exit = await host.Process.Exit;
            }

            await broker.FinishAsync(CancellationToken.None);
        }

        end = withdrawn is null ? broker.Judge(end) : end;
        if (withdrawn is not null)
        {
            await Ended(withdrawn);
        }

        if (end.Violation)
        {
            _violation = true;
            try
            {
                await _violated(end.Error!);
            }
            catch (Exception e)
            {
                // Not recorded as quarantined; the outcome says so, and that it was a violation: nothing it said is believed.
                fault = e;
                end = end with { Error = end.Error! with { Message = $"{end.Error.Message} That could not be recorded: quarantine it by hand." } };
            }
        }

        ct.ThrowIfCancellationRequested();
        return new PluginOutcome(
            end.Error is { } error ? error with { Message = Clean(error.Message) } : null, end.Limit, broker.HttpRequests, broker.RefusedCalls,
            Math.Max(done?.PeakBytes ?? 0, exit?.PeakBytes ?? 0), Math.Max(done?.CpuMilliseconds ?? 0, (long)((exit?.Cpu ?? cpuBefore) - cpuBefore).TotalMilliseconds),
            _hosts.Time.GetElapsedTime(started), Clean(Bounded(done?.Value)))
        {
            AddressesReached = broker.AddressesReached,
            Resources = broker.Resources,
            Tools = broker.ToolUses,
            Violation = end.Violation,
            Location = Bounded(done?.Location),
            Fault = fault,
        };
    }

    /// <summary>Gives the process back to the run, or ends it.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_host is { } host)
        {
            _host = null;
            await _hosts.ReturnAsync(host);
        }
    }

    private async Task<(SessionEnd End, Diagnostic? Withdrawn)> ConverseAsync(Conversation conversation, StartMessage start, CancellationToken ct)
    {
        if (Look is not { } look)
        {
            return (await conversation.RunAsync(start, ct), null);
        }

        SessionEnd end;
        var watch = new SessionWatch(look, refusal => conversation.Strike(new SessionEnd(refusal)), _hosts.Time);
        await using (watch)
        {
            end = await conversation.RunAsync(start, ct);
        }

        return watch.Refusal is { } refusal && !end.Violation ? (new SessionEnd(refusal), refusal) : (end, null);
    }

    [return: NotNullIfNotNull(nameof(text))]
    private string? Clean(string? text) => text is null ? null : Redaction?.Redact(text) ?? text;

    private static string? Bounded(string? value) => value?.Length > 4096 ? value[..4096] : value;

    private StartMessage Start(PluginWork work, Broker broker) => new(
        _source,
        $"{Provenance.PluginId}/{PluginPackage.EntryFile}",
        work.Entry,
        work.Config.DeepClone(),
        work.Run.DeepClone(),
        new JsonArray([.. (work.Scope?.Targets ?? []).Select(t => (JsonNode)Describe(t, work.Scope!))]),
        work.Inputs.ToDictionary(i => i.Key, i => i.Value.Count, StringComparer.Ordinal),
        work.Entry == PluginEntry.Parse ? Raw(work, broker) : null,
        _limits.Host,
        SessionLimits.Credit);

    /// <summary>What <c>ctx.targets[i]</c> shows. A folder is told only to plugins that may see it; the path of this machine to none.</summary>
    private JsonObject Describe(ScopedTarget target, TargetScope scope) => new()
    {
        ["id"] = target.Id.ToString(),
        ["name"] = target.Name,
        ["kind"] = target.Kind.ToString().ToLowerInvariant(),
        ["value"] = target.Kind == Data.Targets.TargetKind.Folder ? target.Name : target.Value,
        ["url"] = target.Kind switch
        {
            Data.Targets.TargetKind.Url => target.Value,
            Data.Targets.TargetKind.Host => $"http://{target.Value}/",
            _ => null,
        },
        ["ports"] = new JsonArray([.. target.Ports.Select(port => (JsonNode)port)]),
        ["tags"] = new JsonArray([.. target.Tags.Select(tag => (JsonNode)tag)]),
        ["requestsPerSecond"] = target.RequestsPerSecond,
        ["userAgent"] = TargetHttp.AgentOf(target),
        ["folder"] = Manifest.Permissions.TargetFiles ? scope.Folders.FirstOrDefault(folder => folder.TargetId == target.Id)?.Inside : null,
    };

    private static RawInput Raw(PluginWork work, Broker broker)
    {
        HandleRef Open(string name) => work.RawFiles.TryGetValue(name, out var path) ? broker.Handles.Open(path) : new HandleRef(0, 0);
        return new RawInput(
            Open("stdout"), Open("stderr"), work.RawFiles.Keys.Where(n => n is not ("stdout" or "stderr")).ToDictionary(n => n, Open, StringComparer.Ordinal),
            work.Scope?.Targets is [var only] ? only.Value : null);
    }
}
