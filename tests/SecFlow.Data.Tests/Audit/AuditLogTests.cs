using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using SecFlow.Data.Audit;
using SecFlow.Data.Teams;
using SecFlow.TestKit;

namespace SecFlow.Data.Tests.Audit;

// long: one case each for everything that an audit log must withstand, over one fixture
public sealed class AuditLogTests
{
    [DatabaseData]
    public async Task Verify_UntouchedLog_IsIntact(DatabaseKind kind)
    {
        await using var test = await TestDatabase.CreateAsync(kind);
        var audit = await FilledAsync(test, 5);
        await audit.CheckpointAsync();
        await AppendAsync(audit, "after the checkpoint");

        var answer = await audit.VerifyAsync();

        answer.ShouldBe(new AuditVerification(true, 6, 1, null, null));
        answer.Limits.ShouldContain("Detects changed");
    }

    [DatabaseData]
    public async Task Verify_EmptyLog_IsIntactAndSaysWhatItCannotProve(DatabaseKind kind)
    {
        await using var test = await TestDatabase.CreateAsync(kind);

        var answer = await NewLog(test).VerifyAsync();

        answer.Intact.ShouldBeTrue();
        answer.Limits.ShouldContain("no checkpoint yet");
    }

    [DatabaseData]
    public async Task Verify_ColumnEdited_NamesTheEvent(DatabaseKind kind)
    {
        await using var test = await TestDatabase.CreateAsync(kind);
        var audit = await FilledAsync(test, 5);

        await TamperAsync(test, "UPDATE audit_events SET actor_name = 'somebody else' WHERE seq = 3");

        var answer = await audit.VerifyAsync();
        answer.FirstBrokenSeq.ShouldBe(3);
        answer.Reason!.ShouldContain("columns do not say what was hashed");
    }

    [DatabaseData]
    public async Task Verify_EachColumnEdited_IsNoticed(DatabaseKind kind)
    {
        string[] edits =
        [
            "time = time + 1", $"team_id = '{Guid.NewGuid()}'", "actor_kind = 'Token'", "actor_id = 'x'", "action = 'delete.run'", "resource_kind = 'x'",
            "resource_id = 'x'", "resource_name = 'x'", "outcome = 'Denied'", "reason_code = 'SF1'", "trace_id = 'x'",
        ];
        await using var test = await TestDatabase.CreateAsync(kind);
        var audit = await FilledAsync(test, edits.Length);

        // From the end: the first broken event is always the one edited last.
        for (var seq = edits.Length; seq > 0; seq--)
        {
            await TamperAsync(test, $"UPDATE audit_events SET {edits[seq - 1]} WHERE seq = {seq}");

            (await audit.VerifyAsync()).FirstBrokenSeq.ShouldBe(seq, edits[seq - 1]);
        }
    }

    [DatabaseData]
    public async Task Verify_BytesEdited_NamesTheEvent(DatabaseKind kind)
    {
        await using var test = await TestDatabase.CreateAsync(kind);
        var audit = await FilledAsync(test, 5);

        await RewriteAsync(test, from: 2, to: 2, rehash: false);

        var answer = await audit.VerifyAsync();
        answer.FirstBrokenSeq.ShouldBe(2);
        answer.Reason!.ShouldContain("hash does not fit");
    }

    [DatabaseData]
    public async Task Verify_OneEventRehashed_NamesTheNextLink(DatabaseKind kind)
    {
        await using var test = await TestDatabase.CreateAsync(kind);
        var audit = await FilledAsync(test, 5);

        await RewriteAsync(test, from: 2, to: 2, rehash: true);

        var answer = await audit.VerifyAsync();
        answer.FirstBrokenSeq.ShouldBe(3);
        answer.Reason!.ShouldContain("prevHash");
    }

    [DatabaseData]
    public async Task Verify_WholeChainRecomputed_TheCheckpointCatchesIt(DatabaseKind kind)
    {
        await using var test = await TestDatabase.CreateAsync(kind);
        var audit = await FilledAsync(test, 2);
        await audit.CheckpointAsync();
        await AppendAsync(audit, "3");
        await AppendAsync(audit, "4");
        await audit.CheckpointAsync();

        await RewriteAsync(test, from: 3, to: 4, rehash: true);

        var answer = await audit.VerifyAsync();
        answer.Intact.ShouldBeFalse();
        answer.FirstBrokenSeq.ShouldBe(3, "the first two events are proven by the older checkpoint");
        answer.Reason!.ShouldContain("rewritten");
    }

