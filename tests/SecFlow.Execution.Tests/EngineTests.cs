using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using SecFlow.Data;
using SecFlow.Data.Audit;
using SecFlow.Data.Runs;
using SecFlow.Data.Schedules;
using SecFlow.Data.Targets;
using SecFlow.Data.Teams;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Findings;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Runs;
using SecFlow.Execution.Schedules;
using SecFlow.Execution.Targets;
using SecFlow.Execution.Workflows;

namespace SecFlow.Execution.Tests;

/// <summary>The whole engine: real options, lock, migration, plugin signed at set-up, Quartz, real host in the real sandbox.</summary>
public sealed class EngineTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("secflow-engine-").FullName;

    public void Dispose()
    {
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        Directory.Delete(_folder, recursive: true);
    }

    private EngineOptions Options()
    {
        var plugin = Directory.CreateDirectory(Path.Combine(_folder, "shipped", "scan.tiny")).FullName;
        File.WriteAllText(Path.Combine(plugin, "plugin.yaml"), """
            apiVersion: secflow/v1
            id: scan.tiny
            version: 1.0.0
            title: Tiny
            description: One finding for each target
            publisher: test
            license: Apache-2.0
            intrusiveness: safe
            outputs: { findings: { type: findings, required: true } }
            permissions: { network: targets }
            minLevel: L1
            """);
        File.WriteAllText(Path.Combine(plugin, "config.schema.json"), """{"type":"object","additionalProperties":false,"properties":{"spin":{"type":"boolean"}}}""");
        File.WriteAllText(Path.Combine(plugin, "README.md"), "# Tiny\n");
        File.WriteAllText(Path.Combine(plugin, "index.js"), """
            module.exports = { execute: function (ctx) {
              if (ctx.config.spin) { while (true) {} }
              ctx.targets.forEach(function (t) {
                ctx.finding({ ruleId: 'tiny', title: 'Found by ' + ctx.run.node, severity: 'medium', location: t.url });
                ctx.verdict('completed', 'looked', { target: t.id, checks: ['tiny'] });
              });
            } };
            """);
        return new EngineOptions { DataFolder = Path.Combine(_folder, "data"), BuiltinPluginsFolder = Path.Combine(_folder, "shipped"), InstanceId = "test" };
    }

    private static ServiceProvider Build(EngineOptions options) =>
        new ServiceCollection().AddLogging(l => l.SetMinimumLevel(LogLevel.Warning)).AddSecFlowEngine(options).BuildServiceProvider();

    private static async Task<RunDetail> FinishedAsync(IServiceProvider services, Actor actor, Guid run)
    {
        for (var i = 0; ; i++)
        {
            var detail = await services.GetRequiredService<RunService>().GetAsync(actor, run, default);
            if (detail.Run.Status.IsFinal() || i > 600)
            {
                return detail;
            }

            await Task.Delay(100);
        }
    }

    [Fact]
    public async Task Engine_runs_a_recipe_from_start_to_finding_and_a_second_one_is_locked_out()
    {
        var options = Options();
        await using var services = Build(options);
        var engine = services.GetRequiredService<Engine>();
        await engine.StartAsync(default);
        if (engine.Sandbox.Level == Execution.Sandboxing.SandboxLevel.L0)
        {
            await engine.StopAsync(default);
            return;
        }

        await using (var second = Build(options))
        {
            (await Should.ThrowAsync<SecFlowException>(() => second.GetRequiredService<Engine>().StartAsync(default))).Code.ShouldBe(Codes.DataFolderLocked);
        }

        var team = await services.GetRequiredService<TeamStore>().CreateAsync(Actor.System(), "demo", "Demo");
        var admin = new Actor(ActorKind.User, "u", "admin", team.Id, TeamRole.Admin);
        var target = await services.GetRequiredService<TargetService>().AddAsync(admin, new NewTarget("shop", TargetKind.Url, "http://127.0.0.1:9/", "TEST-1", null) { PrivateAddressApproved = true }, default);
        var workflows = services.GetRequiredService<WorkflowService>();
        var good = await workflows.SaveAsync(admin, "version: \"1.0\"\nname: good\nnodes: [{ id: tiny, type: scan.tiny }]", default);
        var spin = await workflows.SaveAsync(admin, "version: \"1.0\"\nname: spin\nnodes: [{ id: tiny, type: scan.tiny, config: { spin: true } }]", default);
        var runs = services.GetRequiredService<RunService>();
        var first = await runs.StartAsync(admin, new StartRun(good.WorkflowId, [target.Id], RunTrigger.Manual), default);
        var endless = await runs.StartAsync(admin, new StartRun(spin.WorkflowId, [target.Id], RunTrigger.Manual), default);

        var done = await FinishedAsync(services, admin, first.Id);
        done.Run.Status.ShouldBe(RunStatus.Succeeded, done.Nodes[0].ErrorMessage);
        var finding = (await services.GetRequiredService<FindingService>().ListAsync(admin, new FindingQuery(), default)).Rows.ShouldHaveSingleItem();
        finding.Title.ShouldBe("Found by tiny");
        finding.Signer.ShouldNotBeEmpty();
        var stopped = await FinishedAsync(services, admin, endless.Id);
        stopped.Run.Status.ShouldBe(RunStatus.Failed, stopped.Run.ErrorMessage);

        // Whichever the machine reaches first.
        stopped.Run.ErrorCode.ShouldBeOneOf(Codes.LimitStatements, Codes.LimitScriptTime);
        (await services.GetRequiredService<AuditLog>().VerifyAsync()).Intact.ShouldBeTrue();

        // One byte of the installed plugin: the run is accepted, then Denied where it is recorded.
        var installed = Directory.GetFiles(Path.Combine(options.DataFolder, "plugins"), "index.js", SearchOption.AllDirectories).Single();
        File.AppendAllText(installed, " ");
        var denied = await FinishedAsync(services, admin, (await runs.StartAsync(admin, new StartRun(good.WorkflowId, [target.Id], RunTrigger.Manual), default)).Id);
        (denied.Run.Status, denied.Run.ErrorCode).ShouldBe((RunStatus.Denied, Codes.Tampered), denied.Run.ErrorMessage);
        await engine.StopAsync(default);
        engine.IsReady.ShouldBeFalse();
    }

    [Fact]
    public async Task Engine_looks_at_blackouts_before_it_claims_anything()
    {
        await using var services = Build(Options());
        var database = services.GetRequiredService<Database>();
        await database.MigrateAsync();
        var team = await services.GetRequiredService<TeamStore>().CreateAsync(Actor.System(), "demo", "Demo");
        var admin = new Actor(ActorKind.User, "u", "admin", team.Id, TeamRole.Admin);
        var now = database.Time.GetUtcNow();

        // As an engine left it that was stopped before a midnight of it.
        await services.GetRequiredService<BlackoutStore>().AddAsync(admin, new Blackout { Name = "freeze", Window = "daily 00:00-24:00 UTC", StandsFrom = now.AddDays(-3), StandsUntil = now.AddDays(-2) });
        var engine = services.GetRequiredService<Engine>();
        await engine.StartAsync(default);

        var row = (await services.GetRequiredService<BlackoutStore>().ListAsync(team.Id)).Single();
        BlackoutService.Standing([row], null, database.Time.GetUtcNow()).ShouldNotBeNull("it was looked at when the start returned, not a tick later");
        await engine.StopAsync(default);
    }

    [Fact]
    public void Wrong_options_are_told_all_at_once()
    {
        var options = new EngineOptions { DataFolder = " ", PluginHostPath = "/nowhere/host.dll", BuiltinPluginsFolder = "/nowhere", ParallelRuns = 0, RunsPerTeam = 65, InstanceId = "", StopWithin = TimeSpan.Zero, Database = new DatabaseOptions(DatabaseKind.Postgres, "") };
        var error = Should.Throw<SecFlowException>(options.Validate);
        error.Diagnostics.Select(d => d.Path).ShouldBe(["DataFolder", "PluginHostPath", "BuiltinPluginsFolder", "InstanceId", "ParallelRuns", "RunsPerTeam", "StopWithin", "Database"]);
        error.Diagnostics.ShouldAllBe(d => d.Code == Codes.OptionInvalid);
    }
}
