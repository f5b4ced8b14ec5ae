using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using SecFlow.Data.Audit;
using SecFlow.Data.Findings;
using SecFlow.Data.Targets;
using SecFlow.Data.Teams;
using SecFlow.Execution;
using SecFlow.Execution.Findings;
using SecFlow.Execution.Targets;

namespace SecFlow.Cli;

/// <summary>The engine on a data folder of its own, used by one process at a time.</summary>
internal sealed class Installation : IAsyncDisposable
{
    private const int PageSize = 200;

    private const string TeamSlug = "local";
    private readonly IHost _host;

    private Installation(IHost host, Actor actor)
    {
        _host = host;
        Actor = actor;
    }

    public IServiceProvider Services => _host.Services;

    /// <summary>The system user who runs the command, as admin of the one team of this folder.</summary>
    public Actor Actor { get; }

    /// <summary>Takes the folder (SF7005 when another process has it), brings the schema up to date, installs the built-in plugins and starts the engine.</summary>
    public static async Task<Installation> OpenAsync(string folder, Terminal terminal, CancellationToken ct)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true, ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.SetMinimumLevel(LogLevel.Error).AddProvider(new TerminalLog(terminal));
        builder.Services.AddSecFlowEngine(new EngineOptions { DataFolder = Path.GetFullPath(folder), Database = DatabaseVariable.Read(Environment.GetEnvironmentVariable), ParallelRuns = 1, StopWithin = TimeSpan.FromSeconds(5) });
        var host = builder.Build();
        try
        {
            PrivateFolder(folder);
            await host.StartAsync(ct);
            var teams = host.Services.GetRequiredService<TeamStore>();
            var team = await teams.FindBySlugAsync(TeamSlug, ct) ?? await teams.CreateAsync(Actor.System(), TeamSlug, "Command line", ct: ct);
            return new Installation(host, new Actor(ActorKind.User, "local:" + Environment.UserName, Environment.UserName, team.Id, TeamRole.Admin));
        }
        catch
        {
            await DisposeAsync(host);
            throw;
        }
    }

    /// <summary>The target with this value; a new one is recorded as authorised by the system user.</summary>
    public async Task<Guid> AuthoriseAsync(string value, CancellationToken ct)
    {
        var added = await FindTargetAsync(value, ct) ?? await Services.GetRequiredService<TargetService>().AddAsync(Actor, NewTarget(value), ct);
        return added.Id;
    }

    /// <summary>The target with this value; null when it was never recorded.</summary>
    public async Task<Target?> FindTargetAsync(string value, CancellationToken ct)
    {
        var known = await Services.GetRequiredService<TargetService>().ListAsync(Actor, ct);
        return known.FirstOrDefault(t => t.ArchivedAt is null && t.Kind == KindOf(value) && (t.Name == NameOf(value) || t.Value == value));
    }

    /// <summary>What is recorded of a new target.</summary>
    public NewTarget NewTarget(string value) => new(NameOf(value), KindOf(value), value, $"Command line, by the system user {Actor.Name}", null) { PrivateAddressApproved = true };

    /// <summary>All findings that a run saw, most severe first.</summary>
    public async Task<IReadOnlyList<Finding>> FindingsOfAsync(Guid runId)
    {
        var service = Services.GetRequiredService<FindingService>();
        List<Finding> all = [];
        while (true)
        {
            // Read to the end also after Ctrl-C: what a cancelled run found is shown.
            var page = await service.ListAsync(Actor, new FindingQuery { RunId = runId, Skip = all.Count, Take = PageSize }, CancellationToken.None);
            all.AddRange(page.Rows);
            if (page.Rows.Count == 0 || all.Count >= page.Total)
            {
                return all;
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        await DisposeAsync(_host);
    }

    internal static TargetKind KindOf(string value) =>
        value.Contains("://", StringComparison.Ordinal) ? TargetKind.Url
        : System.Net.IPNetwork.TryParse(value, out _) ? TargetKind.Cidr
        : value.StartsWith('/') || value.StartsWith("./", StringComparison.Ordinal) ? TargetKind.Folder
        : TargetKind.Host;

    private static string NameOf(string value) => value.Length <= 100 ? value : value[..100];

    /// <summary>Findings and keys are nobody else's business.</summary>
    private static void PrivateFolder(string folder)
    {
        if (!Directory.Exists(folder) && !OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    /// <summary>The container holds services that only dispose asynchronously.</summary>
    private static async ValueTask DisposeAsync(IHost host)
    {
        if (host is IAsyncDisposable asynchronous)
        {
            await asynchronous.DisposeAsync();
        }
        else
        {
            host.Dispose();
        }
    }
}
