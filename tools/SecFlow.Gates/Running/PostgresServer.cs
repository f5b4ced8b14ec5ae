using System.Text.RegularExpressions;

namespace SecFlow.Gates.Running;

/// <summary>A PostgreSQL of this run on loopback, with data of its own; started and stopped through tests/Shared/postgres.</summary>
internal sealed partial class PostgresServer : IAsyncDisposable
{
    public const string Variable = "SECFLOW_TEST_POSTGRES";
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);
    private readonly Repository? _started;

    private PostgresServer(Repository? started, Dictionary<string, string> environment, string note)
    {
        _started = started;
        Environment = environment;
        Note = note;
    }

    /// <summary>What was done, or why there is none.</summary>
    public string Note { get; }

    /// <summary>What the test runs need to know; empty when the tests on PostgreSQL have to be skipped.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; }

    public static async Task<PostgresServer> StartAsync(Repository repository)
    {
        if (System.Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } given)
        {
            return new PostgresServer(null, new(StringComparer.Ordinal) { [Variable] = given }, $"PostgreSQL: the one of {Variable}");
        }

        if (!File.Exists(Script(repository)))
        {
            return new PostgresServer(null, [], "PostgreSQL: no tests/Shared/postgres, its tests are skipped");
        }

        var start = await Shell.RunAsync(repository.Root, Limit, Script(repository), ["start"]).ConfigureAwait(false);
        var exports = Export().Matches(start.Output).ToDictionary(m => m.Groups["name"].Value, m => m.Groups["value"].Value, StringComparer.Ordinal);
        return start.Succeeded && exports.ContainsKey(Variable)
            ? new PostgresServer(repository, exports, "PostgreSQL: started on loopback for this run")
            : new PostgresServer(null, [], $"PostgreSQL: not started, its tests are skipped: {start.Tail(3)}");
    }

    public async ValueTask DisposeAsync()
    {
        if (_started is not null)
        {
            await Shell.RunAsync(_started.Root, Limit, Script(_started), ["stop"], Environment, cleaningUp: true).ConfigureAwait(false);
        }
    }

    [GeneratedRegex(@"^export (?<name>\w+)='(?<value>[^']*)'", RegexOptions.CultureInvariant | RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Export();

    private static string Script(Repository repository) => repository.At("tests", "Shared", "postgres");
}
