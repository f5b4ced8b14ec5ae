using System.Security.Cryptography;
using System.Text;
using SecFlow.Data.Audit;
using SecFlow.Data.Teams;
using SecFlow.Data.Trust;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Teams;
using SecFlow.Execution.Tests.Plugins;
using SecFlow.Execution.Trust;
using SecFlow.SigstoreKit;

namespace SecFlow.Execution.Tests.Trust;

public sealed class TrustAdministrationTests
{
    [Fact]
    public async Task ReplaceRoot_ByAnAdministrator_IsPinnedAuditedAndTheOldRevisionCanComeBack()
    {
        await using var world = await PluginWorld.CreateAsync();
        using var first = new MockSigstore();
        using var second = new MockSigstore(name: "other.test");
        var trust = Administration(world);
        var admin = world.Admin with { OfInstallation = true };
        (await trust.ReplaceRootAsync(admin, "lab", first.TrustedRoot(), demoOnly: true, default)).Roots.ShouldHaveSingleItem().DemoOnly.ShouldBeTrue();
        var after = await trust.ReplaceRootAsync(admin, "lab", second.TrustedRoot(), demoOnly: true, default);
        after.Roots.ShouldHaveSingleItem().Root.Digest.ShouldBe(PluginPackage.DigestOf(second.TrustedRoot()));

        var events = await world.EventsAsync("replace.trust-root");
        events.Count.ShouldBe(2);
        var written = Encoding.UTF8.GetString(events[0].Canonical);
        written.ShouldContain(PluginPackage.DigestOf(first.TrustedRoot()));
        written.ShouldContain(after.Revision);

        var revisions = await trust.RevisionsAsync(admin, default);
        var back = await trust.RestoreAsync(admin, revisions[1].Number, default);
        back.Roots[0].Root.Digest.ShouldBe(PluginPackage.DigestOf(first.TrustedRoot()));
        (await trust.RevisionsAsync(admin, default))[0].Number.ShouldBe(revisions[0].Number + 1);
        var (before, now) = await trust.DifferenceAsync(admin, revisions[1].Number, revisions[0].Number, default);
        before.ShouldNotBe(now);
    }

    [Fact]
    public async Task ReplaceRoot_OfAMockForEverybody_OrNoRoot_IsRefused()
    {
        await using var world = await PluginWorld.CreateAsync();
        using var sigstore = new MockSigstore();
        var trust = Administration(world);
        var admin = world.Admin with { OfInstallation = true };
        (await Should.ThrowAsync<SecFlowException>(() => trust.ReplaceRootAsync(admin, "public", sigstore.TrustedRoot(), demoOnly: false, default))).Code.ShouldBe(Codes.TrustRootRefused);
        (await Should.ThrowAsync<SecFlowException>(() => trust.ReplaceRootAsync(admin, "public", "{}"u8.ToArray(), demoOnly: true, default))).Code.ShouldBe(Codes.TrustRootRefused);
        (await Should.ThrowAsync<SecFlowException>(() => trust.ReplaceRootAsync(admin, "../x", sigstore.TrustedRoot(), demoOnly: true, default))).Code.ShouldBe(Codes.RequestInvalid);
        await trust.ReplaceRootAsync(admin, "lab", sigstore.TrustedRoot(), demoOnly: true, default);
        (await Should.ThrowAsync<SecFlowException>(() => trust.ReplaceRootAsync(admin, "lab", sigstore.TrustedRoot(), demoOnly: false, default))).Code.ShouldBe(Codes.TrustRootRefused);

        // set-up and every other step of the program: not even with a file that is there
        var file = Directory.GetFiles(Path.Combine(world.DataFolder, "trust"), "lab-*.json").ShouldHaveSingleItem();
        var yaml = TrustPolicyText.WithRoot(Empty, "public", "trust/" + Path.GetFileName(file), Convert.ToHexStringLower(SHA256.HashData(sigstore.TrustedRoot())), demoOnly: false);
        await trust.ReplaceAsync(admin, Empty, null, default);
        (await Should.ThrowAsync<SecFlowException>(() => world.Policies.ReplaceAsync(Actor.System(name: "set-up"), yaml, default))).Code.ShouldBe(Codes.TrustRootRefused);
    }

    [Fact]
    public async Task Change_ByOthersThanAdministratorsOfTheInstallation_IsRefusedAndAudited()
    {
        await using var world = await PluginWorld.CreateAsync();
        var trust = Administration(world);
        var team = world.Admin with { TeamId = Guid.NewGuid() };
        foreach (var act in new Func<Task>[]
        {
            () => trust.ReplaceAsync(team, Empty, null, default), () => trust.RestoreAsync(team, 1, default),
            () => trust.ReplaceRootAsync(team, "a", new byte[1], false, default), () => trust.AddKeyAsync(team, "a", new byte[1], default),
        })
        {
            (await Should.ThrowAsync<SecFlowException>(act)).Code.ShouldBe(Codes.RoleMissing);
        }

        (await Should.ThrowAsync<SecFlowException>(() => trust.ReplaceAdditionAsync(team with { Role = TeamRole.Analyst }, Empty, default))).Code.ShouldBe(Codes.RoleMissing);
        await trust.ViewAsync(team with { Role = TeamRole.Viewer }, default);
    }

