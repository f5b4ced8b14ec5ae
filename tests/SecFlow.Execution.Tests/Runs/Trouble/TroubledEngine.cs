using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using SecFlow.Data;
using SecFlow.Data.Audit;
using SecFlow.Data.Runs;
using SecFlow.Execution.Tests.Runs.Crashes;

namespace SecFlow.Execution.Tests.Runs.Trouble;

/// <summary>The real engine in this process, on an installation whose database, disk or clock a test troubles.</summary>
internal sealed class TroubledEngine(CrashInstallation installation, IHost host) : IAsyncDisposable
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(90);

    public T Get<T>()
        where T : notnull => host.Services.GetRequiredService<T>();

    public static async Task<TroubledEngine> StartAsync(CrashInstallation installation, Action<IServiceCollection>? change = null)
    {
        var host = CrashEngine.Build(installation.Folder, installation.Database, change);
        await host.StartAsync();
        return new TroubledEngine(installation, host);
    }

    public Task<Run> StartRunAsync(string key) => Task.Run(() => CrashEngine.StartRunAsync(host.Services, installation, key));

    public async Task<Run> RunAsync(Guid id) => (await Get<RunStore>().FindAsync(id, default))!;

    /// <summary>Waits until a node of the run is at work.</summary>
    public Task BegunAsync(Guid id) => UntilAsync("a node runs", async () => (await Get<RunStore>().NodesAsync(id, default)).Any(n => n.Status != NodeStatus.Pending));

    public async Task<Run> FinalAsync(Guid id)
    {
        await UntilAsync("the run is final", async () => (await RunAsync(id)).Status.IsFinal());
        return await RunAsync(id);
    }

    public Task TroubleAsync(string code) => UntilAsync($"the engine says {code}", () => Task.FromResult(Get<EngineTroubles>().Now.Any(t => t.Code == code)));

    public Task NoTroubleAsync(string code) => UntilAsync($"the engine does not say {code} any more", () => Task.FromResult(Get<EngineTroubles>().Now.All(t => t.Code != code)));

    public async Task<AuditVerification> AuditAsync()
    {
        await Get<AuditLog>().CheckpointAsync();
        return await Get<AuditLog>().VerifyAsync();
    }

    public static async Task UntilAsync(string what, Func<Task<bool>> holds)
    {
        var since = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                if (await holds())
                {
                    return;
                }
            }
            catch (Exception e) when (DatabaseTrouble.Of(e) is not null)
            {
                // That is what the test is about.
            }

            TimeProvider.System.GetElapsedTime(since).ShouldBeLessThan(_patience, what);
            await Task.Delay(100);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await host.StopAsync();
        host.Dispose();
    }
}
