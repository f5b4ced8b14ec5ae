namespace SecFlow.Data.Runs;

/// <summary>A run of a schedule that has not ended.</summary>
public sealed record ActiveRun(Guid Id, RunStatus Status, DateTimeOffset QueuedAt);
