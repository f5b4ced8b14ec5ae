using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using SecFlow.Data;
using SecFlow.Data.Runs;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Tests.Runs.Crashes;

namespace SecFlow.Execution.Tests.Runs.Trouble;

/// <summary>
/// An engine in a process of its own whose data folder is a small file system in memory, in a mount namespace that goes with it. It fills that, looks, makes room, looks again.
/// Speaks in lines <c>name=value</c>.
/// </summary>
internal static class FullDisk
{
    public const string Command = "full-disk";
    private const long Size = 48L << 20;

    public static async Task<IReadOnlyDictionary<string, string>> RunAsync(CrashInstallation installation)
    {
        var start = new ProcessStartInfo("unshare") { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        var data = Path.Combine(installation.Folder, "data");
        foreach (var argument in new[]
        {
            "--mount", "--propagation", "private", "sh", "-ec", $"cp -a \"$0\" \"$0.copy\"; mount -t tmpfs -o size={Size} secflow \"$0\"; cp -a \"$0.copy/.\" \"$0/\"; exec \"$@\"", data,
            "dotnet", typeof(FullDisk).Assembly.Location, Command, installation.Folder, installation.Team.ToString(), installation.Workflow.ToString(), installation.Target.ToString(),
        })
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(4));
        await using var kill = limit.Token.Register(() => process.Kill(entireProcessTree: true));
        var said = await process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        await process.WaitForExitAsync(CancellationToken.None);
        process.ExitCode.ShouldBe(0, $"{said}\n{await errors}");
        return said.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => line.Contains('=', StringComparison.Ordinal)).ToDictionary(line => line.Split('=')[0], line => line.Split('=', 2)[1]);
    }

    public static async Task<int> MainAsync(string[] args)
    {
        var installation = new CrashInstallation(args[1], null, Guid.Parse(args[2]), Guid.Parse(args[3]), Guid.Parse(args[4]));
        await using var engine = await TroubledEngine.StartAsync(installation, services => ((EngineOptions)services.Single(s => s.ServiceType == typeof(EngineOptions)).ImplementationInstance!).KeepFreeBytes = 8L << 20);
        Say("before", (await engine.FinalAsync((await engine.StartRunAsync("before")).Id)).Status);

        var acknowledged = new List<Guid> { (await engine.StartRunAsync("running")).Id };
        await engine.BegunAsync(acknowledged[0]);
        var ballast = Path.Combine(installation.Folder, "data", "ballast");
        Fill(ballast);
        await engine.TroubleAsync(Codes.DiskFull);
        Say("trouble", engine.Get<EngineTroubles>().Now.Single(t => t.HoldsClaims).Code);
        for (var i = 0; i < 3; i++)
        {
            try
            {
                acknowledged.Add((await engine.StartRunAsync($"full-{i}")).Id);
            }
            catch (Exception e) when (DatabaseTrouble.Of(e) is { Kind: TroubleKind.Full or TroubleKind.Gone })
            {
                Say($"refused-{i}", e.GetBaseException().Message);
            }
        }

        await Task.Delay(TimeSpan.FromSeconds(3));
        Say("running", (await engine.RunAsync(acknowledged[0])).Status);
        File.Delete(ballast);

        var succeeded = 0;
        foreach (var run in acknowledged)
        {
            succeeded += (await engine.FinalAsync(run)).Status == RunStatus.Succeeded ? 1 : 0;
        }

        Say("acknowledged", acknowledged.Count);
        Say("succeeded", succeeded);
        await engine.NoTroubleAsync(Codes.DiskFull);
        Say("afterwards", engine.Get<EngineTroubles>().Now is [] ? "none" : string.Join(' ', engine.Get<EngineTroubles>().Now));
        Say("audit", (await engine.AuditAsync()).Intact ? "intact" : "broken");
        return 0;
    }

    // To the last byte, again and again for a second: what the engine frees in between is taken as well.
    private static void Fill(string path)
    {
        using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        foreach (var size in new[] { 1 << 20, 1 << 16, 1 << 12 })
        {
            try
            {
                while (true)
                {
                    file.Write(new byte[size]);
                }
            }
            catch (IOException)
            {
                // Full for pieces of this size.
            }
        }
    }

    private static void Say(string name, object value) => Console.WriteLine($"{name}={value}");
}

/// <summary>A fact that needs the right to mount.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class FullDiskFactAttribute : FactAttribute
{
    public FullDiskFactAttribute()
    {
        if (Environment.UserName != "root")
        {
            Skip = "a small file system can be mounted by root only";
        }
    }
}
