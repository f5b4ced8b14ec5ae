using Microsoft.EntityFrameworkCore;
using SecFlow.Data.Alerts;
using SecFlow.Data.Audit;
using SecFlow.Data.Findings;
using SecFlow.Data.Holds;
using SecFlow.Data.Metrics;
using SecFlow.Data.Plugins;
using SecFlow.Data.Runs;
using SecFlow.Data.Schedules;
using SecFlow.Data.Targets;
using SecFlow.Data.Teams;
using SecFlow.Data.Trust;
using SecFlow.Data.Workflows;
using SecFlow.TestKit;

namespace SecFlow.Data.Tests.Teams;

/// <summary>
/// A team never sees or changes what is another team's. One entry per entity that has a team: a new entity without an entry turns the first test red.
/// Entities of runs and findings are read through RunStore and FindingStore, whose tests hold the same promise.
/// </summary>
public sealed class IsolationTests
{
    private static readonly Dictionary<Type, Func<TestDatabase, Actor, Actor, Task<IEnumerable<object?>>>> Cases = new()
    {
        [typeof(Membership)] = async (test, owner, stranger) =>
        {
            var teams = new TeamStore(test.Database);
            var user = await TestRows.NewUserAsync(test);
            await teams.SetMemberAsync(owner, user.Id, TeamRole.Admin);
            return [.. await teams.MembersAsync(stranger.TeamId), await teams.FindRoleAsync(stranger.TeamId, user.Id), Changed(await teams.RemoveMemberAsync(stranger, user.Id))];
        },
        [typeof(ApiToken)] = async (test, owner, stranger) =>
        {
            var tokens = new TokenStore(test.Database);
            var (token, _) = await tokens.CreateAsync(owner, new NewToken("ci", ["runs:read"], TeamRole.Viewer, test.Database.Time.GetUtcNow().AddDays(1)));
            return [.. await tokens.ListAsync(stranger.TeamId), Changed(await tokens.RevokeAsync(stranger, token.Id))];
        },
        [typeof(FirstStep)] = async (test, owner, stranger) =>
        {
            var steps = new FirstStepStore(test.Database);
            await steps.RecordAsync(owner, new FirstStep { Kind = FirstStepKind.ScanDemo });
            return [.. await steps.ListAsync(stranger.TeamId), Changed(await steps.RemoveAsync(stranger, FirstStepKind.ScanDemo))];
        },
        [typeof(Target)] = async (test, owner, stranger) =>
        {
            var targets = new TargetStore(test.Database);
            var row = await targets.AddAsync(owner, TestRows.Target());
            return
            [
                .. await targets.ListAsync(stranger.TeamId, archivedToo: true), .. await targets.FindManyAsync(stranger.TeamId, [row.Id]),
                await targets.FindAsync(stranger.TeamId, row.Id), Changed(await targets.ArchiveAsync(stranger, row.Id)),
                await targets.EditAsync(stranger, row.Id, row.Revision, target => target.Value = "https://stranger.example/", []),
            ];
        },
        [typeof(TargetSecret)] = async (test, owner, stranger) =>
        {
            var secrets = new TargetSecretStore(test.Database);
            var target = await new TargetStore(test.Database).AddAsync(owner, TestRows.Target());
            await secrets.SetAsync(owner, target.Id, "token", "ciphertext");
            await secrets.SetAsync(owner, null, "token", "ciphertext");
            return
            [
                .. await secrets.ListAsync(stranger.TeamId), .. await secrets.FindAsync(stranger.TeamId, [target.Id], "token"),
                Changed(await secrets.DeleteAsync(stranger, target.Id, "token")), Changed(await secrets.DeleteAsync(stranger, null, "token")),
            ];
        },
        [typeof(Workflow)] = async (test, owner, stranger) =>
        {
            var workflows = new WorkflowStore(test.Database);
            var (row, _) = await workflows.SaveAsync(owner, "Nightly", "", "one");
            return
            [
                .. await workflows.ListAsync(stranger.TeamId), await workflows.FindAsync(stranger.TeamId, row.Id),
                await workflows.FindByNameAsync(stranger.TeamId, "Nightly"), Changed(await workflows.ArchiveAsync(stranger, row.Id)),
            ];
        },
        [typeof(WorkflowVersion)] = async (test, owner, stranger) =>
        {
            var workflows = new WorkflowStore(test.Database);
            var (row, version) = await workflows.SaveAsync(owner, "Nightly", "", "one");
            return
            [
                .. await workflows.ListVersionsAsync(stranger.TeamId, row.Id), await workflows.FindVersionAsync(stranger.TeamId, version.Id),
                await workflows.FindCurrentVersionAsync(stranger.TeamId, row.Id),
            ];
        },
        [typeof(Schedule)] = async (test, owner, stranger) =>
        {
            var (workflow, _) = await new WorkflowStore(test.Database).SaveAsync(owner, "Nightly", "", "one");
            var schedules = new ScheduleStore(test.Database);
            var row = await schedules.AddAsync(owner, new Schedule { Name = "night", WorkflowId = workflow.Id });
            return
            [
                .. await schedules.ListAsync(stranger.TeamId), await schedules.FindAsync(stranger.TeamId, row.Id),
                await schedules.SetEnabledAsync(stranger, row.Id, false), Changed(await schedules.ArchiveAsync(stranger, row.Id)),
            ];
        },
        [typeof(Blackout)] = async (test, owner, stranger) =>
        {
            var blackouts = new BlackoutStore(test.Database);
            var row = await blackouts.AddAsync(owner, new Blackout { Name = "office hours", Window = "Mon-Fri 08:30-17:30 Europe/Berlin" });
            return
            [
                .. await blackouts.ListAsync(stranger.TeamId), Changed(await blackouts.ArchiveAsync(stranger, row.Id)),
                await blackouts.EditAsync(stranger, row.Id, row.Revision, changed => changed.Name = "never"),
            ];
        },
        [typeof(Hold)] = async (test, owner, stranger) =>
        {
            var holds = new HoldStore(test.Database);
            await holds.BeginAsync(owner, owner.TeamId, HoldKind.Stop, "own");
            return [await holds.StandingAsync(stranger.TeamId), .. await holds.HistoryAsync(stranger.TeamId, 0, 10), await holds.EndAsync(stranger, stranger.TeamId, "foreign")];
        },
        [typeof(QueueLimit)] = async (test, owner, stranger) =>
        {
            var queue = new QueueStore(test.Database);
            await queue.SetLimitAsync(owner, owner.TeamId, "scan.nuclei", 2);
            return [await queue.SetLimitAsync(stranger, stranger.TeamId, "scan.nuclei", null)];
        },
        [typeof(Alert)] = async (test, owner, stranger) =>
        {
            var alerts = new AlertStore(test.Database);
            await alerts.RaiseAsync(new NewAlert(owner.TeamId, AlertKind.SlowRun, AlertSeverity.Warning, "Nightly", "slow"), _ => "", default);
            var row = (await alerts.ListAsync(owner.TeamId, true, 0, 10, default)).Single();
            return [.. await alerts.ListAsync(stranger.TeamId, false, 0, 10, default), await alerts.AcknowledgeAsync(stranger, row.Id, false, null, default), Changed(await alerts.RingingAsync(stranger.TeamId, default) > 0)];
        },
        [typeof(AlertSilence)] = async (test, owner, stranger) =>
        {
            var alerts = new AlertStore(test.Database);
            var row = await alerts.SilenceAsync(owner, owner.TeamId, AlertKind.SlowRun, "", test.Database.Time.GetUtcNow().AddHours(1), "own", default);
            return [.. await alerts.SilencesAsync(stranger.TeamId, default), await alerts.EndSilenceAsync(stranger, row.Id, _ => "", default)];
        },
        [typeof(Webhook)] = async (test, owner, stranger) =>
        {
            var webhooks = new WebhookStore(test.Database);
            await webhooks.SetAsync(owner, new Webhook { TeamId = owner.TeamId, Url = "https://hooks.example/" }, null, default);
            return [await webhooks.FindAsync(stranger.TeamId, default), Changed(await webhooks.RemoveAsync(stranger, default))];
        },
        [typeof(WebhookDelivery)] = async (test, owner, stranger) =>
        {
            var webhooks = new WebhookStore(test.Database);
            await webhooks.AddTestAsync(owner, await webhooks.SetAsync(owner, new Webhook { TeamId = owner.TeamId, Url = "https://hooks.example/" }, null, default), "{}", default);
            return [.. await webhooks.ListAsync(stranger.TeamId, 10, default)];
        },
        [typeof(MetricRollup)] = async (test, owner, stranger) =>
        {
            var rollups = new MetricStore(test.Database);
            await rollups.AddAsync([new MetricRollup { Seconds = MetricStore.Minute, At = DateTimeOffset.UnixEpoch, TeamId = owner.TeamId, Instrument = "secflow.runs", Instance = "one", Count = 1, Sum = 1 }], default);
            return [.. await rollups.ReadAsync(stranger.TeamId, ["secflow.runs"], MetricStore.Minute, DateTimeOffset.UnixEpoch, default)];
        },
        [typeof(PluginVersion)] = async (test, owner, stranger) =>
        {
            var plugins = new PluginStore(test.Database);
            var row = await plugins.AddAsync(owner, TestRows.Plugin(owner.TeamId));
            await plugins.ChangeStateAsync(owner, row.Id, PluginState.Discovered, PluginState.Enabled, "own");
            await Should.ThrowAsync<ConflictException>(() => plugins.ChangeStateAsync(stranger, row.Id, PluginState.Enabled, PluginState.Disabled, "foreign"));
            return
            [
                .. await plugins.ListAsync(stranger.TeamId), await plugins.FindAsync(stranger.TeamId, row.Id), await plugins.FindByDigestAsync(stranger.TeamId, row.Digest),
                .. await plugins.FindEnabledAsync(stranger.TeamId, row.PluginId),
            ];
        },
        [typeof(TrustPolicyRevision)] = async (test, owner, stranger) =>
        {
            var policies = new TrustPolicyStore(test.Database);
            await policies.AddAsync(owner, "kind: PluginTrustPolicy");
            return [.. await policies.ListAsync(stranger.TeamId), await policies.FindCurrentAsync(stranger.TeamId)];
        },
        [typeof(AuditEvent)] = async (test, owner, stranger) =>
        {
            var audit = new AuditLog(test.Database, AuditFiles.In(test.Folder));
            await audit.AppendAsync(new AuditEntry(owner, "start.run", "run", "1", "x"));
            var seen = (await audit.ListAsync(new AuditQuery(stranger.TeamId) { Installation = true, Take = 500 })).Events;
            return seen.Where(row => row.TeamId is not null && row.TeamId != stranger.TeamId);
        },
    };