    [DatabaseData]
    public async Task Verify_ChainRecomputedAndTableOfCheckpointsEmptied_TheFileCatchesIt(DatabaseKind kind)
    {
        await using var test = await TestDatabase.CreateAsync(kind);
        var audit = await FilledAsync(test, 3);
        await audit.CheckpointAsync();

        await RewriteAsync(test, from: 1, to: 3, rehash: true);
        await TamperAsync(test, "DELETE FROM audit_checkpoints");

        (await audit.VerifyAsync()).Reason!.ShouldContain("rewritten");
    }

    [DatabaseData]
    public async Task Verify_EventRemoved_NamesTheGap(DatabaseKind kind)
    {
        await using var test = await TestDatabase.CreateAsync(kind);
        var audit = await FilledAsync(test, 5);

        await TamperAsync(test, "DELETE FROM audit_events WHERE seq = 4");

        var answer = await audit.VerifyAsync();
        answer.FirstBrokenSeq.ShouldBe(4);
        answer.Reason!.ShouldContain("missing");
    }

    [DatabaseData]
    public async Task Verify_TailRemoved_TheCheckpointCatchesIt(DatabaseKind kind)
    {
        await using var test = await TestDatabase.CreateAsync(kind);
        var audit = await FilledAsync(test, 5);
        await audit.CheckpointAsync();

        await TamperAsync(test, "DELETE FROM audit_events WHERE seq > 3");

        var answer = await audit.VerifyAsync();
        answer.FirstBrokenSeq.ShouldBe(4);
        answer.Reason!.ShouldContain("there were 5 events, there are 3");
    }

    [DatabaseData]
    public async Task Verify_CheckpointFileShortened_IsSaid(DatabaseKind kind)
    {
        await using var test = await TestDatabase.CreateAsync(kind);
        var audit = await FilledAsync(test, 3);
        await audit.CheckpointAsync();

        File.Delete(AuditFiles.In(test.Folder).Checkpoints);

        (await audit.VerifyAsync()).Reason!.ShouldContain("missing in the checkpoint file");
    }

    [Theory]
    [InlineData("1234567", "note that was not signed")] // size edited
    [InlineData("", "note that was not signed")] // a line lost
    public async Task Verify_CheckpointFileEdited_IsSaid(string size, string expected)
    {
        await using var test = await TestDatabase.CreateAsync();
        var audit = await FilledAsync(test, 3);
        await audit.CheckpointAsync();
        var file = AuditFiles.In(test.Folder).Checkpoints;

        await File.WriteAllTextAsync(file, (await File.ReadAllTextAsync(file)).Replace("\n3\n", size.Length == 0 ? "\n" : $"\n{size}\n", StringComparison.Ordinal));

        (await audit.VerifyAsync()).Reason!.ShouldContain(expected);
    }

    [Fact]
    public async Task Verify_CheckpointOfAnotherKey_IsSaid()
    {
        await using var test = await TestDatabase.CreateAsync();
        var audit = await FilledAsync(test, 3);
        await audit.CheckpointAsync();
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var forged = new CheckpointNote(3, new byte[32], test.Database.Time.GetUtcNow()).Sign(other);

        await File.AppendAllTextAsync(AuditFiles.In(test.Folder).Checkpoints, forged);

        (await audit.VerifyAsync()).Reason!.ShouldContain("not signed by this installation's key");
    }

    [Theory]
    [InlineData(null, "no public key")]
    [InlineData("not a key", "cannot be read")]
    public async Task Verify_PublicKeyGoneOrDamaged_IsSaid(string? content, string expected)
    {
        await using var test = await TestDatabase.CreateAsync();
        var audit = await FilledAsync(test, 3);
        await audit.CheckpointAsync();
        var file = AuditFiles.In(test.Folder).PublicKey;

        File.Delete(file);
        if (content is not null)
        {
            await File.WriteAllTextAsync(file, content);
        }

        (await audit.VerifyAsync()).Reason!.ShouldContain(expected);
    }

