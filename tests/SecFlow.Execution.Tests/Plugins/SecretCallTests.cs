using System.Text;
using System.Text.Json.Nodes;
using SecFlow.Data.Audit;
using SecFlow.Data.Targets;
using SecFlow.Data.Teams;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Targets;
using SecFlow.Execution.Tests.Targets;

namespace SecFlow.Execution.Tests.Plugins;

/// <summary><c>ctx.secret</c> and <c>ctx.targets</c> through the real plugin host.</summary>
public sealed class SecretCallTests
{
    private const string Value = "s3cr3t-of-the-team";

    private const string Leaks = """
        module.exports = { execute: function (ctx) {
          var s = ctx.secret('token');
          ctx.log.warn('length ' + s.length + ' value ' + s);
          ctx.progress(10, s);
          ctx.finding({ ruleId: 'r', title: 'Leak of ' + s, severity: 'low', confidence: 50, location: 'x', evidence: { request: 'Authorization: ' + s } });
          ctx.verdict('completed', 'with ' + s);
          throw new Error('failed with ' + s);
        } };
        """;

    [Fact]
    public async Task Secret_DeclaredAndSet_ReachesThePluginAndNobodyElse()
    {
        await using var world = await PluginWorld.CreateAsync();
        var actor = await TeamAsync(world);
        using var reads = new Reads();

        var (outcome, output) = await RunAsync(world, actor, Leaks, "permissions: { secrets: [token] }\n");

        output.Logs.ShouldBe([$"warn length {Value.Length} value [secret token]"]);
        output.Records.ShouldHaveSingleItem().Record!.ToJsonString().ShouldContain("Authorization: [secret token]");
        output.Verdicts.ShouldHaveSingleItem().Reason.ShouldBe("with [secret token]");
        outcome.Error!.Code.ShouldBe(Codes.ScriptError);
        outcome.Error.Message.ShouldContain("failed with [secret token]");
        string.Join('\n', output.Records.Select(r => r.Record!.ToJsonString()).Concat(output.Logs).Append(outcome.ToString())).ShouldNotContain(Value);
        var read = (await EventsAsync(world, actor, "read.secret")).ShouldHaveSingleItem();
        read.ResourceName.ShouldBe("token");
        Encoding.UTF8.GetString(read.Canonical).ShouldNotContain(Value);
        Encoding.UTF8.GetString(read.Canonical).ShouldContain("scan.dummy 1.0.0");
        reads.Count.ShouldBeGreaterThanOrEqualTo(1);
    }

    [Fact]
    public async Task Secret_NotDeclaredOrNotSet_IsRefusedAndAudited()
    {
        await using var world = await PluginWorld.CreateAsync();
        var actor = await TeamAsync(world);
        const string script = "module.exports = { execute: function (ctx) { ['token', 'other', 7].forEach(function (n) { try { ctx.log.info(ctx.secret(n)); } catch (e) { ctx.log.info(String(e.code)); } }); } };";

        var (_, output) = await RunAsync(world, actor, script, "permissions: { secrets: [other] }\n");

        output.Logs.Take(2).ShouldBe([$"info {Codes.PermissionNotDeclared}", $"info {Codes.SecretNotSet}"]);
        (await EventsAsync(world, actor, "refuse.secret")).Select(e => e.ReasonCode).ShouldBe([Codes.PermissionNotDeclared, Codes.SecretNotSet], ignoreOrder: true);
        (await EventsAsync(world, actor, "read.secret")).ShouldBeEmpty();
    }

    [Fact]
    public async Task Secret_UnderDevelopment_IsNeverGiven()
    {
        await using var world = await PluginWorld.CreateAsync();
        await TeamAsync(world);
        var manifest = PluginWorld.Package(PluginWorld.Files(manifest: "permissions: { secrets: [token] }\n")).ReadManifest();
        var output = new TestOutput();

        await new DevelopmentSession(await world.HostsAsync(), world.Tools, world.ToolRunner).RunAsync(
            new DevelopmentWork(manifest, "module.exports = { execute: function (ctx) { try { ctx.log.info(ctx.secret('token')); } catch (e) { ctx.log.info(e.code); } } };"), output, CancellationToken.None);

        output.Logs.ShouldBe([$"info {Codes.SecretNotSet}"]);
    }

