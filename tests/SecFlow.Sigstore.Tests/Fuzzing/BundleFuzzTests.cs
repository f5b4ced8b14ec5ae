using System.Diagnostics;
using System.Globalization;
using SecFlow.Sigstore.Bundles;
using SecFlow.Sigstore.Verification;
using SecFlow.SigstoreKit;
using Xunit.Abstractions;
using KitKey = SecFlow.SigstoreKit.KeyKind;

namespace SecFlow.Sigstore.Tests.Fuzzing;

/// <summary>
/// Verifies mutants of valid bundles beside their originals.
/// 1. Every mutant is verified or rejected: no exception, and none takes longer than two seconds.
/// 2. A mutant that is verified says the same as an original: digest, signature, certificate, signer, and log entries and times of it.
/// </summary>
[Trait("Category", "Fuzz")]
public sealed class BundleFuzzTests(ITestOutputHelper output)
{
    private const int Seed = 20262;
    private const int InEveryRun = 2_000;
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan _hang = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task Verify_MutantsOfValidBundles_SayTheSameOrAreRejected()
    {
        using var sigstore = new MockSigstore();
        using var key = new SigningKey(KitKey.P256);
        List<FuzzSeed> seeds = [.. FuzzSeed.OfMock(sigstore, key), .. FuzzSeed.OfConformance()];
        var originals = seeds.ConvertAll(s => (s.World, Meaning: Meaning(s, s.Json).ShouldNotBeNull(s.Name)));
        var mutator = new BundleMutator(Seed, seeds);
        var count = int.TryParse(Environment.GetEnvironmentVariable("SECFLOW_FUZZ_MUTANTS"), CultureInfo.InvariantCulture, out var wanted) ? wanted : InEveryRun;
        var (accepted, slowest, stages) = (0, TimeSpan.Zero, new SortedDictionary<string, int>(StringComparer.Ordinal));
        for (var number = 0; number < count; number++)
        {
            var (seed, json) = mutator.Make(number);
            var (meaning, stage, took) = await VerifyAsync(seed, json, number);
            slowest = took > slowest ? took : slowest;
            stages[stage] = stages.GetValueOrDefault(stage) + 1;
            if (meaning is not null)
            {
                accepted++;
                if (!originals.Exists(o => o.World == seed.World && meaning.IsSameAs(o.Meaning)))
                {
                    Assert.Fail(Describe(seed, json, number) + "it is verified, and says something else: " + meaning);
                }
            }
        }

        accepted.ShouldBeGreaterThan(0, "mutants that change nothing are among them");
        await ReportAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"{count:N0} mutants of {seeds.Count} bundles: {accepted:N0} verified, each with the meaning of an original; rejected by stage: {string.Join(", ", stages.Where(s => s.Key != "verified").Select(s => $"{s.Key} {s.Value:N0}"))}; no exception; slowest {slowest.TotalMilliseconds:N0} ms."));
    }

    /// <summary>The fastest of three, when the first is too slow: the machine has other work as well.</summary>
    private static async Task<(BundleMeaning? Meaning, string Stage, TimeSpan Took)> VerifyAsync(FuzzSeed seed, byte[] json, int number)
    {
        var (took, stage, meaning) = (TimeSpan.MaxValue, "verified", (BundleMeaning?)null);
        for (var attempt = 0; attempt < 3 && took > _patience; attempt++)
        {
            var began = Stopwatch.GetTimestamp();
            try
            {
                meaning = await Task.Run(() => Meaning(seed, json, rejected => stage = rejected.Stage.ToString())).WaitAsync(_hang);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException(Describe(seed, json, number) + e, e);
            }

            var elapsed = Stopwatch.GetElapsedTime(began);
            took = elapsed < took ? elapsed : took;
        }

        return took < _patience ? (meaning, stage, took) : throw new InvalidOperationException(Describe(seed, json, number) + $"it took {took}");
    }

    private static BundleMeaning? Meaning(FuzzSeed seed, byte[] json, Action<RejectedBundle>? rejected = null)
    {
        try
        {
            var bundle = BundleReader.Read(json);
            var result = seed.Verify(bundle);
            if (result is VerifiedBundle verified)
            {
                return BundleMeaning.Of(bundle, verified);
            }

            rejected?.Invoke((RejectedBundle)result);
        }
        catch (BundleFormatException e)
        {
            rejected?.Invoke(RejectedBundle.Malformed(e));
        }

        return null;
    }

    private static string Describe(FuzzSeed seed, byte[] json, int number)
    {
        var file = Path.Combine(Path.GetTempPath(), $"secflow-mutant-{number}.sigstore.json");
        File.WriteAllBytes(file, json);
        return $"mutant {number} of seed {Seed} for '{seed.Name}', kept as {file}: ";
    }

    private async Task ReportAsync(string line)
    {
        output.WriteLine(line);
        if (Environment.GetEnvironmentVariable("SECFLOW_FUZZ_REPORT") is { Length: > 0 } file)
        {
            await File.WriteAllTextAsync(file, line);
        }
    }
}
