using System.Net.Sockets;
using Microsoft.AspNetCore.DataProtection;
using SecFlow.Data;
using SecFlow.Data.Audit;
using SecFlow.Data.Targets;
using SecFlow.Data.Teams;
using SecFlow.Execution.Metrics;
using SecFlow.Execution.Targets;
using SecFlow.Execution.Teams;
using SecFlow.TestKit;

namespace SecFlow.Execution.Tests.Targets;

/// <summary>A database with one team and everything about targets; names resolve to nothing.</summary>
internal sealed class TargetWorld : IAsyncDisposable
{
    private readonly TestDatabase _test;

    private TargetWorld(TestDatabase test, Team team)
    {
        _test = test;
        Admin = new Actor(ActorKind.User, "u-1", "ada", team.Id, TeamRole.Admin);
        Audit = new AuditLog(test.Database, AuditFiles.In(test.Folder));
        Access = new Access(Audit, new OwnerStore(test.Database));
        Targets = new TargetStore(test.Database);
        DataFolder = Directory.CreateDirectory(Path.Combine(test.Folder, "data")).FullName;
        Allowed = Directory.CreateDirectory(Path.Combine(test.Folder, "allowed")).FullName;
        Folders = new TargetFolders(DataFolder, [Allowed]);
        var validation = new TargetValidation(test.Database.Time, Folders, (_, _) => throw new SocketException((int)SocketError.HostNotFound));
        Service = new TargetService(Targets, Access, validation, test.Database.Time);
        Import = new TargetImport(Targets, Service, validation, Access);
        Archives = new TargetArchives(Folders, Targets, Access, Audit, test.Database.Time);
        SecretStore = new TargetSecretStore(test.Database);
        Protection = new SecretProtection(new EphemeralDataProtectionProvider());
        Secrets = new SecretService(SecretStore, Protection, Access);
        Reader = new SecretReader(SecretStore, Protection, Audit, Meter);
    }

    public Actor Admin { get; }

    public AuditLog Audit { get; }

    public Access Access { get; }

    public TargetStore Targets { get; }

    public string DataFolder { get; }

    /// <summary>Below it folders may be targets.</summary>
    public string Allowed { get; }

    public TargetFolders Folders { get; }

    public TargetService Service { get; }

    public TargetImport Import { get; }

    public TargetArchives Archives { get; }

    public TargetSecretStore SecretStore { get; }

    public SecretProtection Protection { get; }

    public SecretService Secrets { get; }

    public SecretReader Reader { get; }

    public SecFlowMeter Meter { get; } = new();

    public DateTimeOffset Now => _test.Database.Time.GetUtcNow();

    public Database Database => _test.Database;

    public static async Task<TargetWorld> CreateAsync(DatabaseKind kind = DatabaseKind.Sqlite)
    {
        var test = await TestDatabase.CreateAsync(kind);
        return new TargetWorld(test, await new TeamStore(test.Database).CreateAsync(Actor.System(), "payments", "Payments"));
    }

    public async Task<Actor> StrangerAsync() => Admin with { TeamId = (await new TeamStore(_test.Database).CreateAsync(Actor.System(), "other", "Other")).Id };

    public void Advance(TimeSpan by) => ((TestTime)_test.Database.Time).Advance(by);

    public async Task<IReadOnlyList<AuditEvent>> EventsAsync(string action) => (await Audit.ListAsync(new AuditQuery(Admin.TeamId) { Action = action, Take = 500 })).Events;

    public async ValueTask DisposeAsync()
    {
        Meter.Dispose();
        await _test.DisposeAsync();
    }
}
