using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using SecFlow.Data;
using SecFlow.Execution.Diagnostics;

namespace SecFlow.Execution.Tests.Runs.Trouble;

/// <summary>What counts as trouble that passes, and what as an error of the program.</summary>
public sealed class TroubleKindTests
{
    public static TheoryData<Exception, TroubleKind?> Errors => new()
    {
        { new SqliteException("database is locked", 5), TroubleKind.Locked },
        { new SqliteException("database table is locked", 6), TroubleKind.Locked },
        { new SqliteException("database or disk is full", 13), TroubleKind.Full },
        { new SqliteException("disk I/O error", 10), TroubleKind.Gone },
        { new SqliteException("constraint failed", 19), null },
        { new DbUpdateException("wrapped", new SqliteException("database or disk is full", 13)), TroubleKind.Full },
        { new InvalidOperationException("likely due to a transient failure", new NpgsqlException("no connection")), TroubleKind.Gone },
        { new PostgresException("no space", "ERROR", "ERROR", "53100"), TroubleKind.Full },
        { new PostgresException("too many connections", "FATAL", "FATAL", "53300"), TroubleKind.Gone },
        { new PostgresException("admin shutdown", "FATAL", "FATAL", "57P01"), TroubleKind.Gone },
        { new PostgresException("deadlock", "ERROR", "ERROR", "40P01"), TroubleKind.Locked },
        { new PostgresException("unique violation", "ERROR", "ERROR", "23505"), null },
        { new IOException("No space left on device", 28), TroubleKind.Full },
        { new IOException("no such file"), null },
        { new InvalidOperationException("a bug"), null },
    };

    [Theory]
    [MemberData(nameof(Errors), DisableDiscoveryEnumeration = true)]
    public void Kind_OfAnError_IsWhatTheDatabaseSays(Exception error, TroubleKind? expected) => DatabaseTrouble.Of(error)?.Kind.ShouldBe(expected!.Value);

    [Theory]
    [MemberData(nameof(Errors), DisableDiscoveryEnumeration = true)]
    public void Error_OfTheProgram_IsNoTrouble(Exception error, TroubleKind? expected) => (DatabaseTrouble.Of(error) is null).ShouldBe(expected is null);

    [Fact]
    public void Troubles_ThatStay_KeepTheirBeginning_AndSayOnlyChanges()
    {
        var (troubles, changes, began) = (new EngineTroubles(), 0, DateTimeOffset.UnixEpoch);
        troubles.Changed += (_, _) => changes++;
        troubles.Set([new(Codes.DiskFull, "full", true, began)]);
        troubles.Set([new(Codes.DiskFull, "full", true, began.AddHours(1))]);
        troubles.HoldClaims.ShouldBeTrue();
        troubles.Now.ShouldHaveSingleItem().Since.ShouldBe(began);
        changes.ShouldBe(1);
        troubles.Set([]);
        (troubles.HoldClaims, changes).ShouldBe((false, 2));
        EngineTroubles.CodeOf(TroubleKind.Gone).ShouldBe(Codes.DatabaseFailed);
    }
}
