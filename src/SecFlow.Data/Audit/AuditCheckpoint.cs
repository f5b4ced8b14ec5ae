namespace SecFlow.Data.Audit;

/// <summary>A signed statement of how long the log was and which hash it ended in; also written outside the database.</summary>
public sealed class AuditCheckpoint
{
    public Guid Id { get; set; }

    /// <summary>Number of events covered (the highest <see cref="AuditEvent.Seq"/>).</summary>
    public long Size { get; set; }

    /// <summary>Hash of the last covered event.</summary>
    public byte[] Root { get; set; } = [];

    public DateTimeOffset Time { get; set; }

    /// <summary>The signed note (C2SP signed-note text) as it is also written to the checkpoint file.</summary>
    public string Note { get; set; } = "";
}
