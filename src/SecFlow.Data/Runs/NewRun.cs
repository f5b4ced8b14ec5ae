using SecFlow.Data.Audit;

namespace SecFlow.Data.Runs;

/// <summary>A run that may be stored: its row, its nodes in their order, and the event that says who started it.</summary>
public sealed record NewRun(Run Run, IReadOnlyList<NodeRun> Nodes, AuditEntry Audit);
