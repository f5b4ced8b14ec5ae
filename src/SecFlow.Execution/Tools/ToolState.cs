using SecFlow.Execution.Diagnostics;

namespace SecFlow.Execution.Tools;

/// <summary>A tool as somebody who looks after the installation sees it.</summary>
/// <param name="Name">As manifests call it.</param>
/// <param name="Path">Where it is; null = nowhere.</param>
/// <param name="PathSet">Whether an administrator set the path.</param>
/// <param name="Version">As probed; empty when it could not be or has none.</param>
/// <param name="MinVersion">The highest version that a plugin asks for; null = any.</param>
/// <param name="Digest"><c>sha256:hex</c> of the file that is there; null = none is.</param>
/// <param name="AcceptedDigest">Digest of the file that was accepted; null = none yet.</param>
/// <param name="AcceptedBy">Who or what accepted it.</param>
/// <param name="AcceptedAt">When.</param>
/// <param name="Problem">Why it would not run; null = its self-test passed: the sandbox starts it, and it tells a version that every plugin can work with.</param>
/// <param name="UsedBy">Ids of the plugins that declare it.</param>
public sealed record ToolState(
    string Name, string? Path, bool PathSet, string Version, string? MinVersion, string? Digest, string? AcceptedDigest, string? AcceptedBy, DateTimeOffset? AcceptedAt, Diagnostic? Problem, IReadOnlyList<string> UsedBy)
{
    public bool Ready => Problem is null;
}
