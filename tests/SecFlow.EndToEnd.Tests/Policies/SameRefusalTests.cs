using System.Net.Http.Json;
using System.Net.Sockets;
using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Data.Sqlite;
using Microsoft.Playwright;
using SecFlow.Cli;
using SecFlow.Data.Audit;
using SecFlow.Data.Plugins;
using SecFlow.Data.Runs;
using SecFlow.Data.Schedules;
using SecFlow.Data.Targets;
using SecFlow.Data.Teams;
using SecFlow.EndToEnd.Tests.Browser;
using SecFlow.EndToEnd.Tests.Stage;
using SecFlow.Execution.Holds;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Sandboxing;
using SecFlow.Execution.Schedules;
using SecFlow.Execution.Targets;
using static Microsoft.Playwright.Assertions;

namespace SecFlow.EndToEnd.Tests.Policies;

// long: every way in and every refusal, one table over one portal
/// <summary>
/// The same request on every way: page, API, command line, schedule, another attempt of a node, a continuation after the engine was lost, the resume of a paused run, a retry and a re-run.
/// On each it is refused with the same code, rule and remedy, and leaves the same audit event.
/// </summary>
public sealed partial class SameRefusalTests
{
    private const string PluginId = "scan.test-same";

    // Asks the target; the first attempt waits for its answer, so that a test can change the world meanwhile. No answer = unreachable, which is worth another attempt.
    private const string Script = "module.exports = { execute: function (ctx) { try { ctx.http({ url: ctx.targets[0].url, timeoutMs: 100000 }); } catch (e) { ctx.verdict('unreachable', e.code); } } };";

    /// <summary>What a refusal says, and what is recorded of it.</summary>
    private sealed record Told(string Code, string Message, string Action, AuditOutcome Outcome, string? Reason, string Kind, string Id);

    /// <summary>A row of the table: what changes in the world, what is told, and how it changes back.</summary>
    private sealed record Case(string Name, string Code, string Rule, Func<Scene, Task> Change, Func<Scene, Task> Undo)
    {
        /// <summary>False where a running run is not refused but ended or left to wait: a hold.</summary>
        public bool RunningToo { get; init; } = true;
    }

    private static readonly Case[] _cases =
    [
        new("authorisation lapsed", "SF3005", "target.authorisation", s => s.SetTargetAsync("authorised_until", s.Now.AddMinutes(-1).UtcTicks), s => s.SetTargetAsync("authorised_until", null)),
        new("intrusiveness too high", "SF3006", "target.intrusiveness", s => s.SetTargetAsync("max_intrusiveness", (int)Intrusiveness.Passive), s => s.SetTargetAsync("max_intrusiveness", (int)Intrusiveness.Intrusive)),
        new("blackout window", "SF3020", "target.windows", s => s.SetTargetAsync("windows", s.Blackout), s => s.SetTargetAsync("windows", "")),
        new("plugin disabled", "SF2008", "plugin.enabled", s => s.SwitchPluginAsync(PluginState.Disabled), s => s.SwitchPluginAsync(PluginState.Enabled)),
        new("sandbox level", "SF4031", "sandbox.level", s => s.WeakenAsync(SandboxLevel.L1), s => s.WeakenAsync(null)),
        new("target of another team", "SF1502", "", s => s.SetTargetAsync("team_id", s.Other.ToString().ToUpperInvariant()), s => s.SetTargetAsync("team_id", s.Portal.Actor.TeamId.ToString().ToUpperInvariant())),
        new("missing role", "SF3001", "role >= Analyst", s => s.SetRoleAsync(TeamRole.Viewer), s => s.SetRoleAsync(TeamRole.Analyst)),
        new("hold", "SF3030", "hold.standing", s => s.HoldAsync(true), s => s.HoldAsync(false)) { RunningToo = false },
    ];

    [Fact]
    public async Task Refusal_OnEveryWay_IsTheSame_AndSoIsItsEvent()
    {
        await using var portal = await RunningPortal.StartAsync("none");
        await using var chromium = await Chromium.StartAsync();
        await using var scene = await Scene.CreateAsync(portal, chromium);
        foreach (var one in _cases)
        {
            var told = await scene.TellAsync(one);

            told.Keys.ShouldBe(one.RunningToo ? ["page", "api", "command line", "schedule", "retry", "resume", "resumed by a person", "retried by a person", "run again"] : ["page", "api", "command line", "schedule", "resumed by a person", "retried by a person", "run again"], ignoreOrder: true, one.Name);
            var expected = told["api"];
            expected.Code.ShouldBe(one.Code, one.Name);
            foreach (var (way, answer) in told)
            {
                answer.ShouldBe(expected, $"{one.Name} by {way}");
            }
        }
    }

