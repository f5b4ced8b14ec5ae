using Microsoft.Extensions.DependencyInjection;
using SecFlow.Data.Audit;
using SecFlow.Data.Findings;
using SecFlow.Data.Runs;
using SecFlow.Data.Targets;
using SecFlow.Data.Teams;
using SecFlow.DemoTarget;
using SecFlow.Execution.Findings;
using SecFlow.Execution.Runs;
using SecFlow.Execution.Targets;
using SecFlow.Execution.Workflows;
using SecFlow.PortalKit;

namespace SecFlow.EndToEnd.Tests.Stage;

/// <summary>The real portal with its engine in this process, on a free port with a data folder of its own, beside a demo shop.</summary>
internal sealed class RunningPortal : IAsyncDisposable
{
    private readonly SecFlowApplication _app;

    private RunningPortal(SecFlowApplication app, WeakShop shop, Actor actor)
    {
        _app = app;
        Shop = shop;
        Actor = actor;
        Plugins = new SignedPlugins(app.Services, app.DataFolder);
    }

    public Uri Url => _app.Url;

    public string DataFolder => _app.DataFolder;

    public IServiceProvider Services => _app.Services;

    /// <summary>The demo target of this installation.</summary>
    public WeakShop Shop { get; }

    /// <summary>An administrator of the demo team.</summary>
    public Actor Actor { get; }

    public SignedPlugins Plugins { get; }

    public RunService Runs => Get<RunService>();

    /// <summary>The one-time link of a start without a password.</summary>
    public Uri? SignInLink => _app.SignInLink;

    /// <param name="faults">What is wrong with the demo shop.</param>
    /// <param name="seed">Of the choice.</param>
    /// <param name="adminPassword">Null: a one-time link is made.</param>
    public static async Task<RunningPortal> StartAsync(string faults = "demo", int seed = 1, string? adminPassword = SecFlowApplication.AdminPassword)
    {
        var shop = await WeakShop.StartAsync(DemoFaults.Choose(faults, seed), seed);
        var app = await SecFlowApplication.StartAsync(options => options with { Demo = true, DemoTarget = shop.Url.ToString(), AdminPassword = adminPassword, Time = TimeProvider.System });
        var team = await app.TeamAsync("demo");
        return new RunningPortal(app, shop, Actor.System(team.Id, "end-to-end test"));
    }

    public T Get<T>()
        where T : notnull => Services.GetRequiredService<T>();

    /// <summary>A user with the password of the tests, as a member of the demo team.</summary>
    public async Task<User> AddUserAsync(string name, TeamRole role) => await _app.AddUserAsync(name, await _app.TeamAsync("demo"), role);

    /// <summary>Text of a token of the demo team that may start runs, as far as its role goes.</summary>
    public async Task<string> AddTokenAsync(TeamRole role, params string[] scopes) => await _app.AddTokenAsync(await _app.TeamAsync("demo"), role, scopes.Length == 0 ? ["runs:write", "runs:read"] : scopes);

    public Task<Target> AddTargetAsync(Uri url) => Get<TargetService>().AddAsync(
        Actor,
        new NewTarget($"{url.Host}:{url.Port} {Guid.NewGuid():N}", TargetKind.Url, url.ToString(), "end-to-end test", null) { PrivateAddressApproved = true, RequestsPerSecond = 1000 },
        CancellationToken.None);

    public async Task<Guid> SaveWorkflowAsync(string recipe) => (await Get<WorkflowService>().SaveAsync(Actor, recipe, CancellationToken.None)).WorkflowId;

    /// <summary>A workflow of one node.</summary>
    public Task<Guid> SaveWorkflowAsync(string name, string plugin, string timeout = "5m") => SaveWorkflowAsync($"""
        version: "1.0"
        name: {name}
        nodes:
          - id: only
            type: {plugin}
            inputs: [targets]
            outputs: [findings]
            timeout: {timeout}
        """);

    public Task<Run> StartRunAsync(Guid workflow, params Guid[] targets) => Runs.StartAsync(Actor, new StartRun(workflow, targets, RunTrigger.Manual), CancellationToken.None);

    /// <summary>Waits until the run is final.</summary>
    public async Task<RunDetail> WaitAsync(Guid run, int seconds = 60)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(seconds));
        while (true)
        {
            var detail = await Runs.GetAsync(Actor, run, CancellationToken.None);
            if (detail.Run.Status.IsFinal())
            {
                return detail;
            }

            limit.IsCancellationRequested.ShouldBeFalse($"The run is still {detail.Run.Status} after {seconds} s; nodes: {string.Join(", ", detail.Nodes.Select(n => $"{n.NodeId} {n.Status}"))}.");
            await Task.Delay(50, CancellationToken.None);
        }
    }

    public async Task<RunDetail> RunAsync(Guid workflow, params Guid[] targets) => await WaitAsync((await StartRunAsync(workflow, targets)).Id);

    /// <summary>Every finding that was seen in a run.</summary>
    public async Task<IReadOnlyList<Finding>> FindingsAsync(Guid run)
    {
        var all = new List<Finding>();
        while (true)
        {
            var page = await Get<FindingService>().ListAsync(Actor, new FindingQuery { RunId = run, Skip = all.Count, Take = 200 }, CancellationToken.None);
            all.AddRange(page.Rows);
            if (page.Rows.Count == 0 || all.Count >= page.Total)
            {
                return all;
            }
        }
    }

    public async Task<IReadOnlyList<AuditEvent>> AuditAsync(string? action = null)
    {
        var page = await Get<AuditLog>().ListAsync(new AuditQuery(Actor.TeamId) { Installation = true, Take = 200 });
        return [.. page.Events.Where(e => action is null || e.Action == action)];
    }

    public async ValueTask DisposeAsync()
    {
        Plugins.Dispose();
        await _app.DisposeAsync();
        await Shop.DisposeAsync();
    }
}
