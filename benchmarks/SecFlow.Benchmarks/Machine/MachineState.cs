using System.Globalization;
using System.Runtime.InteropServices;

namespace SecFlow.Benchmarks.Machine;

/// <summary>What the figures were measured on, and how quiet it was.</summary>
/// <param name="Processors">Processors that this process may use.</param>
/// <param name="Load">Load of the last minute.</param>
internal sealed record MachineState(int Processors, double Load)
{
    /// <summary>From this share on a machine is not quiet, percent.</summary>
    public const int Busy = 10;

    public string Line => string.Create(
        CultureInfo.InvariantCulture,
        $"{Processors} processors ({RuntimeInformation.ProcessArchitecture}), {RuntimeInformation.FrameworkDescription}, {Kernel()}, load of the last minute {Load:0.0}");

    public static MachineState Read() => new(
        Environment.ProcessorCount,
        double.Parse(File.ReadAllText("/proc/loadavg").Split(' ')[0], CultureInfo.InvariantCulture));

    /// <summary>How busy all processors are during this time, percent.</summary>
    public static async Task<int> BusyPercentAsync(TimeSpan during, CancellationToken ct)
    {
        var (idle, total) = Times();
        await Task.Delay(during, ct);
        var (idleAfter, totalAfter) = Times();
        return totalAfter == total ? 0 : (int)Math.Round(100.0 * (1 - ((double)(idleAfter - idle) / (totalAfter - total))));
    }

    private static (long Idle, long Total) Times()
    {
        // cpu  user nice system idle iowait irq softirq steal ...
        var fields = File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1).Take(8).Select(f => long.Parse(f, CultureInfo.InvariantCulture)).ToList();
        return (fields[3] + fields[4], fields.Sum());
    }

    private static string Kernel() => "Linux " + File.ReadAllText("/proc/sys/kernel/osrelease").Trim();
}