    // The moment at which it was asked is part of some refusals.
    [GeneratedRegex(@"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Times();

    /// <summary>One portal with a person, a token of hers, a schedule of hers, and a target that does not answer.</summary>
    private sealed class Scene : IAsyncDisposable
    {
        private readonly TcpListener _silent = new(System.Net.IPAddress.Loopback, 0);
        private readonly List<Socket> _asked = [];
        private readonly SemaphoreSlim _arrived = new(0);
        private readonly string _database;
        private readonly SandboxReport _strong;
        private IPage _page = null!;
        private HttpClient _api = null!;
        private string _token = "";
        private string _viewerToken = "";
        private User _user = null!;
        private Guid _workflow;
        private Guid _target;
        private Guid _paused;
        private Guid _ended;
        private Schedule _schedule = null!;
        private PluginVersion _plugin = null!;

        private Scene(RunningPortal portal)
        {
            Portal = portal;
            _database = $"Data Source={Path.Combine(portal.DataFolder, "secflow.db")}";
            _strong = portal.Get<Sandbox>().Report;
            _silent.Start();
        }

        public RunningPortal Portal { get; }

        public Guid Other { get; private set; }

        public DateTimeOffset Now { get; } = TimeProvider.System.GetUtcNow();

        public string Blackout => "deny daily 00:00-24:00 UTC";

        public static async Task<Scene> CreateAsync(RunningPortal portal, Chromium chromium)
        {
            var scene = new Scene(portal) { Other = (await portal.Get<TeamStore>().CreateAsync(Actor.System(), "other", "Other")).Id };
            scene._plugin = await portal.Plugins.InstallAsync(PluginId, Script, minLevel: "L2");
            scene._user = await portal.AddUserAsync("ben", TeamRole.Analyst);
            var ben = new Actor(ActorKind.User, scene._user.Id.ToString(), "ben", portal.Actor.TeamId, TeamRole.Analyst);
            scene._target = (await portal.AddTargetAsync(new Uri($"http://127.0.0.1:{((System.Net.IPEndPoint)scene._silent.LocalEndpoint).Port}/"))).Id;
            scene._workflow = await portal.SaveWorkflowAsync($"version: \"1.0\"\nname: Same on every way\nnodes:\n  - {{ id: only, type: {PluginId}, inputs: [targets], outputs: [findings], retry: {{ max_attempts: 2, base_delay: 0 }} }}\n");
            scene._schedule = await portal.Get<ScheduleService>().AddAsync(ben, new NewSchedule("nightly", scene._workflow, "0 0 3 * * ?", "UTC", [scene._target]), default);
            scene._token = await portal.AddTokenAsync(TeamRole.Analyst);
            scene._viewerToken = await portal.AddTokenAsync(TeamRole.Viewer);
            scene._api = new HttpClient { BaseAddress = portal.Url };
            scene._page = await chromium.PageAsync(portal.Url);
            await FirstScanTests.SignInAsync(scene._page, "ben");
            scene._paused = await scene.AcceptAsync(ben);
            (await portal.Get<Execution.Runs.RunControl>().PauseAsync(ben, scene._paused, "", default)).ShouldBeTrue();
            scene._ended = await scene.AcceptAsync(ben);
            await portal.Runs.CancelAsync(ben, scene._ended, default);
            _ = scene.ListenAsync();
            return scene;
        }

        /// <summary>Asks for the same run on every way while the case holds.</summary>
        public async Task<Dictionary<string, Told>> TellAsync(Case one)
        {
            var (retry, resume) = (Guid.Empty, Guid.Empty);
            await OpenAndChooseAsync();
            if (one.RunningToo)
            {
                (retry, resume) = (await StartAsync(), await StartAsync());
                await _arrived.WaitAsync(TimeSpan.FromMinutes(1));
                await _arrived.WaitAsync(TimeSpan.FromMinutes(1));
            }

            await one.Change(this);
            try
            {
                var told = new Dictionary<string, Told>(StringComparer.Ordinal)
                {
                    ["page"] = await ByAsync(PageAsync),
                    ["api"] = await ByAsync(() => ApiAsync(one)),
                    ["command line"] = await ByAsync(() => CommandAsync(one)),
                    ["schedule"] = await ByAsync(ScheduleAsync),
                    ["resumed by a person"] = await ByAsync(() => ControlAsync(one, (control, ben) => control.ResumeAsync(ben, _paused, default))),
                    ["retried by a person"] = await ByAsync(() => ControlAsync(one, (control, ben) => control.RetryAsync(ben, _ended, null, default))),
                    ["run again"] = await ByAsync(() => ControlAsync(one, (control, ben) => control.RerunAsync(ben, _ended, default))),
                };
                if (one.RunningToo)
                {
                    told["resume"] = await ByAsync(() => ResumeAsync(resume));
                    told["retry"] = await ByAsync(() => RetryAsync(retry));
                }

                return told;
            }
            finally
            {
                await one.Undo(this);
            }
        }

        public Task SetTargetAsync(string column, object? value) => ExecuteAsync($"UPDATE targets SET {column} = $value, revision = revision + 1 WHERE id = $id", _target, ("$value", value));

        private async Task ExecuteAsync(string sql, Guid id, params (string Name, object? Value)[] values)
        {
            await using var connection = new SqliteConnection(_database);
            await connection.OpenAsync();
            await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // the words are those of this test
            command.CommandText = sql;
#pragma warning restore CA2100
            foreach (var (name, value) in values)
            {
                command.Parameters.AddWithValue(name, value ?? DBNull.Value);
            }

            command.Parameters.AddWithValue("$id", id.ToString().ToUpperInvariant());
            (await command.ExecuteNonQueryAsync()).ShouldBe(1);
        }

        public Task SwitchPluginAsync(PluginState state) => Portal.Get<PluginRegistry>().ChangeStateAsync(Actor.System(name: "test"), _plugin.Id, state, "by a test", default);

        /// <summary>The machine confines less than the plugin asks for; null = as it is.</summary>
        public Task WeakenAsync(SandboxLevel? level)
        {
            typeof(Sandbox).GetField("<Report>k__BackingField", BindingFlags.Instance | BindingFlags.NonPublic)!.SetValue(Portal.Get<Sandbox>(), level is { } weak ? _strong with { Level = weak } : _strong);
            return Task.CompletedTask;
        }

        public Task SetRoleAsync(TeamRole role) => Portal.Get<TeamStore>().SetMemberAsync(Actor.System(Portal.Actor.TeamId, "test"), _user.Id, role);

        public async Task HoldAsync(bool hold)
        {
            var holds = Portal.Get<HoldService>();
            _ = hold ? await holds.StopAsync(Portal.Actor, HoldReach.Team, "tested", "demo", default) : await holds.ResumeAsync(Portal.Actor, HoldReach.Team, "tested", default);
        }

        public async ValueTask DisposeAsync()
        {
            _silent.Stop();
            _asked.ForEach(s => s.Dispose());
            _api.Dispose();
            await Task.CompletedTask;
        }

        private async Task ListenAsync()
        {
            try
            {
                while (true)
                {
                    var socket = await _silent.AcceptSocketAsync();
                    lock (_asked)
                    {
                        _asked.Add(socket);
                    }

                    _arrived.Release();
                }
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException)
            {
                // The test is over.
            }
        }

        private void HangUp()
        {
            lock (_asked)
            {
                _asked.ForEach(s => s.Dispose());
                _asked.Clear();
            }
        }

        /// <summary>What is told, with the event that the way left.</summary>
        private async Task<Told> ByAsync(Func<Task<(string Code, string Message)>> way)
        {
            var before = (await Portal.AuditAsync())[0].Seq;
            var (code, message) = await way();
            var denied = (await Portal.AuditAsync()).Where(e => e.Seq > before && e.Outcome == AuditOutcome.Denied && e.Action is "start.run" or "refuse.access" && e.Seq > before).ToList();
            var e = denied.ShouldHaveSingleItem($"{code} {message}: {string.Join("; ", denied.Select(d => d.Action + " " + d.ReasonCode))}");
            return new Told(code, Times().Replace(message, "(now)"), e.Action, e.Outcome, e.ReasonCode, e.ResourceKind, e.ResourceId.ToUpperInvariant());
        }

        private async Task<Guid> StartAsync()
        {
            var ben = new Actor(ActorKind.User, _user.Id.ToString(), "ben", Portal.Actor.TeamId, TeamRole.Analyst);
            return (await Portal.Runs.StartAsync(ben, new Execution.Runs.StartRun(_workflow, [_target], RunTrigger.Manual), default)).Id;
        }

        /// <summary>A run that nobody was woken for: it can be paused or cancelled before it begins.</summary>
        private async Task<Guid> AcceptAsync(Actor ben)
        {
            var made = await Portal.Get<Execution.Runs.RunAcceptance>().PrepareAsync(ben, new Execution.Runs.StartRun(_workflow, [_target], RunTrigger.Manual), new Execution.Runs.StartFacts(), default);
            return (await Portal.Get<RunStore>().CreateAsync(made, default)).Id;
        }

        private async Task<(string, string)> ControlAsync(Case one, Func<Execution.Runs.RunControl, Actor, Task> act)
        {
            var ben = new Actor(ActorKind.User, _user.Id.ToString(), "ben", Portal.Actor.TeamId, one.Code == "SF3001" ? TeamRole.Viewer : TeamRole.Analyst);
            var refused = await Should.ThrowAsync<Execution.Diagnostics.SecFlowException>(() => act(Portal.Get<Execution.Runs.RunControl>(), ben));
            return (refused.Code, refused.Diagnostics[0].Message);
        }

        private async Task OpenAndChooseAsync()
        {
            await _page.GotoAsync($"workflows/{_workflow}");
            await Expect(_page.Locator("main[data-live=true]")).ToBeVisibleAsync();
            await _page.GetByRole(AriaRole.Button, new() { Name = "Run", Exact = true }).ClickAsync();
            await _page.Locator(".run-box label.check").Filter(new() { HasText = $":{((System.Net.IPEndPoint)_silent.LocalEndpoint).Port}/" }).GetByRole(AriaRole.Checkbox).CheckAsync();
        }

        private async Task<(string, string)> PageAsync()
        {
            await _page.Locator("#start-run").ClickAsync();
            var box = _page.Locator("main .note-box.error").First;
            await Expect(box.Locator("code")).ToBeVisibleAsync();
            var code = await box.Locator("code").First.InnerTextAsync();
            var texts = await box.Locator("span").AllInnerTextsAsync();
            return (code, texts[0]);
        }

        private async Task<(string, string)> ApiAsync(Case one)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "api/v1/runs") { Content = JsonContent.Create(new { workflowId = _workflow, targetIds = new[] { _target } }) };
            request.Headers.Authorization = new("Bearer", one.Code == "SF3001" ? _viewerToken : _token);
            using var answer = await _api.SendAsync(request);
            using var problem = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
            var root = problem.RootElement;
            if (one.Rule.Length > 0)
            {
                root.GetProperty("rule").GetString().ShouldBe(one.Rule);
                root.GetProperty("remedy").GetString().ShouldNotBeNullOrEmpty();
            }

            return (root.GetProperty("code").GetString()!, root.GetProperty("detail").GetString()!);
        }

        private async Task<(string, string)> CommandAsync(Case one)
        {
            Environment.SetEnvironmentVariable("SECFLOW_TOKEN", one.Code == "SF3001" ? _viewerToken : _token);
            await using var stdout = new StringWriter();
            await using var stderr = new StringWriter();
            var body = JsonSerializer.Serialize(new { workflowId = _workflow, targetIds = new[] { _target } });
            var exit = await CliApp.RunAsync(["api", "POST", "/api/v1/runs", "--url", Portal.Url.ToString(), "--body", body], stdout, stderr);
            exit.ShouldBe(one.Code == "SF1502" ? 2 : 3, stderr.ToString());
            var line = stderr.ToString().Split('\n')[0];
            return (line[..6], line[8..].TrimEnd('\r'));
        }

        private async Task<(string, string)> ScheduleAsync()
        {
            // An authorisation that ends stops the schedule, by this firing or by the engine's look every half minute; here it is asked as often as anybody else.
            string refusal;
            do
            {
                await ExecuteAsync("UPDATE schedules SET stopped_reason = NULL WHERE id = $id", _schedule.Id);
                (await Portal.Get<ScheduleFiring>().FireAsync(_schedule.Id, TimeProvider.System.GetUtcNow(), default)).ShouldBeNull();
                refusal = (await Portal.Get<ScheduleStore>().FindAsync(Portal.Actor.TeamId, _schedule.Id))!.LastRefusal!;
            }
            while (refusal.Contains("it was stopped", StringComparison.Ordinal));

            return (refusal[..6], refusal[8..]);
        }

        /// <summary>The first attempt's request fails, the second attempt begins.</summary>
        private async Task<(string, string)> RetryAsync(Guid run)
        {
            HangUp();
            return await EndAsync(run);
        }

        /// <summary>As after the end of the engine that executed it: another one has claimed the run and died, and nobody holds it any more.</summary>
        private async Task<(string, string)> ResumeAsync(Guid run)
        {
            await ExecuteAsync("UPDATE runs SET lease_epoch = lease_epoch + 1, lease_owner = 'gone', lease_until = NULL WHERE id = $id", run);
            return await EndAsync(run);
        }

        private async Task<(string, string)> EndAsync(Guid run)
        {
            var node = (await Portal.WaitAsync(run, 60)).Nodes[0];
            node.Attempt.ShouldBe(2);
            return (node.ErrorCode!, node.ErrorMessage!);
        }
    }
}
