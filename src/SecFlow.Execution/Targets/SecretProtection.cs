using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection;
using SecFlow.Data.Targets;

namespace SecFlow.Execution.Targets;

/// <summary>
/// Encrypts secrets at rest with the keys of the installation (<c>keys/</c> in the data folder).
/// The ciphertext is bound to team, target and name: a row that is copied to another place cannot be decrypted there.
/// </summary>
public sealed class SecretProtection(IDataProtectionProvider keys)
{
    public string Protect(Guid teamId, Guid? targetId, string name, string value) => For(teamId, targetId, name).Protect(value);

    /// <summary>The value; null when the keys of this installation do not fit, or the row was changed.</summary>
    public string? Unprotect(TargetSecret secret)
    {
        ArgumentNullException.ThrowIfNull(secret);
        try
        {
            return For(secret.TeamId, secret.TargetId, secret.Name).Unprotect(secret.Protected);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private IDataProtector For(Guid teamId, Guid? targetId, string name) =>
        keys.CreateProtector("SecFlow.TargetSecrets.v1", teamId.ToString("N"), targetId?.ToString("N") ?? "team", name);
}
