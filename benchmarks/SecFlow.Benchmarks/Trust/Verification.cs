using System.Diagnostics;
using System.Security.Cryptography;
using SecFlow.Execution.Plugins;
using SecFlow.Sigstore.Bundles;
using SecFlow.Sigstore.Roots;
using SecFlow.Sigstore.Verification;
using SecFlow.SigstoreKit;

namespace SecFlow.Benchmarks.Trust;

/// <summary>What it costs to know who signed, and that the bytes are still the signed ones. No cache of verdicts is in it.</summary>
internal static class Verification
{
    private const int Warm = 100;

    public static Task<Sampled> Rekor1Async(Bench bench, CancellationToken ct) => KeylessAsync(bench, "rekor1", "sigstore-js", ct);

    public static Task<Sampled> Rekor2Async(Bench bench, CancellationToken ct) => KeylessAsync(bench, "rekor2", "sigstore-js-rekor2", ct);

    /// <summary>A package of 1 MiB: read from its folder, each file hashed and compared with SHA256SUMS. Beside it the bare hash of as many bytes.</summary>
    public static async Task<Sampled> RehashAsync(Bench bench, CancellationToken ct)
    {
        const int Files = 16;
        var folder = Path.Combine(bench.Folder, "rehash");
        Directory.CreateDirectory(folder);
        var files = Enumerable.Range(0, Files).ToDictionary(i => $"file-{i:00}.bin", _ => RandomNumberGenerator.GetBytes(1024 * 1024 / Files), StringComparer.Ordinal);
        foreach (var (name, bytes) in files)
        {
            await File.WriteAllBytesAsync(Path.Combine(folder, name), bytes, ct);
        }

        await File.WriteAllBytesAsync(Path.Combine(folder, PluginPackage.ChecksumsFile), Checksums.Write(files), ct);
        var samples = Sample(bench.Count(100, 5), () =>
        {
            if (Checksums.Compare(PluginPackage.ReadFolder(folder)).Count > 0)
            {
                throw new InvalidOperationException("The package is not whole.");
            }
        });
        var whole = files.Values.SelectMany(b => b).ToArray();
        var bare = Sample(bench.Count(100, 5), () => SHA256.HashData(whole));
        return new Sampled(samples) { Reference = new Reference("SHA-256 of 1 MiB in memory", Statistics.Median(bare)) };
    }

    private static async Task<Sampled> KeylessAsync(Bench bench, string name, string peer, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        var sample = await bench.SharedAsync(() => SignedSample.CreateAsync(Path.Combine(bench.Folder, "sigstore")));
        var (root, json, artifact) = (TrustedRootReader.Read(sample.Root), sample.Bundles[name], Artifact.FromBytes(sample.Artifact));
        IdentityRequirement[] accepted = [new(SignedSample.Identity, Claims.GitHubIssuer)];
        var samples = Sample(bench.Count(200, 5), () =>
        {
            if (BundleVerifier.Verify(BundleReader.Read(json), artifact, root, accepted, new VerificationThresholds()) is RejectedBundle rejected)
            {
                throw new InvalidOperationException(rejected.ToString());
            }
        });
        return new Sampled(samples) { Reference = await bench.MeasuredAsync(peer), Note = "bundle read, certificate path, SCT, timestamp, log entry, signature, identity; the trusted root was read before" };
    }

    private static double[] Sample(int times, Action once)
    {
        for (var i = 0; i < Math.Min(times, Warm); i++)
        {
            once();
        }

        var samples = new double[times];
        for (var i = 0; i < times; i++)
        {
            var began = Stopwatch.GetTimestamp();
            once();
            samples[i] = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        }

        return samples;
    }
}
