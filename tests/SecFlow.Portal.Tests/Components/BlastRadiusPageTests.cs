using System.Net;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using SecFlow.Data.Plugins;
using SecFlow.Data.Teams;

namespace SecFlow.Portal.Tests.Components;

/// <summary>What a package touched, as a page and over the API.</summary>
[Collection(PortalTests.Name)]
public sealed class BlastRadiusPageTests(PortalFixture portal)
{
    [Fact]
    public async Task Page_OfABuiltinPlugin_NamesItsVersionAndItsApproval_AndItsSignerNamesAll()
    {
        using var browser = await portal.App.SignInAsync("ana");
        var all = await portal.App.Services.GetRequiredService<PluginStore>().ListAsync(Guid.Empty);
        var row = all.First(p => p.State == PluginState.Enabled && p.Signer is not null);

        var page = await browser.GetAsync("/blast-radius?of=" + Uri.EscapeDataString(row.Digest));

        page.Html.ShouldContain($"{row.PluginId} {row.Version}");
        page.Html.ShouldContain("Versions and who let them in");
        page.Html.ShouldNotContain("note-box error");
        (await browser.GetAsync("/blast-radius")).Html.ShouldContain("Ask for a package, a signer or a key");
        (await browser.GetAsync("/blast-radius?of=nobody")).Html.ShouldContain("Nothing here was touched");
        using var api = portal.App.ApiClient(await portal.App.AddTokenAsync(portal.Main, TeamRole.Admin, "audit:read"));
        using var radius = JsonDocument.Parse(await api.GetStringAsync(new Uri("/api/v1/blast-radius?of=" + Uri.EscapeDataString(row.Signer!), UriKind.Relative)));
        radius.RootElement.GetProperty("versions").GetArrayLength().ShouldBe(all.Count(p => p.Signer == row.Signer));
        radius.RootElement.GetProperty("everyTeam").GetBoolean().ShouldBeFalse();
    }

    [Theory]
    [InlineData("ben")]
    [InlineData("vera")]
    public async Task Page_ForWhoMayNotReadTheAuditLog_IsRefusedWithItsCode(string user)
    {
        using var browser = await portal.App.SignInAsync(user);

        foreach (var path in new[] { "/blast-radius", "/blast-radius?of=sha256:0" })
        {
            (await browser.GetAsync(path)).Html.ShouldContain("SF3001");
        }

        using var api = portal.App.ApiClient(await portal.App.AddTokenAsync(portal.Main, TeamRole.Analyst, "audit:read"));
        (await api.GetAsync(new Uri("/api/v1/blast-radius?of=x", UriKind.Relative))).StatusCode.ShouldBe(HttpStatusCode.Forbidden);
    }
}
