using SecFlow.Data.Audit;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Targets;

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

    /// <summary>Resolves and pins the targets of a node.</summary>
    public required Func<IReadOnlyList<ScopedTarget>, CancellationToken, Task<TargetScope?>> PinAsync { get; init; }

    /// <summary>The policy's answer at node start: null = allowed.</summary>
    public Func<Actor, PluginManifest, IReadOnlyList<ScopedTarget>, Diagnostic?> Decide { get; init; } = (_, _, _) => null;

    public static NodePlugins Of(PluginRunner runner, TimeProvider time) => new()
    {
        OpenAsync = async (request, ct) =>
        {
            var session = await runner.OpenAsync(request, ct);
            return new OpenPlugin(session.Provenance, session.Manifest, session.RunAsync, session.DisposeAsync);
        },
        PinAsync = async (targets, ct) => await TargetScope.PinAsync(targets, time, ct),
    };
}