    [DatabaseData]
    public async Task Checkpoint_NothingAddedSince_IsTheSame(DatabaseKind kind)
    {
        await using var test = await TestDatabase.CreateAsync(kind);
        var audit = await FilledAsync(test, 1);

        var first = await audit.CheckpointAsync();
        var second = await audit.CheckpointAsync();

        second.Id.ShouldBe(first.Id);
        CheckpointNote.Split(await File.ReadAllTextAsync(AuditFiles.In(test.Folder).Checkpoints)).ShouldHaveSingleItem().ShouldBe(first.Note);
    }

    [Fact]
    public async Task Checkpoint_Key_IsReadableByItsOwnerOnly()
    {
        await using var test = await TestDatabase.CreateAsync();
        var audit = await FilledAsync(test, 1);

        var note = (await audit.CheckpointAsync()).Note;

        var files = AuditFiles.In(test.Folder);
        File.GetUnixFileMode(files.PrivateKey).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.GetUnixFileMode(Path.GetDirectoryName(files.PrivateKey)!).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        // What anybody with the public half and a general tool can check.
        using var key = ECDsa.Create();
        key.ImportFromPem(await File.ReadAllTextAsync(files.PublicKey));
        var text = note[..(note.IndexOf("\n\n", StringComparison.Ordinal) + 1)];
        var signature = Convert.FromBase64String(note[(note.LastIndexOf(' ') + 1)..].Trim())[4..];
        key.VerifyData(Encoding.UTF8.GetBytes(text), signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence).ShouldBeTrue();
    }

    [DatabaseData]
    public async Task Rows_ChangeOrDelete_AreRefusedByTheDatabase(DatabaseKind kind)
    {
        await using var test = await TestDatabase.CreateAsync(kind);
        var audit = await FilledAsync(test, 2);
        await audit.CheckpointAsync();

        List<string> attempts =
        [
            "UPDATE audit_events SET action = 'x' WHERE seq = 1", "DELETE FROM audit_events WHERE seq = 1",
            "UPDATE audit_checkpoints SET size = 7", "DELETE FROM audit_checkpoints",
        ];
        attempts.AddRange(kind == DatabaseKind.Postgres
            ? ["TRUNCATE audit_events", "TRUNCATE audit_checkpoints", "INSERT INTO audit_events SELECT * FROM audit_events ON CONFLICT (seq) DO UPDATE SET action = 'x'"]
            : ["REPLACE INTO audit_events SELECT * FROM audit_events WHERE seq = 1", "UPDATE OR REPLACE audit_events SET seq = 1 WHERE seq = 2"]);
        foreach (var sql in attempts)
        {
            await using var db = test.Database.CreateContext();
            var error = await Should.ThrowAsync<Exception>(() => db.Database.ExecuteSqlRawAsync(sql), sql);
            error.Message.ShouldContain("rows are never", customMessage: sql);
        }

        (await audit.VerifyAsync()).Intact.ShouldBeTrue();
    }

    [DatabaseData]
    public async Task Write_CancelledInTheMiddle_LeavesNoGap(DatabaseKind kind)
    {
        await using var test = await TestDatabase.CreateAsync(kind);
        var audit = await FilledAsync(test, 2);
        using var cancel = new CancellationTokenSource();

        await Should.ThrowAsync<OperationCanceledException>(() => test.Database.WriteAsync(
            async write =>
            {
                write.Audit(Entry("lost"));
                await AuditChain.AppendAsync(write.Db, write, cancel.Token);
                await cancel.CancelAsync();
            },
            cancel.Token));
        await AppendAsync(audit, "next");

        var answer = await audit.VerifyAsync();
        answer.Intact.ShouldBeTrue();
        answer.Events.ShouldBe(3);
    }