    private static readonly Type[] ReadThroughTheirRunOrFinding =
    [
        typeof(Run), typeof(NodeRun), typeof(RunEvent), typeof(Dataset), typeof(Artifact), typeof(Assessment), typeof(StagedRecord), typeof(Finding), typeof(Occurrence), typeof(FindingChange), typeof(Timing), typeof(NodeAttempt), typeof(RawOutput), typeof(Reparse),
    ];

    [Fact]
    public async Task Entities_WithATeam_HaveAnIsolationTestAndAnIndexOnTheTeam()
    {
        await using var test = await TestDatabase.CreateAsync();
        await using var db = test.Database.CreateContext();
        var entities = db.Model.GetEntityTypes().Where(type => type.FindProperty("TeamId") is not null).ToList();

        entities.Select(type => type.ClrType).ShouldBe(Cases.Keys.Concat(ReadThroughTheirRunOrFinding), ignoreOrder: true);
        entities.Where(type => !type.GetIndexes().Any(index => index.Properties[0].Name == "TeamId") && type.FindPrimaryKey()!.Properties[0].Name != "TeamId")
            .Select(type => type.ClrType.Name).ShouldBeEmpty();
    }

    [DatabaseData]
    public async Task Stores_RowOfAnotherTeam_IsInvisibleAndUntouchable(DatabaseKind kind)
    {
        foreach (var (entity, reads) in Cases)
        {
            await using var test = await TestDatabase.CreateAsync(kind);
            var owner = await TestRows.NewTeamAsync(test, "owner");
            var stranger = await TestRows.NewTeamAsync(test, "stranger");

            var seen = await reads(test, owner, stranger);

            seen.Where(row => row is not null).ShouldBeEmpty(entity.Name);
        }
    }

    [DatabaseData]
    public async Task Owner_OfEachKind_IsFound(DatabaseKind kind)
    {
        await using var test = await TestDatabase.CreateAsync(kind);
        var actor = await TestRows.NewTeamAsync(test);
        var target = await new TargetStore(test.Database).AddAsync(actor, TestRows.Target());
        var plugin = await new PluginStore(test.Database).AddAsync(actor, TestRows.Plugin(Guid.Empty));
        var owners = new OwnerStore(test.Database);

        (await owners.FindTeamAsync("target", target.Id)).ShouldBe(actor.TeamId);
        (await owners.FindTeamAsync("plugin", plugin.Id)).ShouldBe(Guid.Empty);
        foreach (var other in new[] { "run", "workflow", "schedule", "finding", "token" })
        {
            (await owners.FindTeamAsync(other, target.Id)).ShouldBeNull(other);
        }

        await Should.ThrowAsync<ArgumentOutOfRangeException>(() => owners.FindTeamAsync("x", target.Id));
    }

    private static object? Changed(bool changed) => changed ? "changed" : null;
}
