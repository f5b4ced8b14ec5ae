using System.Text.Json.Nodes;
using SecFlow.Data.Holds;
using SecFlow.Data.Resources;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Policies;
using SecFlow.Execution.Sandboxing;
using SecFlow.Execution.Targets;
using SecFlow.Execution.Tools;

namespace SecFlow.Execution.Runs;

/// <summary>An open plugin session, as far as a node needs it.</summary>
public sealed record OpenPlugin(
    PluginProvenance Provenance,
    PluginManifest Manifest,
    Func<PluginWork, IPluginOutput, CancellationToken, Task<PluginOutcome>> RunAsync,
    Func<ValueTask> CloseAsync);

/// <summary>
/// How nodes come to their plugins and targets. The composition root wires it to <see cref="PluginRunner"/>, <see cref="TargetScope"/> and the policy;
/// tests of statuses, retries and recovery wire scripted plugins, because there the plugin is not the subject.
/// </summary>
public sealed record NodePlugins
{
    /// <summary>Verifies and opens. Throws SF2xxx, SF3xxx, SF40xx, SF7003.</summary>
    public required Func<PluginRequest, CancellationToken, Task<OpenPlugin>> OpenAsync { get; init; }

    /// <summary>Verifies without opening: for outputs that are used again. Throws the same.</summary>
    public required Func<PluginRequest, CancellationToken, Task<PluginProvenance>> VerifyAsync { get; init; }

    /// <summary>What a plugin with this configuration would use now beside its inputs; null = that cannot be told.</summary>
    public Func<PluginManifest, JsonObject, CancellationToken, Task<ReuseFacts?>> FactsAsync { get; init; } = (_, _, _) => Task.FromResult<ReuseFacts?>(ReuseFacts.None);

    /// <summary>Resolves and pins the targets of a node, for a team. Throws SF3xxx for one that may not be touched any more.</summary>
    public required Func<Guid, IReadOnlyList<ScopedTarget>, CancellationToken, Task<TargetScope?>> PinAsync { get; init; }

    /// <summary>The installed plugin with this digest, as it stands now; null = none.</summary>
    public required Func<Guid, string, CancellationToken, Task<InstalledPlugin?>> FindAsync { get; init; }

    /// <summary>The policy's answer at node start: null = allowed.</summary>
    public required Func<InstalledPlugin, IReadOnlyList<ScopedTarget>, Hold?, Diagnostic?> Decide { get; init; }

    /// <summary>The policy's answer at run start, before anything is stored or queued: null = allowed.</summary>
    public required Func<IReadOnlyList<InstalledPlugin>, IReadOnlyList<ScopedTarget>, Hold?, Diagnostic?> DecideStart { get; init; }

    /// <summary>Level that confines plugins on this machine, for the record of the run; null where scripted plugins stand in.</summary>
    public SandboxLevel? Level { get; init; }

    /// <summary>The plugin hosts of a new run; null where scripted plugins stand in.</summary>
    public Func<RunHosts>? Hosts { get; init; }

    /// <param name="runner">Opens plugins.</param>
    /// <param name="pool">Hosts that are ready.</param>
    /// <param name="policy">Decides.</param>
    /// <param name="sandbox">What confines plugins on this machine.</param>
    /// <param name="tools">The tools of this machine.</param>
    /// <param name="resources">What was imported.</param>
    /// <param name="targets">Looks again at the targets of a run, at each node.</param>
    /// <param name="executesHere">False where another machine executes: its level is not this one's.</param>
    public static NodePlugins Of(PluginRunner runner, HostPool pool, PolicyEvaluator policy, Sandbox sandbox, ToolCatalogue tools, ResourceStore resources, LiveTargets targets, bool executesHere) => new()
    {
        FindAsync = runner.FindAsync,
        DecideStart = (plugins, scope, hold) => policy.RunStart([.. plugins.Select(p => PolicySubject.Of(p.Row, p.Manifest))], scope, executesHere ? sandbox.Report : null, hold).Refusal,
        Decide = (plugin, scope, hold) => policy.NodeStart(PolicySubject.Of(plugin.Row, plugin.Manifest), scope, sandbox.Report, hold).Refusal,
        OpenAsync = async (request, ct) =>
        {
            var session = await runner.OpenAsync(request, ct);
            return new OpenPlugin(session.Provenance, session.Manifest, session.RunAsync, session.DisposeAsync);
        },
        VerifyAsync = runner.VerifyAsync,
        FactsAsync = (manifest, config, ct) => ReuseFacts.OfAsync(tools, resources, manifest, config, ct),
        PinAsync = async (team, pinned, ct) => await targets.PinAsync(team, pinned, ct),
        Level = sandbox.Report.Level,
        Hosts = () => new RunHosts(pool),
    };
}
