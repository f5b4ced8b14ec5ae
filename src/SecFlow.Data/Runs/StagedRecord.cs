namespace SecFlow.Data.Runs;

/// <summary>A record emitted by a running node, durable before its checkpoint; deleted by it.</summary>
public sealed class StagedRecord
{
    public long Id { get; set; }

    public Guid TeamId { get; set; }

    public Guid RunId { get; set; }

    public Guid NodeRunId { get; set; }

    /// <summary>Attempt that emitted it; only the attempt that succeeds is merged. Below zero: a reading of what the node kept (<see cref="ReparseStore"/>), each with a number of its own.</summary>
    public int Attempt { get; set; }

    /// <summary>Chunk of a <c>foreach</c> node that emitted it, from 1; 0 = the node is none. Records of chunks that are done outlive their attempt.</summary>
    public int Chunk { get; set; }

    public string Port { get; set; } = "";

    /// <summary>For findings: the fingerprint, lower-case hex.</summary>
    public string? Fingerprint { get; set; }

    /// <summary>For findings: severity, for live counters.</summary>
    public string? Severity { get; set; }

    /// <summary>Why the record was rejected; null when it is valid.</summary>
    public string? Rejection { get; set; }

    /// <summary>The record as JSON.</summary>
    public string Data { get; set; } = "";
}
