using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;
using SecFlow.Data.Teams;
using SecFlow.TestKit;

namespace SecFlow.Data.Tests.Teams;

public sealed class IdentityStoresTests
{
    [DatabaseData]
    public async Task UserManager_OnTheDerivedContext_CreatesAndChecksUsers(DatabaseKind kind)
    {
        await using var test = await TestDatabase.CreateAsync(kind);
        var services = new ServiceCollection().AddLogging().AddSecFlowData(test.Database.Options, test.Folder);
        services.AddIdentityCore<User>().AddRoles<IdentityRole<Guid>>().AddSecFlowStores();
        await using var provider = services.BuildServiceProvider(validateScopes: true);

        using (var scope = provider.CreateScope())
        {
            var users = scope.ServiceProvider.GetRequiredService<UserManager<User>>();
            (await users.CreateAsync(new User { UserName = "ada" }, "Correct-Horse-7")).Succeeded.ShouldBeTrue();
            (await users.CreateAsync(new User { UserName = "ADA" }, "Correct-Horse-7")).Succeeded.ShouldBeFalse();
        }

        using (var scope = provider.CreateScope())
        {
            var users = scope.ServiceProvider.GetRequiredService<UserManager<User>>();
            var ada = (await users.FindByNameAsync("ada")).ShouldNotBeNull();
            (await users.CheckPasswordAsync(ada, "Correct-Horse-7")).ShouldBeTrue();
            (await users.CheckPasswordAsync(ada, "wrong")).ShouldBeFalse();
            (await users.GetPasskeysAsync(ada)).ShouldBeEmpty();
        }
    }
}