    [DatabaseData]
    public async Task List_Filters_AreAppliedByTheDatabase(DatabaseKind kind)
    {
        var time = new TestTime();
        await using var test = await TestDatabase.CreateAsync(kind, time);
        var audit = NewLog(test);
        var (mine, other) = (Guid.NewGuid(), Guid.NewGuid());
        var ada = new Actor(ActorKind.User, "u-1", "ada", mine, TeamRole.Admin);
        await audit.AppendAsync(new AuditEntry(ada, "start.run", "run", "1", "first"));
        time.Advance(TimeSpan.FromHours(1));
        await audit.AppendAsync(new AuditEntry(ada, "refuse.access", "target", "2", "x") { Outcome = AuditOutcome.Denied, ReasonCode = "SF3001" });
        await audit.AppendAsync(new AuditEntry(ada with { TeamId = other }, "start.run", "run", "3", "foreign"));
        await audit.AppendAsync(new AuditEntry(Actor.System(), "start.portal", "portal", "4", "x"));

        (await audit.ListAsync(new AuditQuery(mine))).Events.Select(row => row.ResourceId).ShouldBe(["2", "1"]);
        (await audit.ListAsync(new AuditQuery(mine) { Installation = true })).Events.Select(row => row.ResourceId).ShouldBe(["4", "2", "1"]);
        (await audit.ListAsync(new AuditQuery(mine) { Action = "run" })).Events.ShouldHaveSingleItem().ResourceId.ShouldBe("1");
        (await audit.ListAsync(new AuditQuery(mine) { Outcome = AuditOutcome.Denied })).Events.ShouldHaveSingleItem().ReasonCode.ShouldBe("SF3001");
        (await audit.ListAsync(new AuditQuery(mine) { Actor = "ad" })).Total.ShouldBe(2);
        (await audit.ListAsync(new AuditQuery(mine) { Actor = "bob" })).Total.ShouldBe(0);
        (await audit.ListAsync(new AuditQuery(mine) { From = time.GetUtcNow() })).Events.ShouldHaveSingleItem().ResourceId.ShouldBe("2");
        (await audit.ListAsync(new AuditQuery(mine) { To = time.GetUtcNow() })).Events.ShouldHaveSingleItem().ResourceId.ShouldBe("1");
        var page = await audit.ListAsync(new AuditQuery(mine) { Skip = 1, Take = 1 });
        page.Total.ShouldBe(2);
        page.Events.ShouldHaveSingleItem().ResourceId.ShouldBe("1");
    }

    [DatabaseData]
    public async Task Append_TextsThatDatabasesRefuse_AreKeptAndVerify(DatabaseKind kind)
    {
        await using var test = await TestDatabase.CreateAsync(kind);
        var audit = NewLog(test);
        var actor = new Actor(ActorKind.Token, "id", "nul \0 lone \ud800 end", Guid.NewGuid(), TeamRole.Viewer, Ip: "127.0.0.1");

        await audit.AppendAsync(new AuditEntry(actor, "start.run", "run", "1", new string('ü', 2000))
        {
            OnBehalfOf = "schedule nightly",
            After = new JsonObject { ["b"] = 1, ["a"] = "\0<'>\ud83d\ude00" },
            Details = new JsonObject { ["big"] = new string('x', 100_000) },
        });

        (await audit.VerifyAsync()).Intact.ShouldBeTrue();
        var row = (await audit.ListAsync(new AuditQuery(actor.TeamId))).Events.ShouldHaveSingleItem();
        row.ActorName.ShouldBe("nul \uFFFD lone \uFFFD end");
        row.ResourceName.Length.ShouldBe(512);
        var json = JsonNode.Parse(row.Canonical)!;
        json["details"]!["omitted"]!.GetValue<string>().ShouldBe("too large");
        json["after"]!["document"]!["a"]!.GetValue<string>().ShouldBe("\uFFFD<'>\ud83d\ude00");
        json["onBehalfOf"]!.GetValue<string>().ShouldBe("schedule nightly");
        json["actor"]!["ip"]!.GetValue<string>().ShouldBe("127.0.0.1");
    }