    [Fact]
    public async Task Replace_FromAnotherRevision_IsAConflict()
    {
        await using var world = await PluginWorld.CreateAsync();
        var trust = Administration(world);
        var admin = world.Admin with { OfInstallation = true };
        var from = (await trust.ViewAsync(admin, default)).Revision;
        var told = new List<string>();
        world.Policies.Changed += p => told.Add(p.Revision);
        var now = await trust.ReplaceAsync(admin, "# one\n" + Empty, from, default);
        (await Should.ThrowAsync<SecFlowException>(() => trust.ReplaceAsync(admin, "# two\n" + Empty, from, default))).Code.ShouldBe(Codes.Conflict);
        told.ShouldBe([now.Revision]);
    }

    [Fact]
    public async Task AddKey_IsKeptAndItsRuleTrustsIt()
    {
        await using var world = await PluginWorld.CreateAsync();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var trust = Administration(world);
        var admin = world.Admin with { OfInstallation = true };
        var added = await trust.AddKeyAsync(admin, "hsm-2026", Encoding.ASCII.GetBytes(key.ExportSubjectPublicKeyInfoPem()), default);
        await trust.ReplaceAsync(admin, TrustPolicyText.WithItem(Empty, "rules", added.Rule), null, default);
        var package = PackageWriter.Sign(PluginWorld.Package(PluginWorld.Files()), key);
        (await world.Policies.VerifyAsync(package, "scan.dummy", Guid.Empty, default)).State.ShouldBe(TrustState.Verified);
        (await Should.ThrowAsync<SecFlowException>(() => trust.AddKeyAsync(admin, "x", Encoding.ASCII.GetBytes(key.ExportECPrivateKeyPem()), default))).Code.ShouldBe(Codes.RequestInvalid);
    }

    [Fact]
    public async Task Addition_OfATeam_RefusesMoreForItAlone()
    {
        await using var world = await PluginWorld.CreateAsync();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var second = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await world.TrustAsync(key);
        var team = await new TeamStore(world.Database).CreateAsync(Actor.System(), "payments", "Payments");
        var admin = world.Admin with { TeamId = team.Id, OfInstallation = true };
        var trust = Administration(world);
        var added = await trust.AddKeyAsync(admin, "second", Encoding.ASCII.GetBytes(second.ExportSubjectPublicKeyInfoPem()), default);
        var package = PackageWriter.Sign(PluginWorld.Package(PluginWorld.Files()), key);
        (await world.Policies.VerifyAsync(package, "scan.dummy", team.Id, default)).Allowed.ShouldBeTrue();

        await trust.ReplaceAdditionAsync(admin, Addition + "  rules:\n    " + added.Rule + "\n", default);
        var verdict = await world.Policies.VerifyAsync(package, "scan.dummy", team.Id, default);
        (verdict.State, verdict.Allowed, verdict.Rule, verdict.TeamRevision is not null).ShouldBe((TrustState.Untrusted, false, "second (of the team)", true));
        (await world.Policies.VerifyAsync(package, "scan.dummy", Guid.Empty, default)).Allowed.ShouldBeTrue();
        var both = PluginPackage.FromFiles(new Dictionary<string, byte[]>(package.Files) { ["countersignatures/b.sigstore.json"] = PackageWriter.Sign(package, second).Bundle! });
        (await world.Policies.VerifyAsync(both, "scan.dummy", team.Id, default)).State.ShouldBe(TrustState.Verified);

        await trust.ReplaceAdditionAsync(admin, Addition + $"  revoked: [ {{ artifact: \"{package.Digest}\", reason: ours }} ]\n", default);
        (await world.Policies.VerifyAsync(both, "scan.dummy", team.Id, default)).State.ShouldBe(TrustState.Revoked);
        (await world.Audit.ListAsync(new AuditQuery(team.Id) { Action = "change.trust-policy", Take = 50 })).Events.Count(e => e.TeamId == team.Id).ShouldBe(2);
    }

    [Theory]
    [InlineData("  exceptions: []\n", "spec.exceptions")]
    [InlineData("  trustRoots: {}\n", "spec.trustRoots")]
    [InlineData("  rules: [ { name: a, mode: audit, until: \"2999-01-01T00:00:00Z\", authorities: [ KEY ] } ]\n", "spec.rules[0].mode")]
    [InlineData("  rules: [ { name: a, additional: false, authorities: [ KEY ] } ]\n", "spec.rules[0].additional")]
    [InlineData("  rules: [ { name: a, match: { teams: [b] }, authorities: [ KEY ] } ]\n", "spec.rules[0].match.teams")]
    [InlineData("  require: { bundles: [v0.1] }\n", "spec.require")]
    public async Task Addition_ThatWouldAllowMore_IsRefused(string spec, string path)
    {
        await using var world = await PluginWorld.CreateAsync();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await world.TrustAsync(key);
        var pin = $"{{ key: {{ file: trust/team.pub, sha256: \"{Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(key.ExportSubjectPublicKeyInfoPem())))}\", tlog: 0, timestamps: 0 }} }}";
        var yaml = Addition + spec.Replace("KEY", pin, StringComparison.Ordinal);
        var thrown = await Should.ThrowAsync<SecFlowException>(() => Administration(world).ReplaceAdditionAsync(world.Admin with { TeamId = Guid.NewGuid() }, yaml, default));
        thrown.Diagnostics.ShouldContain(p => p.Code == Codes.TrustAdditionLoosens && p.Path == path, thrown.Message);
    }

    private const string Empty = "apiVersion: secflow/v1\nkind: PluginTrustPolicy\nspec:\n  noMatch: deny\n";

    private const string Addition = "apiVersion: secflow/v1\nkind: PluginTrustPolicy\nspec:\n  noMatch: deny\n";

    private static TrustAdministration Administration(PluginWorld world) =>
        new(world.DataFolder, world.Policies, new TrustPolicyStore(world.Database), world.Registry, new Access(world.Audit, new OwnerStore(world.Database)));
}
