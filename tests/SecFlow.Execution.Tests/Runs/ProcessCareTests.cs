using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using SecFlow.Data.Runs;
using SecFlow.Execution.Sandboxing;
using SecFlow.Execution.Tests.Sandboxing;
using Xunit.Abstractions;

namespace SecFlow.Execution.Tests.Runs;

/// <summary>What an engine leaves behind: nothing, however many nodes it runs and however it ends.</summary>
public sealed class ProcessCareTests(ITestOutputHelper output) : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("secflow-care-").FullName;

    private string Temporary => Directory.CreateDirectory(Path.Combine(_folder, "tmp")).FullName;

    public void Dispose()
    {
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Engine_AThousandNodeRuns_LeavesNothing()
    {
        using var process = EngineProcess.Start($"nodes 1000 {_folder}", Temporary);
        var said = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        process.ExitCode.ShouldBe(0, said);
        int Value(string name) => int.Parse(said.Split('\n').Single(l => l.StartsWith(name + "=", StringComparison.Ordinal)).Split('=')[1]);

        Value("finished").ShouldBe(1000);
        foreach (var name in new[] { "zombies", "halfblobs" })
        {
            Value("after." + name).ShouldBe(0, name);
        }

        // Hosts that wait for the next run are the only processes, and have their records.
        Value("after.processes").ShouldBeLessThanOrEqualTo(2);
        Value("after.records").ShouldBeLessThanOrEqualTo(2);
        Value("after.mounts").ShouldBe(Value("before.mounts"));
        Value("after.temporary").ShouldBe(Value("before.temporary"));

        // A host that waits has six or seven descriptors, and may just be on its way; the pool of connections may hold a few more.
        Value("after.descriptors").ShouldBeLessThanOrEqualTo(Value("before.descriptors") + 30, said);
        foreach (var name in new[] { "processes", "zombies", "records", "halfblobs" })
        {
            Value("stopped." + name).ShouldBe(0, name);
        }

        Directory.EnumerateFileSystemEntries(Temporary, "secflow-*").ShouldBeEmpty();
    }

    /// <summary>200 in each test run; as many as <c>SECFLOW_TOOL_RUNS</c> says otherwise (docs/testing.md).</summary>
    [Fact]
    [Trait("Category", "Confinement")]
    public async Task Runs_Many_LeaveNothing()
    {
        var runs = int.Parse(Environment.GetEnvironmentVariable("SECFLOW_TOOL_RUNS") ?? "200");
        var watch = Stopwatch.StartNew();
        using var process = EngineProcess.Start($"tools {runs} {_folder}", Temporary);
        var said = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        process.ExitCode.ShouldBe(0, said);
        output.WriteLine($"{runs} tool runs in {watch.Elapsed.TotalSeconds:0.0} s\n{said}");
        int Value(string name) => int.Parse(said.Split('\n').Single(l => l.StartsWith(name + "=", StringComparison.Ordinal)).Split('=')[1]);

        Value("finished").ShouldBe(runs / 20, said);
        Value("after.zombies").ShouldBe(0);
        Value("after.processes").ShouldBeLessThanOrEqualTo(2, "hosts that wait for the next run");
        Value("after.mounts").ShouldBe(Value("before.mounts"));
        Value("after.temporary").ShouldBe(Value("before.temporary"));
        Value("after.groups").ShouldBeLessThanOrEqualTo(4, "those of waiting hosts");
        Value("after.descriptors").ShouldBeLessThanOrEqualTo(Value("before.descriptors") + 30, said);
        Value("after.memory").ShouldBeLessThanOrEqualTo(Value("before.memory") + (8 * 1024), said);
        foreach (var name in new[] { "processes", "zombies", "records", "groups" })
        {
            Value("stopped." + name).ShouldBe(0, name);
        }

        Directory.EnumerateFileSystemEntries(Temporary, "secflow-*").ShouldBeEmpty();
    }

    [Fact]
    public async Task Engine_Killed_ItsSandboxesDieWithItAndTheNextStartSweeps()
    {
        using var process = EngineProcess.Start($"endless {_folder}", Temporary);
        var line = await process.StandardOutput.ReadLineAsync();
        var run = Guid.Parse(line!["run=".Length..]);
        var sandboxes = Tree(process.Id).Where(p => p != process.Id).ToList();
        sandboxes.Count.ShouldBeGreaterThan(NetworkFactAttribute.Reason is null ? 5 : 1, "the host of the run and those that wait; a tool, the holder of its network and pasta");

        process.Kill();
        await process.WaitForExitAsync();
        await GoneAsync(sandboxes);
        var records = Path.Combine(_folder, "data", "tmp", "sandboxes");
        Directory.EnumerateFiles(records).ShouldNotBeEmpty("a killed engine could not remove them");

        await using var services = EngineProcess.Build(EngineProcess.Options(_folder));
        var old = Directory.GetFiles(records);
        var engine = services.GetRequiredService<Engine>();
        await engine.StartAsync(default);
        old.ShouldAllBe(f => !File.Exists(f));
        await engine.StopAsync(default);
        Directory.EnumerateFiles(records).ShouldBeEmpty();
        var row = (await services.GetRequiredService<RunStore>().FindAsync(run, default))!;
        row.Status.ShouldBeOneOf(RunStatus.Queued, RunStatus.Running);
    }

    [Fact]
    public async Task Ledger_EndsWhatADeadEngineRecorded_AndNothingElse()
    {
        using var orphan = Process.Start(new ProcessStartInfo("/bin/sleep", "300"))!;
        using var stranger = Process.Start(new ProcessStartInfo("/bin/sleep", "300"))!;
        try
        {
            SandboxLedger.Open(Path.Combine(_folder, "ledger")).Add(orphan.Id);
            var number = Path.Combine(_folder, "ledger", $"{stranger.Id}-1");
            File.WriteAllText(number, File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim());
            var otherBoot = Path.Combine(_folder, "ledger", $"{stranger.Id}-{ProcessTable.StartTime(stranger.Id)}");
            File.WriteAllText(otherBoot, "another boot");

            SandboxLedger.Open(Path.Combine(_folder, "ledger")).Swept.ShouldBe(1);
            await orphan.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(10));
            stranger.HasExited.ShouldBeFalse("its start time, or the boot, is another one");
            Directory.EnumerateFiles(Path.Combine(_folder, "ledger")).ShouldBeEmpty();
        }
        finally
        {
            stranger.Kill();
            orphan.Kill();
        }
    }

    [Fact]
    public async Task Sandbox_StartedFromAThreadThatEnds_LivesOn()
    {
        var sandbox = await Payload.Sandbox;
        var started = new TaskCompletionSource<SandboxedProcess>();
        var thread = new Thread(() => started.SetResult(SandboxedProcess.StartAsync(sandbox, Payload.Shell("read -r line; echo got=$line"), CancellationToken.None).GetAwaiter().GetResult()));
        thread.Start();
        thread.Join();
        await using var process = await started.Task;
        await Task.Delay(TimeSpan.FromMilliseconds(500));
        process.Exit.IsCompleted.ShouldBeFalse("it was created by the one thread that never ends");
        await process.StandardInput.WriteAsync("hello\n"u8.ToArray());
        using var reader = new StreamReader(process.StandardOutput);
        (await reader.ReadLineAsync()).ShouldBe("got=hello");
    }

    [Fact]
    public async Task Kill_ChildThatLeftItsSessionAndItsParent_EndsAsWell()
    {
        await using var process = await SandboxedProcess.StartAsync(
            await Payload.Sandbox, Payload.Shell("(setsid sh -c '(trap \"\" TERM HUP INT; sleep 300) & exit 0' &); sleep 1; echo up; sleep 300"), CancellationToken.None);
        await process.StandardOutput.ReadExactlyAsync(new byte[3]);
        var tree = Tree(process.Id);
        tree.Count.ShouldBeGreaterThan(2, "the orphan is a child of the sandbox's process 1");
        process.Kill();
        await process.Exit.WaitAsync(TimeSpan.FromSeconds(10));
        await GoneAsync(tree);
    }

    /// <summary>A process and all that descend from it.</summary>
    private static List<int> Tree(int root)
    {
        var parents = new Dictionary<int, int>();
        foreach (var name in Directory.EnumerateDirectories("/proc").Select(Path.GetFileName).Where(n => int.TryParse(n, out _)))
        {
            var pid = int.Parse(name!);
            if (ProcessTable.StatusLine(pid, "PPid:") is { } parent)
            {
                parents[pid] = (int)parent;
            }
        }

        var tree = new List<int> { root };
        for (var i = 0; i < tree.Count; i++)
        {
            tree.AddRange(parents.Where(p => p.Value == tree[i]).Select(p => p.Key));
        }

        return tree;
    }

    private static async Task GoneAsync(IReadOnlyCollection<int> processes)
    {
        for (var i = 0; i < 200 && processes.Any(IsAlive); i++)
        {
            await Task.Delay(50);
        }

        processes.Where(IsAlive).ShouldBeEmpty();
    }

    // A zombie is dead; whoever adopted it reaps it.
    private static bool IsAlive(int pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            return stat[(stat.LastIndexOf(')') + 2)..][0] != 'Z';
        }
        catch (IOException)
        {
            return false;
        }
    }
}
