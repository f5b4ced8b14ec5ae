using System.Security.Cryptography;
using SecFlow.Execution.Diagnostics;
using SecFlow.Sigstore.Bundles;

namespace SecFlow.Execution.Plugins;

/// <summary>Whether a bundle that came from elsewhere is about a package at all, before it is put in. Who signed, and whether they may, only a policy says.</summary>
public static class PackageBundle
{
    /// <summary>Throws SF1902 when it is no Sigstore bundle, or says that it is over other bytes than the package's SHA256SUMS.</summary>
    public static void RequireAbout(PluginPackage package, byte[] bundle)
    {
        try
        {
            if (BundleReader.Read(bundle).Content is MessageSignature { Digest: { Algorithm: BundleHash.Sha256 } stated }
                && !stated.Digest.Span.SequenceEqual(SHA256.HashData(package.Required(PluginPackage.ChecksumsFile))))
            {
                throw Wrong($"is over other bytes: expected sha256:{Convert.ToHexStringLower(SHA256.HashData(package.Required(PluginPackage.ChecksumsFile)))}, the digest of SHA256SUMS, found sha256:{Convert.ToHexStringLower(stated.Digest.Span)}. Sign SHA256SUMS of this package");
            }
        }
        catch (BundleFormatException e)
        {
            throw Wrong($"is not a Sigstore bundle: expected {e.Expected}, found {e.Found} at '{(e.Path.Length == 0 ? "$" : e.Path)}'. Let the signer write the bundle of version 0.3 (cosign before 3: --new-bundle-format)", e);
        }
    }

    private static SecFlowException Wrong(string what, Exception? inner = null) => new(Codes.BundleNotFitting, $"The signature {what}.", inner);
}
