namespace SecFlow.Data.Runs;

/// <summary>A file that a report node made; its bytes are in the blob store.</summary>
public sealed class Artifact
{
    public Guid Id { get; set; }

    public Guid TeamId { get; set; }

    public Guid RunId { get; set; }

    public Guid NodeRunId { get; set; }

    /// <summary>File name, unique in its node run.</summary>
    public string Name { get; set; } = "";

    /// <summary>Such as <c>text/html</c>, without parameters; text is UTF-8.</summary>
    public string MediaType { get; set; } = "";

    /// <summary>Bytes.</summary>
    public long Size { get; set; }

    /// <summary><c>sha256:hex</c> of the bytes.</summary>
    public string BlobDigest { get; set; } = "";

    public DateTimeOffset CreatedAt { get; set; }
}
