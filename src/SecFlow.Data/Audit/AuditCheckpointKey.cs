using System.Security.Cryptography;
using SecFlow.Data.Blobs;

namespace SecFlow.Data.Audit;

/// <summary>The ECDSA P-256 key of the checkpoints: made at the first checkpoint, kept in the data folder.</summary>
internal static class AuditCheckpointKey
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Folder = Private | UnixFileMode.UserExecute;

    /// <summary>The signing key; makes both halves when there is none.</summary>
    public static ECDsa OpenOrCreate(AuditFiles files)
    {
        if (!File.Exists(files.PrivateKey))
        {
            Create(files);
        }

        var key = ECDsa.Create();
        key.ImportFromPem(File.ReadAllText(files.PrivateKey));
        return key;
    }

    /// <summary>The checking key; null before the first checkpoint.</summary>
    public static ECDsa? OpenPublic(AuditFiles files)
    {
        if (!File.Exists(files.PublicKey))
        {
            return null;
        }

        var key = ECDsa.Create();
        key.ImportFromPem(File.ReadAllText(files.PublicKey));
        return key;
    }

    private static void Create(AuditFiles files)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Directory.CreateDirectory(Path.GetDirectoryName(files.PublicKey)!);
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(Path.GetDirectoryName(files.PrivateKey)!);
        }
        else
        {
            Directory.CreateDirectory(Path.GetDirectoryName(files.PrivateKey)!, Folder);
        }

        // The public half first: a private key without it would sign what nobody can check.
        DurableFile.Write(files.PublicKey, key.ExportSubjectPublicKeyInfoPem() + "\n", null);
        DurableFile.Write(files.PrivateKey, key.ExportPkcs8PrivateKeyPem() + "\n", Private);
    }
}
