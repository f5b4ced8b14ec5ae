using SecFlow.Execution.Plugins;
using SecFlow.SigstoreKit;

namespace SecFlow.TestKit;

/// <summary>Packages signed keylessly by a mock Sigstore.</summary>
public static class KeylessPackages
{
    /// <summary>The package signed as a run of a workflow of GitHub.</summary>
    public static PluginPackage SignPackageAsGitHub(this MockSigstore sigstore, PluginPackage package, string repository, string workflow = "release.yml", string reference = "refs/tags/v1.0.0", SignOptions? options = null) =>
        PackageWriter.WithBundle(package, sigstore.SignAsGitHub(package.Required(PluginPackage.ChecksumsFile), repository, workflow, reference, options));

    /// <summary>The package signed for any identity, issuer and claims.</summary>
    public static PluginPackage SignPackage(this MockSigstore sigstore, PluginPackage package, string identity, string issuer, IReadOnlyDictionary<string, string>? claims = null, SignOptions? options = null) =>
        PackageWriter.WithBundle(package, sigstore.Sign(package.Required(PluginPackage.ChecksumsFile), identity, issuer, claims, options));
}
