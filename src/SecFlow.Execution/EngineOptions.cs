using SecFlow.Data;
using SecFlow.Execution.Diagnostics;

namespace SecFlow.Execution;

/// <summary>Where an engine lives and how much it does at once.</summary>
public sealed class EngineOptions
{
    /// <summary>Data folder of the installation; made when it is missing.</summary>
    public string DataFolder { get; set; } = "data";

    /// <summary>The database; null = <c>secflow.db</c> in the data folder.</summary>
    public DatabaseOptions? Database { get; set; }

    /// <summary>Path of SecFlow.PluginHost.dll.</summary>
    public string PluginHostPath { get; set; } = Path.Combine(AppContext.BaseDirectory, "plugin-host", "SecFlow.PluginHost.dll");

    /// <summary>Folder with the plugins that the build put beside the program; null = <c>plugins</c> there, if it exists.</summary>
    public string? BuiltinPluginsFolder { get; set; }

    /// <summary>Folders of this machine below which folder targets may be, as absolute paths; none = uploaded archives only.</summary>
    public IReadOnlyList<string> TargetFolders { get; set; } = [];

    /// <summary>Name of this engine in leases, unique among the engines of one database.</summary>
    public string InstanceId { get; set; } = $"{Environment.MachineName}-{Environment.ProcessId}";

    /// <summary>Runs at the same time in this process, 1..64.</summary>
    public int ParallelRuns { get; set; } = 2;

    /// <summary>Running runs of one team in the whole installation, 1..64.</summary>
    public int RunsPerTeam { get; set; } = 4;

    /// <summary>False: portal only, nothing is executed here.</summary>
    public bool ExecuteRuns { get; set; } = true;

    /// <summary>Room on the disk of the data folder below which no run begins, so that what is accepted can be stored; 0..1 TiB.</summary>
    public long KeepFreeBytes { get; set; } = 64L << 20;

    /// <summary>How long a stop waits for runs to be left, 1 s..10 min.</summary>
    public TimeSpan StopWithin { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>False: nothing is rolled up, compared or watched, and no webhook is sent; for measuring what that costs.</summary>
    public bool Telemetry { get; set; } = true;

    public DatabaseOptions EffectiveDatabase => Database ?? new DatabaseOptions(DatabaseKind.Sqlite, $"Data Source={Path.Combine(DataFolder, "secflow.db")}");

    /// <summary>Throws SF1601 with every problem at once, each with key and value.</summary>
    public void Validate()
    {
        var problems = new List<Diagnostic>();
        Check(!string.IsNullOrWhiteSpace(DataFolder), nameof(DataFolder), DataFolder, "a folder");
        Check(!File.Exists(DataFolder), nameof(DataFolder), DataFolder, "a folder, but a file has this name");
        Check(File.Exists(PluginHostPath), nameof(PluginHostPath), PluginHostPath, "the path of SecFlow.PluginHost.dll; build or publish puts it into the folder plugin-host");
        Check(BuiltinPluginsFolder is null || Directory.Exists(BuiltinPluginsFolder), nameof(BuiltinPluginsFolder), BuiltinPluginsFolder, "an existing folder");
        Check(TargetFolders.All(folder => folder.StartsWith('/') && folder.Trim('/').Length > 0 && !folder.Split('/').Any(part => part is "." or "..")), nameof(TargetFolders), string.Join(':', TargetFolders), "absolute paths without . and .., and not the root");
        Check(InstanceId.Length is >= 1 and <= 100, nameof(InstanceId), InstanceId, "1 to 100 characters");
        Check(ParallelRuns is >= 1 and <= 64, nameof(ParallelRuns), ParallelRuns, "1 to 64");
        Check(RunsPerTeam is >= 1 and <= 64, nameof(RunsPerTeam), RunsPerTeam, "1 to 64");
        Check(StopWithin >= TimeSpan.FromSeconds(1) && StopWithin <= TimeSpan.FromMinutes(10), nameof(StopWithin), StopWithin, "1 s to 10 min");
        Check(KeepFreeBytes is >= 0 and <= 1L << 40, nameof(KeepFreeBytes), KeepFreeBytes, "0 to 1 TiB");
        Check(Database is null || !string.IsNullOrWhiteSpace(Database.ConnectionString), nameof(Database), Database?.ConnectionString, "a connection string");
        if (problems.Count > 0)
        {
            throw new SecFlowException(problems);
        }

        void Check(bool right, string key, object? value, string expected)
        {
            if (!right)
            {
                problems.Add(new Diagnostic(Codes.OptionInvalid, $"The option {key} is '{value}'; expected {expected}.") { Path = key });
            }
        }
    }
}
