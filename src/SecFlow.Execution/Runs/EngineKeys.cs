namespace SecFlow.Execution.Runs;

/// <summary>Idempotency keys that the engine gives to its own starts: each starts one run, whatever dies in between. Nobody else may use one, or it would stand in for a start that is due.</summary>
public static class EngineKeys
{
    private const string Schedule = "schedule/";
    private const string Cascade = "cascade/";

    /// <summary>Of what a schedule starts for one instant.</summary>
    public static string OfFiring(Guid schedule, DateTimeOffset due) => $"{Schedule}{schedule}/{due.UtcTicks}";

    /// <summary>Of what the nth cascade of a run starts for one target.</summary>
    public static string OfCascade(Guid run, int index, Guid target) => $"{Cascade}{run}/{index}/{target}";

    /// <summary>Whether a key is one of the engine's.</summary>
    public static bool Has(string key) => key.StartsWith(Schedule, StringComparison.Ordinal) || key.StartsWith(Cascade, StringComparison.Ordinal);
}
