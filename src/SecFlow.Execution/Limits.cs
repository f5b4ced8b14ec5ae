namespace SecFlow.Execution;

/// <summary>One limit: default and ceiling (contracts 8).</summary>
public readonly record struct Limit(long Default, long Ceiling)
{
    /// <summary>The value asked for, never above the ceiling, at least 1; the default when nothing is asked.</summary>
    public long Or(long? asked) => asked is null ? Default : Math.Clamp(asked.Value, 1, Ceiling);
}

/// <summary>The one table of limits. There is no "unlimited".</summary>
public static class Limits
{
    private const long KiB = 1024;
    private const long MiB = 1024 * KiB;
    private const long GiB = 1024 * MiB;

    public static readonly Limit NodeWallSeconds = new(300, 24 * 3600);
    public static readonly Limit HostCallbackMilliseconds = new(2_000, 60_000);
    public static readonly Limit HostStatements = new(5_000_000, 500_000_000);
    public static readonly Limit HostRecursion = new(200, 400);
    public static readonly Limit HostCpuSeconds = new(60, 3_600);
    public static readonly Limit HostHeapBytes = new(128 * MiB, 512 * MiB);
    public static readonly Limit HostSilentSeconds = new(10, 120);
    public static readonly Limit ToolCpuSeconds = new(300, 24 * 3600);
    public static readonly Limit ToolMemoryBytes = new(512 * MiB, 4 * GiB);
    public static readonly Limit ToolProcesses = new(64, 512);
    public static readonly Limit ToolOpenFiles = new(256, 4096);
    public static readonly Limit ToolScratchBytes = new(256 * MiB, 4 * GiB);
    public static readonly Limit OutputBytesKept = new(64 * MiB, GiB);
    public static readonly Limit RecordsPerDataset = new(1_000_000, 10_000_000);
    public static readonly Limit FindingsPerNode = new(200_000, 2_000_000);
    public static readonly Limit FindingBytes = new(256 * KiB, 256 * KiB);
    public static readonly Limit LogLineBytes = new(16 * KiB, 16 * KiB);
    public static readonly Limit WordlistBytes = new(64 * MiB, 64 * MiB);
    public static readonly Limit CveDataBytes = new(2 * GiB, 2 * GiB);
    public static readonly Limit TemplateBytes = new(4 * MiB, 4 * MiB);
    public static readonly Limit NodesPerRecipe = new(100, 500);
    public static readonly Limit RecipeBytes = new(256 * KiB, MiB);
    public static readonly Limit ScriptSourceBytes = new(512 * KiB, 2 * MiB);
    public static readonly Limit JsonDepth = new(64, 64);
    public static readonly Limit PackageBytes = new(16 * MiB, 16 * MiB);
    public static readonly Limit PackageFiles = new(256, 256);
}
