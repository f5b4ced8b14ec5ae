using System.Diagnostics;

namespace SecFlow.Benchmarks.Machine;

/// <summary>What durability costs on this disk: the unit in which durable figures of different machines can be compared.</summary>
internal static class SyncedWrite
{
    /// <summary>Each sample: append 4 KiB and sync, ms.</summary>
    public static IReadOnlyList<double> Samples(string folder, int count)
    {
        var path = Path.Combine(folder, "synced-write");
        var block = new byte[4096];
        var samples = new List<double>(count);
        using (var file = File.OpenHandle(path, FileMode.Create, FileAccess.Write))
        {
            for (var i = 0; i < count; i++)
            {
                var began = Stopwatch.GetTimestamp();
                RandomAccess.Write(file, block, (long)i * block.Length);
                RandomAccess.FlushToDisk(file);
                samples.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            }
        }

        File.Delete(path);
        return samples;
    }

    public static double MedianMs(string folder, int count) => Statistics.Median(Samples(folder, count));
}
