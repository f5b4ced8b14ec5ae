using Microsoft.Extensions.DependencyInjection;
using SecFlow.Data.Audit;
using SecFlow.Data.Findings;
using SecFlow.Data.Targets;
using SecFlow.Data.Teams;
using SecFlow.Execution.Findings;
using SecFlow.Execution.Targets;

namespace SecFlow.Cli;

/// <summary>The engine on a data folder of its own, used by one process at a time.</summary>
internal sealed class Installation : IAsyncDisposable
{
    private const int PageSize = 200;

    private Installation(ServiceProvider services, Actor actor)
    {
        Services = services;
        Actor = actor;
    }

    public IServiceProvider Services { get; }

    /// <summary>The system user who runs the command, as admin of the one team of this folder.</summary>
    public Actor Actor { get; }

    public static Task<Installation> OpenAsync(string folder, Terminal terminal, CancellationToken ct) => throw new NotSupportedException();

    /// <summary>The target with this value; a new one is recorded as authorised by the system user.</summary>
    public async Task<Guid> AuthoriseAsync(string value, CancellationToken ct)
    {
        var targets = Services.GetRequiredService<TargetService>();
        var kind = KindOf(value);
        var known = await targets.ListAsync(Actor, ct);
        if (known.FirstOrDefault(t => t.ArchivedAt is null && t.Kind == kind && (t.Name == NameOf(value) || t.Value == value)) is { } same)
        {
            return same.Id;
        }

        var added = await targets.AddAsync(Actor, new NewTarget(NameOf(value), kind, value, $"Command line, by the system user {Actor.Name}", null) { PrivateAddressApproved = true }, ct);
        return added.Id;
    }

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

    public async ValueTask DisposeAsync() => await ((ServiceProvider)Services).DisposeAsync();

    internal static TargetKind KindOf(string value) =>
        value.Contains("://", StringComparison.Ordinal) ? TargetKind.Url
        : System.Net.IPNetwork.TryParse(value, out _) ? TargetKind.Cidr
        : value.StartsWith('/') || value.StartsWith("./", StringComparison.Ordinal) ? TargetKind.Folder
        : TargetKind.Host;

    private static string NameOf(string value) => value.Length <= 100 ? value : value[..100];
}
