using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;
using SecFlow.Data;
using SecFlow.Data.Audit;
using SecFlow.Data.Targets;
using SecFlow.Data.Teams;
using SecFlow.Execution.Targets;
using SecFlow.Execution.Workflows;
using SecFlow.TestKit;

namespace SecFlow.Execution.Tests.Runs.Crashes;

/// <summary>An installation with a signed plugin, a workflow of three nodes and a target; made once per database and copied for each test.</summary>
internal sealed record CrashInstallation(string Folder, DatabaseOptions? Database, Guid Team, Guid Workflow, Guid Target) : IAsyncDisposable
{
    /// <summary>Findings of each node that no other node has, and those that all have.</summary>
    public const int Own = 270;
    public const int Common = 30;

    private static readonly Lazy<Task<CrashInstallation>> _sqlite = new(() => PrepareAsync(null));
    private static readonly Lazy<Task<CrashInstallation>> _postgres = new(async () => await PrepareAsync(await TestDatabase.NewPostgresAsync()));

    public static async Task<CrashInstallation> CreateAsync(DatabaseKind kind)
    {
        var original = await (kind == DatabaseKind.Sqlite ? _sqlite : _postgres).Value;
        var folder = Directory.CreateTempSubdirectory("secflow-crash-").FullName;
        foreach (var file in Directory.EnumerateFiles(original.Folder, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(folder, Path.GetRelativePath(original.Folder, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }

        return original with { Folder = folder, Database = original.Database is { } database ? await TestDatabase.CopyPostgresAsync(database) : null };
    }

    public async ValueTask DisposeAsync()
    {
        SqliteConnection.ClearAllPools();
        Directory.Delete(Folder, recursive: true);
        if (Database is not null)
        {
            await TestDatabase.DropAsync(Database);
        }
    }

    /// <summary>A new one; on SQLite for null. Its folder goes with this process.</summary>
    public static async Task<CrashInstallation> PrepareAsync(DatabaseOptions? database, int own = Own, int common = Common)
    {
        var folder = Directory.CreateTempSubdirectory("secflow-crash-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) =>
        {
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder, recursive: true);
            }
        };
        WritePlugin(Directory.CreateDirectory(Path.Combine(folder, "shipped", "scan.many")).FullName, own, common);
        var made = new CrashInstallation(folder, database, default, default, default);
        using (var host = CrashEngine.Build(folder, database))
        {
            await host.StartAsync();
            var team = (await host.Services.GetRequiredService<TeamStore>().CreateAsync(Actor.System(), "crash", "Crash")).Id;
            var target = await host.Services.GetRequiredService<TargetService>().AddAsync(
                CrashEngine.Admin(team), new NewTarget("nowhere", TargetKind.Url, "http://127.0.0.1:9/", "TEST-1", null) { PrivateAddressApproved = true }, CancellationToken.None);
            var saved = await host.Services.GetRequiredService<WorkflowService>().SaveAsync(CrashEngine.Admin(team), """
                version: "1.0"
                name: Three nodes
                nodes:
                  - { id: first, type: scan.many }
                  - { id: second, type: scan.many }
                  - { id: third, type: scan.many }
                state: { checkpoint_interval: 0 }
                """, CancellationToken.None);
            made = made with { Team = team, Workflow = saved.WorkflowId, Target = target.Id };
            await host.StopAsync();
        }

        SqliteConnection.ClearAllPools();
        NpgsqlConnection.ClearAllPools();
        return made;
    }

    private static void WritePlugin(string folder, int own, int common)
    {
        File.WriteAllText(Path.Combine(folder, "plugin.yaml"), """
            apiVersion: secflow/v1
            id: scan.many
            version: 1.0.0
            title: Many findings
            description: A few hundred findings for each node
            publisher: test
            license: Apache-2.0
            intrusiveness: safe
            outputs: { findings: { type: findings, required: true } }
            minLevel: L1
            """);
        File.WriteAllText(Path.Combine(folder, "config.schema.json"), """{"type":"object","additionalProperties":false,"properties":{}}""");
        File.WriteAllText(Path.Combine(folder, "README.md"), "# Many findings\n");
        File.WriteAllText(Path.Combine(folder, "index.js"), $$"""
            module.exports = { execute: function (ctx) {
              for (var i = 0; i < {{own + common}}; i++) {
                var who = i < {{common}} ? 'common' : ctx.run.node;
                ctx.finding({ ruleId: who + '-' + i, title: 'Weakness ' + i, severity: 'low', location: ctx.targets[0].url + who + '/' + i });
                if (i % 100 === 50 || i === 5) { ctx.log.info('so far ' + i); }
              }
              ctx.verdict('completed', 'looked at everything', { checks: ['all'] });
            } };
            """);
    }
}
