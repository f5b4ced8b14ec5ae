using System.Globalization;
using System.Text.Json;
using SecFlow.Benchmarks.Machine;
using SecFlow.Benchmarks.Trust;

namespace SecFlow.Benchmarks.Peers;

/// <summary>The same bundles verified by <c>@sigstore/verify</c>, warm, in one process. Installed into the folder of this call, never elsewhere.</summary>
internal static class SigstoreJs
{
    private const string Version = "4.1.3";
    private static readonly string[] _packages = [$"@sigstore/verify@{Version}", "@sigstore/bundle@5.0.1", "@sigstore/protobuf-specs@0.5.2"];

    public static Task<Sampled> Rekor1Async(Bench bench, CancellationToken ct) => VerifyAsync(bench, "rekor1", ct);

    public static Task<Sampled> Rekor2Async(Bench bench, CancellationToken ct) => VerifyAsync(bench, "rekor2", ct);

    private static async Task<Sampled> VerifyAsync(Bench bench, string name, CancellationToken ct)
    {
        if (new[] { "node", "npm" }.FirstOrDefault(p => !ForeignProcess.Exists(p)) is { } missing)
        {
            return Sampled.Skipped($"{missing} is not installed");
        }

        var sample = await bench.SharedAsync(() => SignedSample.CreateAsync(Path.Combine(bench.Folder, "sigstore")));
        var folder = Path.Combine(bench.Folder, "sigstore-js");
        if (!Directory.Exists(folder))
        {
            Directory.CreateDirectory(folder);
            File.Copy(Path.Combine(AppContext.BaseDirectory, "peers", "sigstore-verify.cjs"), Path.Combine(folder, "sigstore-verify.cjs"));
            await File.WriteAllTextAsync(Path.Combine(folder, "package.json"), """{"private":true}""", ct);
            try
            {
                await ForeignProcess.RunAsync("npm", ["install", "--no-audit", "--no-fund", "--loglevel=error", .. _packages], ct, folder);
            }
            catch (InvalidOperationException e)
            {
                return Sampled.Skipped($"npm could not install it ({e.Message.ReplaceLineEndings(" ")})");
            }
        }

        var times = bench.Count(200, 5).ToString(CultureInfo.InvariantCulture);
        var output = await ForeignProcess.RunAsync("node", [Path.Combine(folder, "sigstore-verify.cjs"), sample.Folder, name, times], ct, folder);
        return new Sampled(JsonSerializer.Deserialize<double[]>(output)!) { Note = $"@sigstore/verify {Version}, its trust material was read before" };
    }
}
