using Microsoft.Extensions.DependencyInjection;
using SecFlow.Data.Audit;
using SecFlow.Execution.Trust;
using SecFlow.PortalKit;

namespace SecFlow.Portal.Tests.Components;

public sealed class SecurityPageTests
{
    [Fact]
    public async Task Security_TrustPolicyWasRemoved_SaysThatTheOneBeforeStays()
    {
        await using var app = await SecFlowApplication.StartAsync();
        await app.Services.GetRequiredService<TrustPolicyService>().ReplaceAsync(Actor.System(), "# of this test\napiVersion: secflow/v1\nkind: PluginTrustPolicy\nspec:\n  noMatch: deny\n", CancellationToken.None);
        using var browser = await app.SignInAsync();
        (await browser.GetAsync("/security")).Html.ShouldNotContain("trust/policy.yaml");

        File.Delete(Path.Combine(app.DataFolder, "trust", "policy.yaml"));

        (await browser.GetAsync("/security")).Html.ShouldContain("The revision before stays in force");
    }
}
