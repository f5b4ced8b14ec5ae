using SecFlow.Data.Runs;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Findings;
using SecFlow.Execution.Plugins;

namespace SecFlow.Execution.Runs;

/// <summary>What one attempt of a node came to.</summary>
public sealed class NodeResult
{
    public Diagnostic? Error { get; set; }

    /// <summary>The engine's own exception behind <see cref="Error"/>, for the log.</summary>
    public Exception? Fault { get; set; }

    public PluginProvenance? Provenance { get; set; }

    public PluginManifest? Manifest { get; set; }

    public PluginOutcome? Outcome { get; set; }

    public FindingStaging? Staging { get; set; }

    public IReadOnlyList<Assessment> Assessments { get; set; } = [];

    public IReadOnlyList<Artifact> Artifacts { get; set; } = [];

    /// <summary>Keeps what the plugin gets to read; null while it has not begun.</summary>
    internal RawTape? Tape { get; set; }

    public IReadOnlyList<RawOutput> RawOutputs { get; set; } = [];

    /// <summary>What becomes of the staged records. An enrich or filter node counts as a whole or not at all.</summary>
    public StagedFindings Findings => Staging is null || Outcome?.Violation == true || IsDistrusted ? StagedFindings.Ignore
        : Staging.Marks is null ? StagedFindings.Create
        : Error is not null ? StagedFindings.Ignore
        : Manifest!.Category == "enrich" ? StagedFindings.Patch : StagedFindings.Hide;

    /// <summary>Whether the plugin was revoked while it ran: nothing that this attempt said is believed.</summary>
    public bool IsDistrusted => Error is { } error && Codes.CategoryOf(error.Code) == DiagnosticCategory.Trust;

    public IReadOnlyList<Dataset> Datasets { get; set; } = [];

    /// <summary>What its outputs depend on, when they may be used again.</summary>
    public NodeKey? Key { get; set; }

    /// <summary>Outputs that stand in for the node, which did not run; everything else is empty then.</summary>
    public NodeReuse? Reuse { get; set; }
}
