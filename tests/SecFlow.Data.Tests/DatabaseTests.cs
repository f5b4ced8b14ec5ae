using Microsoft.EntityFrameworkCore;
using SecFlow.Data.Audit;
using SecFlow.Data.Teams;
using SecFlow.TestKit;

namespace SecFlow.Data.Tests;

public sealed class DatabaseTests
{
    [DatabaseData]
    public async Task Migrate_EmptyDatabaseTwice_SchemaMatchesModel(DatabaseKind kind)
    {
        await using var test = await TestDatabase.CreateEmptyAsync(kind);

        await test.Database.MigrateAsync();
        await test.Database.MigrateAsync();

        await using var db = test.Database.CreateContext();
        (await db.Database.GetPendingMigrationsAsync()).ShouldBeEmpty();
        (await db.Teams.CountAsync()).ShouldBe(0);
    }

    [DatabaseData]
    public async Task Migrate_FourAtOnce_AllSucceed(DatabaseKind kind)
    {
        await using var test = await TestDatabase.CreateEmptyAsync(kind);

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => new Database(test.Database.Options, test.Database.Time).MigrateAsync()));

        (await test.Database.CanConnectAsync()).ShouldBeTrue();
    }

    [Fact]
    public async Task Migrate_AfterAMigratorWasKilled_GoesOn()
    {
        await using var test = await TestDatabase.CreateEmptyAsync(DatabaseKind.Sqlite);
        await using (var db = test.Database.CreateContext())
        {
            // What EF Core leaves when its process is killed inside a migration.
            await db.Database.ExecuteSqlRawAsync("CREATE TABLE __EFMigrationsLock (Id INTEGER PRIMARY KEY, Timestamp TEXT NOT NULL); INSERT INTO __EFMigrationsLock VALUES (1, '2026-01-01');");
        }

        await test.Database.MigrateAsync().WaitAsync(TimeSpan.FromSeconds(30));

        (await test.Database.CanConnectAsync()).ShouldBeTrue();
    }

    [Fact]
    public async Task Connection_Sqlite_IsDurableAndChecksForeignKeys()
    {
        await using var test = await TestDatabase.CreateAsync();
        await using var db = test.Database.CreateContext();
        await db.Database.OpenConnectionAsync();

        (await PragmaAsync(db, "journal_mode")).ShouldBe("wal");
        (await PragmaAsync(db, "synchronous")).ShouldBe("2"); // FULL
        (await PragmaAsync(db, "foreign_keys")).ShouldBe("1");
        (await PragmaAsync(db, "busy_timeout")).ShouldBe("30000");
    }

    [DatabaseData]
    public async Task Write_Throws_NothingIsKept(DatabaseKind kind)
    {
        await using var test = await TestDatabase.CreateAsync(kind);

        await Should.ThrowAsync<InvalidOperationException>(() => test.Database.WriteAsync(async write =>
        {
            write.Db.Teams.Add(NewTeam("payments"));
            await write.Db.SaveChangesAsync();
            write.Audit(new AuditEntry(Actor.System(), "create.team", "team", "1", "payments"));
            throw new InvalidOperationException("in the middle");
        }));

        (await test.Database.ReadAsync(db => db.Teams.CountAsync())).ShouldBe(0);
        (await test.Database.ReadAsync(db => db.AuditEvents.CountAsync())).ShouldBe(0);
    }

    [DatabaseData]
    public async Task Write_InsideAWrite_IsAnErrorAndNoDeadlock(DatabaseKind kind)
    {
        await using var test = await TestDatabase.CreateAsync(kind);

        var nested = test.Database.WriteAsync(_ => test.Database.WriteAsync(_ => Task.CompletedTask));

        await Should.ThrowAsync<InvalidOperationException>(() => nested.WaitAsync(TimeSpan.FromSeconds(10)));
        await test.Database.WriteAsync(_ => Task.CompletedTask);
    }

    [DatabaseData]
    public async Task Write_TwentyWritersAtOnce_NoErrorAndNoGapInTheChain(DatabaseKind kind)
    {
        await using var test = await TestDatabase.CreateAsync(kind);

        await Task.WhenAll(Enumerable.Range(0, 20).Select(writer => Task.Run(async () =>
        {
            for (var i = 0; i < 10; i++)
            {
                await test.Database.WriteAsync(write =>
                {
                    write.Db.Teams.Add(NewTeam($"team-{writer}-{i}"));
                    write.Audit(new AuditEntry(Actor.System(), "create.team", "team", $"{writer}-{i}", "x"));
                    return Task.CompletedTask;
                });
            }
        })));

        (await test.Database.ReadAsync(db => db.Teams.CountAsync())).ShouldBe(200);
        var sequence = await test.Database.ReadAsync(db => db.AuditEvents.OrderBy(row => row.Seq).Select(row => row.Seq).ToListAsync());
        sequence.ShouldBe(Enumerable.Range(1, 200).Select(i => (long)i));
    }

    private static Team NewTeam(string slug) => new() { Id = Guid.CreateVersion7(), Slug = slug, Name = slug };

    private static async Task<string> PragmaAsync(SecFlowContext db, string name)
    {
        await using var command = db.Database.GetDbConnection().CreateCommand();
        command.CommandText = $"PRAGMA {name}";
        return Convert.ToString(await command.ExecuteScalarAsync())!;
    }
}
