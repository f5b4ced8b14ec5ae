using System.Globalization;

namespace SecFlow.DemoTarget;

/// <summary>
/// The catalogue of faults.
/// 1. A fault adds what it states and nothing that another rule would report; where one weakness shows two faults, both are stated.
/// 2. Values that look like credentials are made from the seed.
/// </summary>
public static partial class DemoFaults
{
    private const string Upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    private const string Hex = "0123456789abcdef";

    /// <summary>What <c>./start</c> plants: faults of every severity.</summary>
    private static readonly string[] _demo =
    [
        "exposed-env", "linked-database-dump", "exposed-git", "cors-any-origin", "login-over-http", "missing-csp", "missing-frame-protection", "directory-listing",
        "cookie-no-httponly", "debug-error", "vulnerable-library", "open-redirect", "server-version", "revealing-comment", "robots-reveals",
    ];

    private static readonly IReadOnlyList<DemoFault> _all = [.. HeaderFaults(), .. PageFaults(), .. FileFaults()];

    /// <summary>Names of all faults, in the order of the catalogue.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. _all.Select(fault => fault.Name)];

    /// <summary>Names from <c>none</c>, <c>all</c> (one of each group that excludes itself), <c>random</c>, <c>demo</c> or a list with commas.</summary>
    /// <exception cref="ArgumentException">An unknown name.</exception>
    public static IReadOnlyList<string> Choose(string choice, int seed) => choice switch
    {
        "none" => [],
        "all" => WithoutRivals(_all),
        "random" => Random(seed),
        "demo" => _demo,
        _ => [.. choice.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(name => Find(name).Name)],
    };

    /// <summary>Plants the named faults and says what a correct scanner must report.</summary>
    public static IReadOnlyList<PlantedFault> Plant(DemoSite site, IReadOnlyList<string> names, int seed)
    {
        ArgumentNullException.ThrowIfNull(names);
        var planter = new DemoPlanter(site, seed);
        return [.. names.Select(Find).ToList().SelectMany(fault => fault.Plant(planter).ToList())];
    }

    private static IReadOnlyList<string> Random(int seed)
    {
        var planter = new DemoPlanter(new DemoSite(), seed ^ 0x5ec);
        var order = _all.Select(fault => (Key: planter.Next(int.MaxValue), Fault: fault)).OrderBy(pair => pair.Key).Select(pair => pair.Fault);
        return [.. WithoutRivals(order).Take(6 + planter.Next(13))];
    }

    private static List<string> WithoutRivals(IEnumerable<DemoFault> faults)
    {
        var groups = new HashSet<string>(StringComparer.Ordinal);
        return [.. faults.Where(fault => fault.Group is null || groups.Add(fault.Group)).Select(fault => fault.Name)];
    }

    private static DemoFault Find(string name) => _all.FirstOrDefault(fault => fault.Name == name)
        ?? throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"There is no fault '{name}'. Known: {string.Join(", ", Names)}."), nameof(name));

    private static DemoFault Fault(string name, Func<DemoPlanter, PlantedFault> plant, string? group = null) => new(name, group, planter => [plant(planter) with { Fault = name }]);

    private static PlantedFault Is(string rule, string path, string? parameter = null) => new("", "web-baseline." + rule, path, parameter);
}
