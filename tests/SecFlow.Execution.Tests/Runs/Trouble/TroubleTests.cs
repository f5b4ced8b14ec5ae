using System.Diagnostics;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using SecFlow.Data;
using SecFlow.Data.Audit;
using SecFlow.Data.Runs;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Runs;
using SecFlow.Execution.Tests.Runs.Crashes;
using SecFlow.Execution.Tests.Runs.Soak;
using SecFlow.TestKit;

namespace SecFlow.Execution.Tests.Runs.Trouble;

/// <summary>Trouble of what the engine stands on: it says so, nothing that was acknowledged is lost, and it goes on by itself.</summary>
[Trait("Category", "Soak")]
public sealed class DatabaseTroubleTests
{
    // Twenty seconds where the soak is asked for; long enough to be told of where everything runs.
    private static readonly TimeSpan _locked = TimeSpan.FromSeconds(SoakSize.Asked.Kills > 10 ? 20 : 8);
    private static readonly TimeSpan _down = TimeSpan.FromSeconds(SoakSize.Asked.Kills > 10 ? 10 : 3);

    [Fact]
    public async Task Database_LockedByAnotherProgram_SaysSoAndGoesOn()
    {
        await using var installation = await CrashInstallation.CreateAsync(DatabaseKind.Sqlite);
        await using var engine = await TroubledEngine.StartAsync(installation);
        var before = await engine.StartRunAsync("before");
        await engine.BegunAsync(before.Id);
        Task<Run> during;
        await using (var other = new SqliteConnection($"Data Source={Path.Combine(installation.Folder, "data", "secflow.db")};Pooling=False"))
        {
            await other.OpenAsync();
            await using var command = other.CreateCommand();
            command.CommandText = "PRAGMA busy_timeout=60000; BEGIN IMMEDIATE";
            await command.ExecuteNonQueryAsync();
            var since = Stopwatch.GetTimestamp();
            during = engine.StartRunAsync("during");
            await engine.TroubleAsync(Codes.DatabaseLocked);
            engine.Get<EngineTroubles>().HoldClaims.ShouldBeTrue();
            during.IsCompleted.ShouldBeFalse("what is not stored is not acknowledged");
            if (_locked - Stopwatch.GetElapsedTime(since) is { Ticks: > 0 } left)
            {
                await Task.Delay(left);
            }
        }

        var accepted = await during;
        (await engine.FinalAsync(before.Id)).Status.ShouldBe(RunStatus.Succeeded);
        (await engine.FinalAsync(accepted.Id)).Status.ShouldBe(RunStatus.Succeeded);
        await engine.NoTroubleAsync(Codes.DatabaseLocked);
        (await engine.AuditAsync()).Intact.ShouldBeTrue();
    }

    [PostgresFact]
    public async Task Postgres_Restarted_RunsGoOnAndNothingAcknowledgedIsLost()
    {
        await using var server = await OwnPostgres.StartAsync();
        await using var installation = await CrashInstallation.PrepareAsync(server.Database);
        await using var engine = await TroubledEngine.StartAsync(installation);
        var accepted = new List<Guid>();
        for (var i = 0; i < 3; i++)
        {
            accepted.Add((await engine.StartRunAsync($"before-{i}")).Id);
        }

        await engine.BegunAsync(accepted[0]);
        await server.StopAsync();
        await engine.TroubleAsync(Codes.DatabaseFailed);
        (await Should.ThrowAsync<Exception>(() => engine.StartRunAsync("down"))).ShouldSatisfyAllConditions(e => DatabaseTrouble.Of(e)!.Kind.ShouldBe(TroubleKind.Gone));
        await Task.Delay(_down);
        await server.ContinueAsync();
        await engine.NoTroubleAsync(Codes.DatabaseFailed);
        accepted.Add((await engine.StartRunAsync("down")).Id);
        foreach (var run in accepted)
        {
            var final = await engine.FinalAsync(run);
            (final.Status, final.ErrorMessage).ShouldBe((RunStatus.Succeeded, null));
        }

        (await engine.AuditAsync()).Intact.ShouldBeTrue();
        (await CrashState.ReadAsync(engine.Get<Database>(), await engine.RunAsync(accepted[0]))).Attempts.ShouldBe(CrashState.Undisturbed.Attempts);
    }
}

/// <summary>The disk is full, the clock is set. A class of its own: classes run beside each other.</summary>
public sealed class MachineTroubleTests
{
    [FullDiskFact]
    public async Task Disk_Full_RunsWaitAndGoOnWhenThereIsRoom()
    {
        await using var installation = await CrashInstallation.CreateAsync(DatabaseKind.Sqlite);
        var said = await FullDisk.RunAsync(installation);
        said["before"].ShouldBe("Succeeded");
        said["trouble"].ShouldBe(Codes.DiskFull);
        said["running"].ShouldNotBe("Succeeded", "there was no room for what it found");
        said["acknowledged"].ShouldBe(said["succeeded"], string.Join(", ", said));
        said["afterwards"].ShouldBe("none");
        said["audit"].ShouldBe("intact");
    }

