namespace SecFlow.Data.Trust;

/// <summary>A revision of the trust policy that was accepted; the newest one is in force.</summary>
public sealed class TrustPolicyRevision
{
    public Guid Id { get; set; }

    /// <summary>Owning team for stricter additions; <see cref="Guid.Empty"/> = the installation.</summary>
    public Guid TeamId { get; set; }

    /// <summary>1, 2, 3, ...</summary>
    public int Number { get; set; }

    /// <summary><c>sha256:hex</c> of the YAML: what runs and audit events pin.</summary>
    public string Digest { get; set; } = "";

    public string Yaml { get; set; } = "";

    public string CreatedBy { get; set; } = "";

    public DateTimeOffset CreatedAt { get; set; }
}
