using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using SecFlow.Data;
using SecFlow.Data.Audit;
using SecFlow.Execution.Runs;
using SecFlow.TestKit;

namespace SecFlow.Execution.Tests.Runs.Crashes;

/// <summary>The engine dies before the end of a node.</summary>
public sealed class CrashBeforeCheckpointTests
{
    [DatabaseData]
    public Task Kill_AfterTheRunWasAccepted_ItRunsAtTheNextStart(DatabaseKind kind) => CrashCourse.SurvivesAsync(kind, CrashPoint.AfterAccept, 1);

    [DatabaseData]
    public Task Kill_BeforeTheClaim_ItRunsAtTheNextStart(DatabaseKind kind) => CrashCourse.SurvivesAsync(kind, CrashPoint.BeforeClaim, 1);

    [DatabaseData]
    public Task Kill_InANode_NothingIsLostOrDoubled(DatabaseKind kind) => CrashCourse.SurvivesAsync(kind, CrashPoint.InNode, 5);

    [DatabaseData]
    public Task Kill_WhileStaging_NothingIsLostOrDoubled(DatabaseKind kind) => CrashCourse.SurvivesAsync(kind, CrashPoint.WhileStaging, 2);
}

/// <summary>The engine dies at the end of a node. A class of its own: classes run beside each other.</summary>
public sealed class CrashAtCheckpointTests
{
    [DatabaseData]
    public Task Kill_InTheCheckpoint_NothingIsLostOrDoubled(DatabaseKind kind) => CrashCourse.SurvivesAsync(kind, CrashPoint.InCheckpoint, 2);

    [DatabaseData]
    public Task Kill_InTheAudit_NothingIsLostOrDoubled(DatabaseKind kind) => CrashCourse.SurvivesAsync(kind, CrashPoint.InAudit, 2);

    [DatabaseData]
    public Task Kill_AfterTheCheckpoint_NothingIsLostOrDoubled(DatabaseKind kind) => CrashCourse.SurvivesAsync(kind, CrashPoint.AfterCheckpoint, 2);

    [DatabaseData]
    public async Task Run_ThatNobodyDisturbs_IsWhatTheOthersAreComparedWith(DatabaseKind kind)
    {
        await using var installation = await CrashInstallation.CreateAsync(kind);

        (await CrashCourse.WorkAsync(installation)).ShouldBe(CrashState.Undisturbed);
    }
}

/// <summary>
/// The points between the others, each on both databases: ten engines die one after the other over one run.
/// A node ends in the middle of them: a run that ends five engines in a row without one is given up.
/// </summary>
public sealed class CrashInARowTests
{
    [DatabaseData]
    public Task Kill_AtEachTransition_OneRunEndsAsIfNobodyHadDisturbedIt(DatabaseKind kind) => CrashCourse.SurvivesAllAsync(
        kind,
        (CrashPoint.InAccept, 1),
        (CrashPoint.AfterClaim, 1),
        (CrashPoint.InBegin, 1),
        (CrashPoint.AfterBegin, 1),
        (CrashPoint.AfterRemoval, 1),
        (CrashPoint.AfterCheckpoint, 1),
        (CrashPoint.AfterStaging, 2),
        (CrashPoint.AtVerdict, 1),
        (CrashPoint.InFinish, 1),
        (CrashPoint.AfterFinish, 1));
}

/// <summary>
/// kill -9 of an engine at named points, a start of another one, and what is stored then: the same as after a run that nobody disturbed.
/// Engine, queue, plugin host, sandbox and databases are the real ones; only the killing is not (<see cref="CrashPoint"/>).
/// </summary>
internal static class CrashCourse
{
    public static async Task SurvivesAsync(DatabaseKind kind, string point, int pass)
    {
        await using var installation = await CrashInstallation.CreateAsync(kind);
        var children = await CrashHost.DieAsync(installation, point, pass);

        (await WorkAsync(installation)).ShouldBe(CrashState.Undisturbed);
        await ShouldBeGoneAsync(children, point);
        if (point == CrashPoint.InNode)
        {
            children.ShouldNotBeEmpty("the plugin host was running");
        }
    }

    /// <summary>One run, killed at one point after the other; each engine goes on where the one before died.</summary>
    public static async Task SurvivesAllAsync(DatabaseKind kind, params (string Point, int Pass)[] points)
    {
        await using var installation = await CrashInstallation.CreateAsync(kind);
        var children = new List<(string Point, IReadOnlyList<string> Processes)>();
        foreach (var (point, pass) in points)
        {
            children.Add((point, await CrashHost.DieAsync(installation, point, pass)));
        }

        (await WorkAsync(installation)).ShouldBe(CrashState.Undisturbed);
        foreach (var (point, processes) in children)
        {
            await ShouldBeGoneAsync(processes, point);
        }
    }

    public static async Task ShouldBeGoneAsync(IReadOnlyList<string> processes, string point)
    {
        for (var i = 0; i < 100 && processes.Any(ProcessTree.Lives); i++)
        {
            await Task.Delay(100);
        }

        processes.Where(ProcessTree.Lives).ShouldBeEmpty($"what the engine that died at {point} had started");
    }

    /// <summary>An engine that lives until the run is final.</summary>
    public static async Task<CrashState> WorkAsync(CrashInstallation installation)
    {
        using var host = CrashEngine.Build(installation.Folder, installation.Database);
        await host.StartAsync();
        try
        {
            await CrashEngine.StartRunAsync(host.Services, installation);
            var run = await CrashEngine.FinalRunAsync(host.Services, installation.Team);
            await IdleAsync(host.Services);
            (await host.Services.GetRequiredService<AuditLog>().CheckpointAsync()).Size.ShouldBeGreaterThan(0);
            var audit = await host.Services.GetRequiredService<AuditLog>().VerifyAsync();
            audit.Intact.ShouldBeTrue(audit.Reason);
            return await CrashState.ReadAsync(host.Services.GetRequiredService<Database>(), run);
        }
        finally
        {
            await host.StopAsync();
        }
    }

    /// <summary>The slot that worked on the run has been left.</summary>
    private static async Task IdleAsync(IServiceProvider services)
    {
        for (var i = 0; i < 100 && services.GetRequiredService<ActiveRuns>().Count > 0; i++)
        {
            await Task.Delay(50);
        }
    }
}