    [Fact]
    public async Task Targets_OfANode_ShowWhatAPluginMayKnow()
    {
        await using var world = await PluginWorld.CreateAsync();
        var folders = new TargetFolders(world.DataFolder, [Path.GetTempPath()]);
        var app = Directory.CreateTempSubdirectory("secflow-test-");
        try
        {
            var url = Scopes.Url("http://127.0.0.1:9/", null, 8443) with { Tags = ["web", "staging"], UserAgent = "Example-Security", RequestsPerSecond = 3 };
            var folder = Scopes.Host("x") with { Name = "My App", Kind = TargetKind.Folder, Value = app.FullName };
            var scope = await TargetScope.PinAsync([url, folder], folders, Guid.Empty, TimeProvider.System, CancellationToken.None);
            const string script = "module.exports = { execute: function (ctx) { ctx.targets.forEach(function (t) { ctx.log.info(JSON.stringify(t)); }); } };";

            var (_, without) = await RunAsync(world, world.Admin, script, "", new PluginWork { Scope = scope });
            var (_, with) = await RunAsync(world, world.Admin, script, "permissions: { files: target }\n", new PluginWork { Scope = scope }, "scan.reader");

            var first = JsonNode.Parse(with.Logs[0]["info ".Length..])!;
            first["ports"]!.ToJsonString().ShouldBe("[8443]");
            first["tags"]!.ToJsonString().ShouldBe("[\"web\",\"staging\"]");
            first["requestsPerSecond"]!.GetValue<int>().ShouldBe(3);
            first["userAgent"]!.GetValue<string>().ShouldBe($"Example-Security {TargetHttp.UserAgent}");
            JsonNode.Parse(with.Logs[1]["info ".Length..])!["folder"]!.GetValue<string>().ShouldBe("/target/my-app");
            JsonNode.Parse(without.Logs[1]["info ".Length..])!["folder"].ShouldBeNull();
            string.Join('\n', with.Logs).ShouldNotContain(app.FullName, Case.Sensitive, "the path of this machine is nobody's business");
        }
        finally
        {
            app.Delete(recursive: true);
        }
    }

    /// <summary>A member of a team that has the secret <c>token</c>.</summary>
    private static async Task<Actor> TeamAsync(PluginWorld world)
    {
        var team = await new TeamStore(world.Database).CreateAsync(Actor.System(), "payments", "Payments");
        var actor = new Actor(ActorKind.System, "engine", "engine", team.Id, TeamRole.Analyst);
        await world.Secrets.SetAsync(actor, null, "token", world.Protection.Protect(team.Id, null, "token", Value));
        return actor;
    }

    private static async Task<IReadOnlyList<AuditEvent>> EventsAsync(PluginWorld world, Actor actor, string action) => (await world.Audit.ListAsync(new AuditQuery(actor.TeamId) { Action = action, Take = 100 })).Events;

    private static async Task<(PluginOutcome Outcome, TestOutput Output)> RunAsync(PluginWorld world, Actor actor, string script, string manifest, PluginWork? work = null, string id = "scan.dummy")
    {
        var row = await world.EnableAsync(PluginWorld.Files(id, script, manifest));
        await using var session = await (await world.RunnerAsync()).OpenAsync(world.Request(row) with { Actor = actor }, CancellationToken.None);
        var output = new TestOutput();
        return (await session.RunAsync(work ?? new PluginWork(), output, CancellationToken.None), output);
    }

    /// <summary>Counts <c>secflow.secrets.reads</c>, also of tests that run beside this one.</summary>
    private sealed class Reads : IDisposable
    {
        private readonly System.Diagnostics.Metrics.MeterListener _listener = new();
        private long _count;

        public Reads()
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Name == "secflow.secrets.reads")
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _listener.SetMeasurementEventCallback<long>((_, value, _, _) => Interlocked.Add(ref _count, value));
            _listener.Start();
        }

        public long Count => Interlocked.Read(ref _count);

        public void Dispose() => _listener.Dispose();
    }
}
