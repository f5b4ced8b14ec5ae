namespace SecFlow.Data.Runs;

/// <summary>A typed output of a node that was checkpointed; its records are JSON lines in the blob store.</summary>
public sealed class Dataset
{
    public Guid Id { get; set; }

    public Guid TeamId { get; set; }

    public Guid RunId { get; set; }

    public Guid NodeRunId { get; set; }

    /// <summary>Name in the recipe.</summary>
    public string Name { get; set; } = "";

    /// <summary><c>urls</c>, <c>hosts</c>, <c>services</c>, <c>files</c>, <c>findings</c>, <c>json</c>.</summary>
    public string Type { get; set; } = "";

    public int Count { get; set; }

    /// <summary><c>sha256:hex</c> of the JSON lines.</summary>
    public string BlobDigest { get; set; } = "";
}