    [DatabaseData]
    public async Task Clock_SetByAnHour_RunsGoOnUnderTheirLease(DatabaseKind kind)
    {
        var clock = new SteppedTime();
        await using var installation = await CrashInstallation.CreateAsync(kind);
        await using var engine = await TroubledEngine.StartAsync(installation, services =>
        {
            // Long enough that no crowded machine lets it run out: only the clock may.
            var options = (RunWorkerOptions)services.Last(service => service.ServiceType == typeof(RunWorkerOptions)).ImplementationInstance!;
            services.AddSingleton(options with { LeaseFor = TimeSpan.FromMinutes(10) }).AddSingleton<TimeProvider>(clock);
        });
        foreach (var (name, step) in new[] { ("forward", TimeSpan.FromHours(1)), ("back", TimeSpan.FromHours(-1)) })
        {
            var during = await engine.StartRunAsync(name);
            await engine.BegunAsync(during.Id);
            clock.Step(step);
            var after = await engine.StartRunAsync(name + "-after");
            var (first, second) = (await engine.FinalAsync(during.Id), await engine.FinalAsync(after.Id));
            (first.Status, first.LeaseEpoch).ShouldBe((RunStatus.Succeeded, 1), name);
            (second.Status, second.LeaseEpoch).ShouldBe((RunStatus.Succeeded, 1), name);
            await engine.TroubleAsync(Codes.ClockStepped);
        }

        engine.Get<EngineTroubles>().HoldClaims.ShouldBeFalse("a clock that was set holds nothing up");
        await TroubledEngine.UntilAsync("both steps are in the audit log", async () => (await engine.Get<AuditLog>().ListAsync(new AuditQuery(installation.Team) { Installation = true, Action = "set.clock" })).Events.Count == 2);
        (await engine.AuditAsync()).Intact.ShouldBeTrue();
    }
}

/// <summary>Which leases are dead.</summary>
public sealed class LeaseWatchTests
{
    private static readonly TimeSpan _length = TimeSpan.FromSeconds(30);

    [DatabaseData]
    public async Task Lease_ThatIsNotRenewed_EndsByTheClockThatNobodySets(DatabaseKind kind)
    {
        var clock = new SteppedTime();
        await using var engine = await TestEngine.CreateAsync(kind, clock, _length);
        var run = await engine.StartAsync("  - { id: first, type: scan.test }");
        var lease = (await engine.Store.ClaimAsync(new RunClaim("elsewhere", _length, 4), default))!;
        var watch = engine.Get<LeaseWatch>();

        (await watch.LookAsync(default)).ShouldBe(0);
        clock.Step(TimeSpan.FromHours(1));
        (await watch.LookAsync(default)).ShouldBe(0, "the wall clock says nothing about the other engine");
        clock.Step(TimeSpan.FromHours(-2));
        clock.Pass(_length / 2);
        (await watch.LookAsync(default)).ShouldBe(0);
        (await engine.Get<RunWriter>().RenewAsync(lease, _length, default)).Held.ShouldBeTrue();
        clock.Pass(_length * 0.9);
        (await watch.LookAsync(default)).ShouldBe(0, "it was renewed");
        (await engine.Store.ClaimAsync(new RunClaim("third", _length, 4), default)).ShouldBeNull();
        clock.Pass(_length);
        (await watch.LookAsync(default)).ShouldBe(1);
        (await engine.Store.ClaimAsync(new RunClaim("third", _length, 4), default))!.Epoch.ShouldBe(2);
        (await engine.Get<RunWriter>().RenewAsync(lease, _length, default)).Held.ShouldBeFalse("the epoch is over");
        (await engine.Store.AttemptsAsync(run.Id, default)).ShouldBeEmpty("no node had begun");
    }
}

/// <summary>A clock that can be set like a machine's: the wall clock jumps, the steady one never does; time passes in both.</summary>
internal sealed class SteppedTime : TimeProvider
{
    private long _step;
    private long _passed;

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow().AddTicks(Interlocked.Read(ref _step) + Interlocked.Read(ref _passed));

    public override long GetTimestamp() => System.GetTimestamp() + (Interlocked.Read(ref _passed) * TimestampFrequency / TimeSpan.TicksPerSecond);

    public void Step(TimeSpan by) => Interlocked.Add(ref _step, by.Ticks);

    public void Pass(TimeSpan by) => Interlocked.Add(ref _passed, by.Ticks);
}

/// <summary>A PostgreSQL server of one test, which it may stop.</summary>
internal sealed class OwnPostgres(string folder, DatabaseOptions database) : IAsyncDisposable
{
    public DatabaseOptions Database => database;

    public static async Task<OwnPostgres> StartAsync()
    {
        var exports = (await ScriptAsync("start", null)).Split('\'');
        return new OwnPostgres(exports[3], new DatabaseOptions(DatabaseKind.Postgres, new NpgsqlConnectionStringBuilder(exports[1]) { Database = "secflow", Timeout = 5 }.ConnectionString));
    }

    /// <summary>As a crash of the machine would: nobody is told.</summary>
    public Task StopAsync() => ScriptAsync("halt", folder);

    public Task ContinueAsync() => ScriptAsync("continue", folder);

    public async ValueTask DisposeAsync() => await ScriptAsync("stop", folder);

    private static async Task<string> ScriptAsync(string command, string? folder)
    {
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "..", "..", "..", "..", "Shared", "postgres"), [command]) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        start.Environment["SECFLOW_TEST_POSTGRES_FOLDER"] = folder;
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        process.ExitCode.ShouldBe(0, await errors);
        return output;
    }
}
