using System.Data.Common;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace SecFlow.Data;

/// <summary>What keeps a database from doing its work for a while.</summary>
public enum TroubleKind
{
    /// <summary>Somebody else holds a lock for longer than a write waits.</summary>
    Locked,

    /// <summary>No room is left where the data lies.</summary>
    Full,

    /// <summary>It does not answer, or its files cannot be used.</summary>
    Gone,
}

/// <summary>
/// Tells trouble that passes (a lock, a full disk, a server that restarts) from an error of the program. What failed by it has changed nothing and may be tried again;
/// of a commit whose answer was lost nobody knows, which is why every write of a run is conditioned on what it changes.
/// </summary>
/// <param name="Kind">Which.</param>
/// <param name="Words">What the database said.</param>
public sealed record DatabaseTrouble(TroubleKind Kind, string Words)
{
    // ENOSPC and EDQUOT, as .NET passes them on
    private const int NoSpace = 28;
    private const int OverQuota = 122;

    /// <summary>The trouble behind an exception, wherever in its chain; null when it is something else.</summary>
    public static DatabaseTrouble? Of(Exception? error)
    {
        for (var e = error; e is not null; e = e.InnerException)
        {
            if (KindOf(e) is { } kind)
            {
                return new DatabaseTrouble(kind, e.Message);
            }
        }

        return null;
    }

    private static TroubleKind? KindOf(Exception e) => e switch
    {
        // https://sqlite.org/rescode.html: BUSY, LOCKED; FULL; READONLY, IOERR, CANTOPEN
        SqliteException { SqliteErrorCode: 5 or 6 } => TroubleKind.Locked,
        SqliteException { SqliteErrorCode: 13 } => TroubleKind.Full,
        SqliteException { SqliteErrorCode: 8 or 10 or 14 } => TroubleKind.Gone,
        // Classes of https://www.postgresql.org/docs/current/errcodes-appendix.html
        PostgresException { SqlState: PostgresErrorCodes.DiskFull } => TroubleKind.Full,
        PostgresException { SqlState: PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure } => TroubleKind.Locked,
        PostgresException { SqlState: var state } => state.StartsWith("08", StringComparison.Ordinal) || state.StartsWith("53", StringComparison.Ordinal) || state.StartsWith("57P", StringComparison.Ordinal) || state.StartsWith("58", StringComparison.Ordinal) ? TroubleKind.Gone : null,
        // Everything else that Npgsql throws is about the connection.
        NpgsqlException => TroubleKind.Gone,
        DbException { IsTransient: true } => TroubleKind.Gone,
        IOException { HResult: NoSpace or OverQuota } => TroubleKind.Full,
        _ => null,
    };
}
