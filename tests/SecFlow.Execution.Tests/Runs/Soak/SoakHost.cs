using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using SecFlow.Data.Runs;
using SecFlow.Execution.Runs;
using SecFlow.Execution.Tests.Runs.Crashes;

namespace SecFlow.Execution.Tests.Runs.Soak;

/// <summary>
/// An engine and its client in one process: <c>SecFlow.Execution.Tests.dll soak FOLDER TEAM WORKFLOW TARGET NEXT</c>. Asks for one run after the other, keeps a few open, and says which were accepted:
/// what stands on its output was acknowledged. It is killed at any time. A line with a number on its input is how many runs there shall be: then it works off what is open and ends.
/// </summary>
internal static class SoakHost
{
    public const string Command = "soak";
    public const string Ready = "ready";
    public const string Accepted = "accepted";
    private const int Open = 5;

    public static async Task<int> MainAsync(string[] args)
    {
        var installation = new CrashInstallation(args[1], DatabaseVariable.Read(Environment.GetEnvironmentVariable), Guid.Parse(args[2]), Guid.Parse(args[3]), Guid.Parse(args[4]));
        using var host = CrashEngine.Build(installation.Folder, installation.Database, services =>
        {
            // A run that is killed this often in a row is what this is about.
            var options = (RunWorkerOptions)services.Last(service => service.ServiceType == typeof(RunWorkerOptions)).ImplementationInstance!;
            services.AddSingleton(options with { MostClaims = 10_000 });
        });
        var shall = Task.Run(Console.In.ReadLineAsync);
        await host.StartAsync();
        Say(Ready);
        for (var next = int.Parse(args[5]); ;)
        {
            var most = shall.IsCompleted ? int.Parse((await shall)!) : int.MaxValue;
            var (queued, running) = await host.Services.GetRequiredService<RunStore>().DepthAsync(CancellationToken.None);
            var open = queued.Values.Sum() + running;
            if (next < most && open < Open)
            {
                var run = await CrashEngine.StartRunAsync(host.Services, installation, Key(next));
                Say($"{Accepted} {next} {run.Id}");
                next++;
            }
            else if (next >= most && open == 0)
            {
                break;
            }
            else
            {
                await Task.Delay(20);
            }
        }

        await host.StopAsync();
        return 0;
    }

    public static string Key(int number) => $"soak/{number}";

    private static void Say(string line)
    {
        Console.Out.WriteLine(line);
        Console.Out.Flush();
    }
}
