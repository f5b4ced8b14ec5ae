using SecFlow.Data.Teams;
using SecFlow.PortalKit;

namespace SecFlow.Portal.Tests;

/// <summary>One running portal for the tests that do not change what others see: users ana (admin), ben (analyst), vera (viewer) in "Main"; oda (admin) in "Other".</summary>
public sealed class PortalFixture : IAsyncLifetime
{
    public SecFlowApplication App { get; private set; } = null!;

    public Team Main { get; private set; } = null!;

    public Team Other { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        App = await SecFlowApplication.StartAsync();
        Main = await App.TeamAsync();
        Other = await App.AddTeamAsync("other");
        await App.AddUserAsync("ana", Main, TeamRole.Admin);
        await App.AddUserAsync("ben", Main, TeamRole.Analyst);
        await App.AddUserAsync("vera", Main, TeamRole.Viewer);
        await App.AddUserAsync("oda", Other, TeamRole.Admin);
    }

    public async Task DisposeAsync() => await App.DisposeAsync();
}

[CollectionDefinition(Name)]
public sealed class PortalTests : ICollectionFixture<PortalFixture>
{
    public const string Name = "portal";
}
