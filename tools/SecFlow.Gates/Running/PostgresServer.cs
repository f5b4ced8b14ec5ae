namespace SecFlow.Gates.Running;

/// <summary>A PostgreSQL of this run on loopback, with data of its own; started and stopped through tests/Shared/postgres.</summary>
internal sealed class PostgresServer : IAsyncDisposable
{
    public const string Variable = "SECFLOW_TEST_POSTGRES";
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);
    private readonly Repository? _started;

    private PostgresServer(Repository? started, string? connection, string note)
    {
        _started = started;
        Connection = connection;
        Note = note;
    }

    /// <summary>Connection string; null when the tests on PostgreSQL have to be skipped.</summary>
    public string? Connection { get; }

    /// <summary>What was done, or why there is none.</summary>
    public string Note { get; }

    public IReadOnlyDictionary<string, string> Environment =>
        Connection is null ? new Dictionary<string, string>(StringComparer.Ordinal) : new Dictionary<string, string>(StringComparer.Ordinal) { [Variable] = Connection };

    public static async Task<PostgresServer> StartAsync(Repository repository)
    {
        if (System.Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } given)
        {
            return new PostgresServer(null, given, $"PostgreSQL: the one of {Variable}");
        }

        if (!File.Exists(Script(repository)))
        {
            return new PostgresServer(null, null, "PostgreSQL: no tests/Shared/postgres, its tests are skipped");
        }

        var start = await Shell.RunAsync(repository.Root, Limit, Script(repository), ["start"]).ConfigureAwait(false);
        var connection = start.Output.Split('\n', StringSplitOptions.TrimEntries).LastOrDefault(l => l.Contains("Host=", StringComparison.OrdinalIgnoreCase));
        return start.Succeeded && connection is not null
            ? new PostgresServer(repository, connection, "PostgreSQL: started on loopback for this run")
            : new PostgresServer(repository, null, $"PostgreSQL: not started, its tests are skipped: {start.Tail(3)}");
    }

    public async ValueTask DisposeAsync()
    {
        if (_started is not null)
        {
            await Shell.RunAsync(_started.Root, Limit, Script(_started), ["stop"], cleaningUp: true).ConfigureAwait(false);
        }
    }

    private static string Script(Repository repository) => repository.At("tests", "Shared", "postgres");
}
