using Npgsql;
using SecFlow.Data;
using SecFlow.Execution.Diagnostics;

namespace SecFlow.Execution;

/// <summary>
/// <c>SECFLOW_DATABASE</c>: a PostgreSQL connection string such as <c>Host=db;Username=secflow;Password=...;Database=secflow</c>, in place of the SQLite file.
/// A variable and no option: the arguments of a process are visible to every user of its machine.
/// </summary>
public static class DatabaseVariable
{
    public const string Name = "SECFLOW_DATABASE";

    /// <summary>The database that the environment names; null when it names none. Throws SF1601; the message never repeats the value, which holds a password.</summary>
    public static DatabaseOptions? Read(Func<string, string?> environment)
    {
        if (environment(Name) is not { Length: > 0 } text)
        {
            return null;
        }

        try
        {
            var parts = new NpgsqlConnectionStringBuilder(text);
            return string.IsNullOrWhiteSpace(parts.Host) || string.IsNullOrWhiteSpace(parts.Database)
                ? throw Wrong(null)
                : new DatabaseOptions(DatabaseKind.Postgres, parts.ConnectionString);
        }
        catch (Exception e) when (e is ArgumentException or FormatException or KeyNotFoundException or InvalidCastException or OverflowException)
        {
            throw Wrong(e);
        }
    }

    private static SecFlowException Wrong(Exception? inner) =>
        new(Codes.OptionInvalid, $"{Name} is not a PostgreSQL connection string with a host and a database. Expected such as 'Host=127.0.0.1;Port=5432;Username=secflow;Password=...;Database=secflow'; leave it out for SQLite in the data folder.", inner);
}
