using System.Text;
using SecFlow.SigstoreKit;

namespace SecFlow.Benchmarks.Trust;

/// <summary>A checksum file signed keylessly by a mock Sigstore, once for all that verify it, as files and in memory.</summary>
internal sealed class SignedSample : IAsyncDisposable
{
    public const string Repository = "acme/plugins";

    private SignedSample(string folder, byte[] artifact, byte[] root, IReadOnlyDictionary<string, byte[]> bundles) =>
        (Folder, Artifact, Root, Bundles) = (folder, artifact, root, bundles);

    /// <summary>Holds <c>artifact</c>, <c>trusted_root.json</c>, <c>NAME.sigstore.json</c>, <c>identity</c> and <c>issuer</c>.</summary>
    public string Folder { get; }

    public byte[] Artifact { get; }

    public byte[] Root { get; }

    /// <summary><c>rekor1</c> (promise and timestamp) and <c>rekor2</c> (Ed25519 checkpoint and timestamp).</summary>
    public IReadOnlyDictionary<string, byte[]> Bundles { get; }

    public static string Identity { get; } = Claims.GitHubIdentity(Repository);

    public static async Task<SignedSample> CreateAsync(string folder)
    {
        Directory.CreateDirectory(folder);
        using var sigstore = new MockSigstore();
        var artifact = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 40).Select(i => $"{i:x64}  fixtures/case-{i:00}.json\n")));
        var bundles = new Dictionary<string, byte[]>(StringComparer.Ordinal)
        {
            ["rekor1"] = sigstore.SignAsGitHub(artifact, Repository),
            ["rekor2"] = sigstore.SignAsGitHub(artifact, Repository, options: new SignOptions { Logs = [sigstore.RekorV2] }),
        };
        var root = sigstore.TrustedRoot();
        await File.WriteAllBytesAsync(Path.Combine(folder, "artifact"), artifact);
        await File.WriteAllBytesAsync(Path.Combine(folder, "trusted_root.json"), root);
        await File.WriteAllTextAsync(Path.Combine(folder, "identity"), Identity);
        await File.WriteAllTextAsync(Path.Combine(folder, "issuer"), Claims.GitHubIssuer);
        foreach (var (name, bundle) in bundles)
        {
            await File.WriteAllBytesAsync(Path.Combine(folder, name + ".sigstore.json"), bundle);
        }

        return new SignedSample(folder, artifact, root, bundles);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
