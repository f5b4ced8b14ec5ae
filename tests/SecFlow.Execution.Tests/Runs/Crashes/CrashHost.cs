using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using SecFlow.Execution.Runs;

namespace SecFlow.Execution.Tests.Runs.Crashes;

/// <summary>
/// A process that starts the engine and a run and dies at a point: <c>SecFlow.Execution.Tests.dll crash FOLDER TEAM WORKFLOW TARGET POINT PASS</c>.
/// The database comes by SECFLOW_DATABASE, as for the portal.
/// </summary>
internal static class CrashHost
{
    public const string Command = "crash";
    private const int Survived = 3;
    private const int Killed = 128 + 9;

    public static async Task<int> MainAsync(string[] args)
    {
        var point = new CrashPoint(args[5], int.Parse(args[6]));
        using var listening = DiagnosticListener.AllListeners.Subscribe(point);
        using var host = CrashEngine.Build(args[1], DatabaseVariable.Read(Environment.GetEnvironmentVariable), services =>
        {
            var real = services.Last(service => service.ServiceType == typeof(NodePlugins)).ImplementationFactory!;
            services.AddSingleton(provider => point.Watch((NodePlugins)real(provider)));
        });
        await host.StartAsync();
        var installation = new CrashInstallation(args[1], null, Guid.Parse(args[2]), Guid.Parse(args[3]), Guid.Parse(args[4]));
        await CrashEngine.StartRunAsync(host.Services, installation);
        await CrashEngine.FinalRunAsync(host.Services, installation.Team);
        return Survived;
    }

    /// <summary>Starts it and waits for its death; the processes that it had when it died.</summary>
    public static async Task<IReadOnlyList<string>> DieAsync(CrashInstallation installation, string point, int pass)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        foreach (var argument in new[] { typeof(CrashHost).Assembly.Location, Command, installation.Folder, installation.Team.ToString(), installation.Workflow.ToString(), installation.Target.ToString(), point, pass.ToString() })
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment[DatabaseVariable.Name] = installation.Database?.ConnectionString ?? "";
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(90));
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
        }

        var (said, trouble) = (await output, await errors);
        process.ExitCode.ShouldBe(Killed, $"{said}\n{trouble}");
        var line = said.Split('\n').Single(l => l.StartsWith($"reached {point} children ", StringComparison.Ordinal));
        return line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[3..];
    }
}
