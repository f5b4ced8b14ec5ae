using System.Diagnostics;
using System.Runtime.InteropServices;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using SecFlow.Data.Audit;
using SecFlow.Data.Runs;
using SecFlow.Data.Targets;
using SecFlow.Data.Teams;
using SecFlow.Execution.Runs;
using SecFlow.Execution.Sandboxing;
using SecFlow.Execution.Targets;
using SecFlow.Execution.Tests.Sandboxing.Network;
using SecFlow.Execution.Workflows;

namespace SecFlow.Execution.Tests.Runs;

/// <summary>A whole engine in a process of its own, so that what it leaves can be counted and it can be killed. Speaks in lines <c>name=value</c>.</summary>
internal static class EngineProcess
{
    public const string Variable = "SECFLOW_TEST_ENGINE";
    private const int NodesPerRun = 100;
    private const int ToolsPerNode = 20;
    private const int ToolNodesPerRun = 5;

    /// <summary>Starts it. <c>endless FOLDER</c>: a run whose plugin does not end. <c>nodes COUNT FOLDER</c>: so many node runs, then the count of what is left. <c>tools COUNT FOLDER</c>: so many tool runs, likewise.</summary>
    public static Process Start(string work, string temporary)
    {
        var dotnet = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", "dotnet"));
        return Process.Start(new ProcessStartInfo(dotnet)
        {
            ArgumentList = { typeof(EngineProcess).Assembly.Location },
            UseShellExecute = false,
            RedirectStandardOutput = true,
            Environment = { [Variable] = work, ["TMPDIR"] = temporary },
        })!;
    }

    public static async Task<int> RunAsync(string work)
    {
        var parts = work.Split(' ');
        return parts[0] switch
        {
            "endless" => await EndlessAsync(parts[1]),
            "tools" => await CountAsync(int.Parse(parts[1]) / ToolsPerNode, ToolNodesPerRun, nodes => string.Join('\n', Enumerable.Range(0, nodes).Select(i => $"  - {{ id: n{i}, type: analysis.tools }}")), parts[2]),
            _ => await CountAsync(int.Parse(parts[1]), NodesPerRun, Recipe, parts[2]),
        };
    }

    public static EngineOptions Options(string folder)
    {
        for (var i = 0; i < 4; i++)
        {
            Ship(folder, $"analysis.fib{i}", "var a = 0, b = 1, t, i; for (i = 0; i < 20; i++) { t = a + b; a = b; b = t; } ctx.emit('numbers', { fib: a });", "");
        }

        Ship(
            folder, "analysis.tools", $"for (var i = 0; i < {ToolsPerNode}; i++) {{ var r = ctx.tool('sh', ['-c', 'echo $1 > f; cat f >&2', 'sh', String(i)], {{ files: ['f'] }}); if (r.files.f.text() !== i + '\\n') {{ throw new Error('lost'); }} }}",
            "tools: [{ name: sh }]\n", "L2");
        Ship(folder, "analysis.endless", "while (true) { ctx.progress(1, 'on and on'); }", "limits: { host: { statements: 500000000, callbackMilliseconds: 60000 } }\n");
        return new EngineOptions { DataFolder = Path.Combine(folder, "data"), BuiltinPluginsFolder = Path.Combine(folder, "shipped"), InstanceId = "test" };
    }

    public static ServiceProvider Build(EngineOptions options) =>
        new ServiceCollection().AddLogging(l => l.SetMinimumLevel(LogLevel.Warning)).AddSecFlowEngine(options).BuildServiceProvider();

    private static void Ship(string folder, string id, string script, string manifest, string minLevel = "L1")
    {
        var plugin = Directory.CreateDirectory(Path.Combine(folder, "shipped", id)).FullName;
        File.WriteAllText(Path.Combine(plugin, "plugin.yaml"), $"apiVersion: secflow/v1\nid: {id}\nversion: 1.0.0\ntitle: Light\nintrusiveness: passive\noutputs:\n  numbers: {{ type: json }}\nminLevel: {minLevel}\n{manifest}");
        File.WriteAllText(Path.Combine(plugin, "config.schema.json"), """{"type":"object","additionalProperties":false}""");
        File.WriteAllText(Path.Combine(plugin, "README.md"), $"# {id}\n");
        File.WriteAllText(Path.Combine(plugin, "index.js"), $"module.exports = {{ execute: function (ctx) {{ {script} }} }};");
    }

    private static async Task<int> EndlessAsync(string folder)
    {
        await using var services = Build(Options(folder));
        await services.GetRequiredService<Engine>().StartAsync(default);
        var (admin, target) = await TeamAsync(services);
        var run = await StartAsync(services, admin, target, "  - { id: on, type: analysis.endless }");
        while ((await services.GetRequiredService<RunService>().GetAsync(admin, run, default)).Nodes[0].Progress is null)
        {
            await Task.Delay(50);
        }

        await using var tool = await ToolWithNetworkAsync(services);
        Console.WriteLine($"run={run}");
        await Task.Delay(Timeout.Infinite);
        return 0;
    }

