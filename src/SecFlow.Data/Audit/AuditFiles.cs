namespace SecFlow.Data.Audit;

/// <summary>Where the audit log keeps what must not lie in the database.</summary>
/// <param name="Checkpoints">Every signed checkpoint, oldest first, appended.</param>
/// <param name="PublicKey">PEM of the key that checks them.</param>
/// <param name="PrivateKey">PEM of the key that signs them, mode 0600 in a folder of mode 0700.</param>
public sealed record AuditFiles(string Checkpoints, string PublicKey, string PrivateKey)
{
    /// <summary>The places in the data folder of an installation.</summary>
    public static AuditFiles In(string dataFolder) => new(
        Path.Combine(dataFolder, "audit", "checkpoints.txt"),
        Path.Combine(dataFolder, "audit", "checkpoint.pub"),
        Path.Combine(dataFolder, "keys", "audit-checkpoint.pem"));
}