    [Fact]
    public async Task Append_CanonicalBytes_AreWhatTheFormatSays()
    {
        await using var test = await TestDatabase.CreateAsync();
        var team = Guid.Parse("01900000-0000-7000-8000-000000000001");
        var actor = new Actor(ActorKind.User, "u-1", "ada", team, TeamRole.Admin);

        await NewLog(test).AppendAsync(new AuditEntry(actor, "start.run", "run", "r-1", "Nightly") { After = new JsonObject { ["z"] = 1, ["a"] = null } });

        var row = await test.Database.ReadAsync(db => db.AuditEvents.SingleAsync());
        Encoding.UTF8.GetString(row.Canonical).ShouldBe(
            """{"action":"start.run","actor":{"id":"u-1","ip":null,"kind":"user","name":"ada"},"after":{"digest":"sha256:DIGEST","document":{"a":null,"z":1}},"before":null,"details":null,"onBehalfOf":null,"outcome":"allowed","policyRevision":null,"reasonCode":null,"resource":{"id":"r-1","kind":"run","name":"Nightly"},"scopeRevision":null,"seq":1,"team":"01900000-0000-7000-8000-000000000001","time":"2026-01-02T03:04:05.0000000Z","traceId":null}"""
                .Replace("DIGEST", Convert.ToHexStringLower(SHA256.HashData("""{"a":null,"z":1}"""u8)), StringComparison.Ordinal));
        row.PrevHash.ShouldBe(new byte[32]);
        row.Hash.ShouldBe(SHA256.HashData([.. new byte[32], .. row.Canonical]));
    }

    [DatabaseData]
    public async Task AuditCommitted_AfterTheCommit_IsCalledWithTheEvents(DatabaseKind kind)
    {
        await using var test = await TestDatabase.CreateAsync(kind);
        var seen = new List<long>();
        test.Database.AuditCommitted += events => seen.AddRange(events.Select(row => row.Seq));

        await AppendAsync(NewLog(test), "one");
        await Should.ThrowAsync<InvalidOperationException>(() => test.Database.WriteAsync(write =>
        {
            write.Audit(Entry("two"));
            throw new InvalidOperationException();
        }));

        seen.ShouldBe([1L]);
    }

    private static AuditLog NewLog(TestDatabase test) => new(test.Database, AuditFiles.In(test.Folder));

    private static async Task<AuditLog> FilledAsync(TestDatabase test, int events)
    {
        var audit = NewLog(test);
        for (var i = 1; i <= events; i++)
        {
            await AppendAsync(audit, $"{i}");
        }

        return audit;
    }

    private static Task AppendAsync(AuditLog audit, string name) => audit.AppendAsync(Entry(name));

    private static AuditEntry Entry(string name) => new(Actor.System(), "start.run", "run", name, name) { ReasonCode = "SF0000", TraceId = "trace" };

    /// <summary>What somebody with full rights on the database can do.</summary>
    private static async Task TamperAsync(TestDatabase test, string sql)
    {
        await using var db = test.Database.CreateContext();
        var disarm = test.Kind == DatabaseKind.Postgres
            ? "ALTER TABLE audit_events DISABLE TRIGGER ALL; ALTER TABLE audit_checkpoints DISABLE TRIGGER ALL;"
            : "DROP TRIGGER IF EXISTS audit_events_no_update; DROP TRIGGER IF EXISTS audit_events_no_delete; DROP TRIGGER IF EXISTS audit_checkpoints_no_delete;";
        await db.Database.ExecuteSqlRawAsync(disarm + " " + sql + ";");
    }

    /// <summary>Edits the events and, when asked, recomputes every hash from there on.</summary>
    private static async Task RewriteAsync(TestDatabase test, int from, int to, bool rehash)
    {
        await TamperAsync(test, "SELECT 1");
        await using var db = test.Database.CreateContext();
        var rows = await db.AuditEvents.OrderBy(row => row.Seq).ToListAsync();
        var previous = AuditChain.Genesis;
        foreach (var row in rows)
        {
            if (row.Seq >= from && row.Seq <= to)
            {
                row.ActorName = "somebody else";
                row.Canonical = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(row.Canonical).Replace("\"name\":\"system\"", "\"name\":\"somebody else\"", StringComparison.Ordinal));
                if (rehash)
                {
                    row.PrevHash = previous;
                    row.Hash = AuditChain.Hash(row.PrevHash, row.Canonical);
                }
            }

            previous = row.Hash;
        }

        await db.SaveChangesAsync();
    }
}