    // The shells that make its network, and pasta, must end as the tool does.
    private static async Task<SandboxedProcess?> ToolWithNetworkAsync(IServiceProvider services) => NetworkFactAttribute.Reason is not null
        ? null
        : await SandboxedProcess.StartAsync(services.GetRequiredService<Sandbox>(), Networked.Spec(Networked.Plan(Networked.Rule("127.0.0.1/32", 80)), "/usr/bin/sleep", "600"), default);

    private static async Task<int> CountAsync(int nodes, int nodesPerRun, Func<int, string> recipe, string folder)
    {
        await using var services = Build(Options(folder));
        var engine = services.GetRequiredService<Engine>();
        await engine.StartAsync(default);
        var (admin, target) = await TeamAsync(services);

        // The first run opens what stays open: the database's connections, the runtime's own files.
        await FinishAsync(services, admin, await StartAsync(services, admin, target, recipe(4)));
        var before = Look(folder);
        var finished = 0;
        for (var done = 0; done < nodes; done += nodesPerRun)
        {
            finished += await FinishAsync(services, admin, await StartAsync(services, admin, target, recipe(nodesPerRun)));
        }

        Console.WriteLine($"finished={finished}");
        Tell("before", before);
        Tell("after", Look(folder));
        await engine.StopAsync(default);
        Tell("stopped", Look(folder));
        return 0;
    }

    // Mostly one plugin; others in between, so that hosts come and go.
    private static string Recipe(int nodes) => string.Join('\n', Enumerable.Range(0, nodes).Select(i => $"  - {{ id: n{i}, type: analysis.fib{(i % 20 == 0 ? 1 + (i / 20 % 3) : 0)} }}"));

    private static async Task<(Actor Admin, Guid Target)> TeamAsync(IServiceProvider services)
    {
        var team = await services.GetRequiredService<TeamStore>().CreateAsync(Actor.System(), "demo", "Demo");
        var admin = new Actor(ActorKind.User, "u", "admin", team.Id, TeamRole.Admin);
        var target = await services.GetRequiredService<TargetService>().AddAsync(admin, new NewTarget("shop", TargetKind.Url, "http://127.0.0.1:9/", "TEST-1", null) { PrivateAddressApproved = true }, default);
        return (admin, target.Id);
    }

    private static async Task<Guid> StartAsync(IServiceProvider services, Actor admin, Guid target, string nodes)
    {
        var workflow = await services.GetRequiredService<WorkflowService>().SaveAsync(admin, $"version: \"1.0\"\nname: r{Guid.NewGuid():N}\nnodes:\n{nodes}\n", default);
        return (await services.GetRequiredService<RunService>().StartAsync(admin, new StartRun(workflow.WorkflowId, [target], RunTrigger.Manual), default)).Id;
    }

    private static async Task<int> FinishAsync(IServiceProvider services, Actor admin, Guid run)
    {
        while (true)
        {
            var detail = await services.GetRequiredService<RunService>().GetAsync(admin, run, default);
            if (detail.Run.Status.IsFinal())
            {
                return detail.Nodes.Count(n => n.Status == NodeStatus.Succeeded);
            }

            await Task.Delay(100);
        }
    }

    private static Dictionary<string, int> Look(string folder)
    {
        var children = Directory.EnumerateDirectories("/proc").Select(Path.GetFileName).Where(n => int.TryParse(n, out _)).Select(ParentAndState).Where(p => p.Parent == Environment.ProcessId).ToList();
        return new()
        {
            ["processes"] = children.Count,
            ["zombies"] = children.Count(c => c.State == "Z"),
            ["descriptors"] = Directory.EnumerateFileSystemEntries("/proc/self/fd").Count(),
            ["memory"] = (int)(GC.GetTotalMemory(forceFullCollection: true) >> 10),
            ["groups"] = new[] { "/sys/fs/cgroup", "/sys/fs/cgroup/memory", "/sys/fs/cgroup/pids" }.Where(Directory.Exists)
                .SelectMany(root => Directory.EnumerateDirectories(root, $"secflow-{Environment.ProcessId}-*")).Sum(own => Directory.EnumerateDirectories(own).Count()),
            ["mounts"] = File.ReadAllLines("/proc/self/mountinfo").Length,
            ["temporary"] = Directory.EnumerateFileSystemEntries(Path.GetTempPath(), "secflow-*").Count(),
            ["records"] = Directory.EnumerateFiles(Path.Combine(folder, "data", "tmp", "sandboxes")).Count(),
            ["halfblobs"] = Directory.EnumerateFiles(Path.Combine(folder, "data", "blobs", "tmp")).Count(),
        };
    }

    private static (int Parent, string State) ParentAndState(string? pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return (int.Parse(fields[1]), fields[0]);
        }
        catch (IOException)
        {
            return (0, "");
        }
    }

    private static void Tell(string when, Dictionary<string, int> counts)
    {
        foreach (var (name, count) in counts)
        {
            Console.WriteLine($"{when}.{name}={count}");
        }
    }
}
