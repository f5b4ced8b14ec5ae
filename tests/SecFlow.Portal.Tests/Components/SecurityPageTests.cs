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

    [Fact]
    public async Task Security_RefusedAndQuarantined_AreShownWithTheirRunAndTheLimits()
    {
        await using var app = await SecFlowApplication.StartAsync();
        var run = Guid.NewGuid();
        var log = app.Services.GetRequiredService<AuditLog>();
        await log.AppendAsync(new AuditEntry(Actor.System(), "refuse.http", "node", $"{run}/scan", "scan.rude 1.0.0") { Outcome = AuditOutcome.Denied, ReasonCode = "SF3003" });
        await log.AppendAsync(new AuditEntry(Actor.System(), "quarantine.plugin", "plugin", Guid.NewGuid().ToString(), "scan.rude 1.0.0"));
        using var browser = await app.SignInAsync();

        var html = (await browser.GetAsync("/security")).Html;

        html.ShouldContain("SF3003");
        html.ShouldContain($"runs/{run}");
        html.ShouldContain("scan.rude");
        html.ShouldContain("Tool: processes");
        html.ShouldContain("128 MiB");
        html.ShouldContain("secflow doctor");
    }
}
