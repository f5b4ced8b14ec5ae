using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using SecFlow.Data.Audit;
using SecFlow.Data.Plugins;
using SecFlow.Data.Teams;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Trust;

namespace SecFlow.Execution.Tests.Plugins;

/// <summary>What comes in from outside, and what does not.</summary>
public sealed class SubmissionTests
{
    [Fact]
    public async Task Submit_SignedPackage_WaitsWithItsNote_AndTheSameAgainIsNoSecondOne()
    {
        await using var world = await PluginWorld.CreateAsync();
        using var key = await TrustAsync(world, "team-key");
        var analyst = world.Admin with { Name = "ana", Person = "ana", Role = TeamRole.Analyst };
        var zip = Zip(PackageWriter.Sign(PluginWorld.Package(PluginWorld.Files()), key));

        var row = await world.Registry.SubmitAsync(analyst, new MemoryStream(zip), "first of its kind", default);
        var again = await world.Registry.SubmitAsync(analyst, new MemoryStream(zip), "once more", default);

        (row.State, row.SubmittedBy, row.TrustState, row.StateReason).ShouldBe((PluginState.Submitted, "ana", "Verified", "first of its kind"));
        again.Id.ShouldBe(row.Id);
        (await world.EventsAsync("submit.plugin")).ShouldHaveSingleItem().Outcome.ShouldBe(AuditOutcome.Allowed);
        (await world.Store.ListCommentsAsync(row.Id)).Select(c => (c.Author, c.State, c.Text)).ShouldBe([("ana", PluginState.Submitted, "first of its kind")]);
        (await world.Registry.DiscoverAsync(world.Admin, default)).ShouldHaveSingleItem().State.ShouldBe(PluginState.Submitted);
        (await Should.ThrowAsync<SecFlowException>(() => world.Registry.ChangeStateAsync(analyst, row.Id, PluginState.Approved, "by myself", default))).Code.ShouldBe(Codes.RoleMissing);
    }

    [Fact]
    public async Task Submit_Viewer_IsRefusedAndAudited_BeforeAnythingIsRead()
    {
        await using var world = await PluginWorld.CreateAsync();

        (await Should.ThrowAsync<SecFlowException>(() => world.Registry.SubmitAsync(world.Admin with { Role = TeamRole.Viewer }, Stream.Null, "", default))).Code.ShouldBe(Codes.RoleMissing);
        (await Should.ThrowAsync<SecFlowException>(() => world.Registry.SubmitAsync(world.Admin with { Kind = ActorKind.Token, Scopes = ["plugins:read"] }, Stream.Null, "", default))).Code.ShouldBe(Codes.TokenScopeMissing);

        (await world.EventsAsync("refuse.access")).Count.ShouldBe(2);
    }

    public static TheoryData<string, string> Hostile() => new()
    {
        { "garbage", Codes.PackageInvalid },
        { "too large", Codes.PackageTooLarge },
        { "bomb", Codes.PackageTooLarge },
        { "too many files", Codes.PackageTooLarge },
        { "link", Codes.PackageInvalid },
        { "outside", Codes.PackagePath },
        { "case twins", Codes.PackagePath },
        { "no manifest", Codes.PackageInvalid },
        { "no entry", Codes.PackageInvalid },
        { "unknown key", Codes.ManifestInvalid },
        { "changed file", Codes.Tampered },
        { "extra file", Codes.Tampered },
        { "bundle of another plugin", Codes.SignatureInvalid },
        { "no bundle at all", Codes.SignatureInvalid },
        { "revoked", Codes.Revoked },
    };

    [Theory]
    [MemberData(nameof(Hostile))]
    public async Task Submit_HostilePackage_IsRefusedWithItsCode_AuditedAndNotWritten(string what, string code)
    {
        await using var world = await PluginWorld.CreateAsync();
        using var key = await TrustAsync(world, "team-key", what == "revoked" ? $"  revoked:\n    - {{ artifact: \"{PluginWorld.Package(PluginWorld.Files()).Digest}\", reason: \"SEC-1\" }}" : "");
        var zip = MakeHostile(what, PackageWriter.Sign(PluginWorld.Package(PluginWorld.Files()), key), PackageWriter.Sign(PluginWorld.Package(PluginWorld.Files("scan.other")), key));

        (await Should.ThrowAsync<SecFlowException>(() => world.Registry.SubmitAsync(world.Admin, zip, "", default))).Code.ShouldBe(code);

        var told = (await world.EventsAsync("submit.plugin")).ShouldHaveSingleItem();
        (told.Outcome, told.ReasonCode).ShouldBe((AuditOutcome.Denied, code));
        (await world.Store.ListAsync(Guid.Empty)).ShouldBeEmpty();
        (Directory.Exists(Path.Combine(world.DataFolder, "plugins")) ? Directory.GetFileSystemEntries(Path.Combine(world.DataFolder, "plugins")) : []).ShouldBeEmpty();
    }

    [Fact]
    public async Task Submit_Unsigned_MayBeLookedAt_AndNeverApproved()
    {
        await using var world = await PluginWorld.CreateAsync();

        var row = await world.Registry.SubmitAsync(world.Admin, new MemoryStream(Zip(PluginWorld.Package(PluginWorld.Files()))), "", default);

        row.TrustState.ShouldBe("Unsigned");
        (await Should.ThrowAsync<SecFlowException>(() => world.Registry.ChangeStateAsync(world.Admin, row.Id, PluginState.Approved, "please", default))).Code.ShouldBe(Codes.Unsigned);
        (await world.EventsAsync("approve.plugin")).ShouldHaveSingleItem().Outcome.ShouldBe(AuditOutcome.Denied);
    }

    [Fact]
    public async Task Submit_OtherBytesOfAVersionThatIsDecided_IsRefused_AndTheBytesStay()
    {
        await using var world = await PluginWorld.CreateAsync();
        using var key = await TrustAsync(world, "team-key");
        var enabled = await EnableAsync(world, PluginWorld.Files(), key);
        var before = PluginPackage.ReadFolder(world.Folder(enabled)).Bundle;

        var other = PluginWorld.Files(script: "module.exports = { execute: function (ctx) { ctx.log.info('other'); } };");
        (await Should.ThrowAsync<SecFlowException>(() => SubmitAsync(world, other, key))).Code.ShouldBe(Codes.Conflict);

        // the same files with another signature: the answer is what is there, and nothing is touched
        using var stranger = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        (await SubmitAsync(world, PluginWorld.Files(), stranger)).State.ShouldBe(PluginState.Enabled);
        PluginPackage.ReadFolder(world.Folder(enabled)).Bundle.ShouldBe(before);
        (await world.Registry.TrustRefusalAsync(enabled, default)).ShouldBeNull();
    }

    [Fact]
    public async Task Submit_OtherBytesAfterChangesWereRequested_TakesTheirPlace()
    {
        await using var world = await PluginWorld.CreateAsync();
        using var key = await TrustAsync(world, "team-key");
        var first = await SubmitAsync(world, PluginWorld.Files(), key);
        await world.Registry.ChangeStateAsync(world.Admin, first.Id, PluginState.ChangesRequested, "say hello to somebody", default);

        var second = await SubmitAsync(world, PluginWorld.Files(script: "module.exports = { execute: function (ctx) { ctx.log.info('hello ana'); } };"), key);

        second.Id.ShouldNotBe(first.Id);
        var old = (await world.Store.FindAsync(Guid.Empty, first.Id))!;
        (old.State, old.StateReason).ShouldBe((PluginState.Rejected, $"replaced by {second.Digest}"));
        (await world.Store.ListCommentsAsync(first.Id)).Select(c => c.State).ShouldBe([PluginState.Submitted, PluginState.ChangesRequested, PluginState.Rejected], ignoreOrder: true);
        (await world.Registry.TrustRefusalAsync(second, default)).ShouldBeNull();
        (await world.Registry.TrustRefusalAsync(old, default))!.Code.ShouldBe(Codes.Tampered);
    }

    [Fact]
    public async Task Id_BelongsToTheSignerOfItsFirstApprovedVersion_AsDoItsAliases()
    {
        await using var world = await PluginWorld.CreateAsync();
        using var mine = await TrustAsync(world, "mine", others: "theirs");
        using var theirs = ECDsa.Create();
        theirs.ImportFromPem(await File.ReadAllTextAsync(Path.Combine(world.DataFolder, "theirs.pem")));
        var first = await EnableAsync(world, PluginWorld.Files(manifest: "aliases: [scan.short]\n"), mine);
        first.Owner.ShouldBe("key mine");

        var refusal = (await Should.ThrowAsync<SecFlowException>(() => SubmitAsync(world, PluginWorld.Files(version: "2.0.0"), theirs))).Diagnostics[0];
        (refusal.Code, refusal.Rule).ShouldBe((Codes.PluginIdOwned, "plugin.owner"));
        refusal.Message.ShouldContain("key mine");
        refusal.Message.ShouldContain("key theirs");
        (await Should.ThrowAsync<SecFlowException>(() => SubmitAsync(world, PluginWorld.Files("scan.short"), theirs))).Code.ShouldBe(Codes.PluginIdOwned);
        (await Should.ThrowAsync<SecFlowException>(() => SubmitAsync(world, PluginWorld.Files("scan.new", manifest: "aliases: [scan.dummy]\n"), theirs))).Code.ShouldBe(Codes.PluginIdOwned);
        (await SubmitAsync(world, PluginWorld.Files(version: "1.1.0"), mine)).State.ShouldBe(PluginState.Submitted);

        await world.Registry.ChangeStateAsync(world.Admin, first.Id, PluginState.Revoked, "the key was lent", default);
        (await SubmitAsync(world, PluginWorld.Files(version: "2.0.0"), theirs)).State.ShouldBe(PluginState.Submitted);
    }

    [Theory]
    [InlineData("https://github.com/acme/plugins/.github/workflows/release.yml@refs/tags/v1.2.0", "https://issuer.example", "https://github.com/acme/plugins/.github/workflows/release.yml by https://issuer.example")]
    [InlineData("ana@example.org", "https://accounts.example", "ana@example.org by https://accounts.example")]
    public void Owner_OfAnIdentity_IsTheSameAtEveryRef_AndNeverWithoutItsIssuer(string name, string issuer, string owner) =>
        PluginOwners.Of(new TrustVerdict(TrustState.Verified, "sha256:0", name, "rule", "", "", "sha256:1") { Identity = new SignerIdentity(name, issuer) }).ShouldBe(owner);

    [Fact]
    public void Owner_OfWhatIsTrustedByItsDigestOrByNobody_IsNone()
    {
        var verdict = new TrustVerdict(TrustState.Verified, "sha256:0", "digest listed by the trust policy", "rule", "", "", "sha256:1");
        PluginOwners.Of(verdict).ShouldBeNull();
        PluginOwners.Of(verdict with { State = TrustState.Untrusted, Signer = "key x (sha256:0)" }).ShouldBeNull();
        PluginOwners.Of(null).ShouldBeNull();
    }

    [Fact]
    public async Task Submit_TooManyThatWait_AreRefused_PerPerson()
    {
        await using var world = await PluginWorld.CreateAsync();
        using var key = await TrustAsync(world, "team-key");
        for (var i = 0; i < PluginRegistry.MostWaiting; i++)
        {
            await SubmitAsync(world, PluginWorld.Files(version: $"1.0.{i}"), key);
        }

        (await Should.ThrowAsync<SecFlowException>(() => SubmitAsync(world, PluginWorld.Files(version: "2.0.0"), key))).Code.ShouldBe(Codes.TooManySubmissions);
        (await SubmitAsync(world, PluginWorld.Files(version: "2.0.0"), key, world.Admin with { Name = "bob", Person = "bob" })).State.ShouldBe(PluginState.Submitted);
    }

    [Fact]
    public async Task Folder_PutInWhileTheEngineRuns_IsFoundWhenItIsQuiet()
    {
        await using var world = await PluginWorld.CreateAsync();
        using var key = await TrustAsync(world, "team-key");
        var watch = new PluginWatch(world.DataFolder, world.Registry, Microsoft.Extensions.Logging.Abstractions.NullLogger<PluginWatch>.Instance);
        watch.Remember();
        (await watch.TurnAsync(default)).ShouldBeFalse();
        PluginWorld.Write(Path.Combine(world.DataFolder, "plugins", "scan.dummy", "1.0.0"), PackageWriter.Sign(PluginWorld.Package(PluginWorld.Files()), key).Files);

        (await watch.TurnAsync(default)).ShouldBeFalse("it may still be copied");
        (await watch.TurnAsync(default)).ShouldBeTrue();
        (await watch.TurnAsync(default)).ShouldBeFalse("nothing is new");

        (await world.Store.ListAsync(Guid.Empty)).ShouldHaveSingleItem().State.ShouldBe(PluginState.Discovered);
    }

    internal static async Task<PluginVersion> SubmitAsync(PluginWorld world, Dictionary<string, byte[]> files, ECDsa key, Actor? actor = null) =>
        await world.Registry.SubmitAsync(actor ?? world.Admin, new MemoryStream(Zip(PackageWriter.Sign(PluginWorld.Package(files), key))), "please", default);

    internal static async Task<PluginVersion> EnableAsync(PluginWorld world, Dictionary<string, byte[]> files, ECDsa key)
    {
        var row = await SubmitAsync(world, files, key);
        await world.Registry.ChangeStateAsync(world.Admin, row.Id, PluginState.Approved, "looked at it", default);
        return await world.Registry.ChangeStateAsync(world.Admin, row.Id, PluginState.Enabled, "go", default);
    }

    /// <summary>A policy that trusts a new key of this name for scan.*; a second one's private half is left in the data folder as NAME.pem.</summary>
    internal static async Task<ECDsa> TrustAsync(PluginWorld world, string name, string extra = "", string? others = null)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var rules = new StringBuilder();
        Directory.CreateDirectory(Path.Combine(world.DataFolder, "trust"));
        foreach (var one in others is null ? [name] : new[] { name, others })
        {
            using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var pem = Encoding.ASCII.GetBytes((one == name ? key : other).ExportSubjectPublicKeyInfoPem());
            await File.WriteAllBytesAsync(Path.Combine(world.DataFolder, "trust", one + ".pub"), pem);
            await File.WriteAllTextAsync(Path.Combine(world.DataFolder, one + ".pem"), other.ExportPkcs8PrivateKeyPem());
            rules.Append("    ").Append(TrustRuleText.ForKey(one, ["scan.*"], one + ".pub", Convert.ToHexStringLower(SHA256.HashData(pem)))).Append('\n');
        }

        await world.Policies.ReplaceAsync(world.Admin, $"apiVersion: secflow/v1\nkind: PluginTrustPolicy\nspec:\n  noMatch: deny\n  rules:\n{rules}{extra}\n", default);
        return key;
    }

    private static MemoryStream MakeHostile(string what, PluginPackage good, PluginPackage other)
    {
        var files = good.Files.ToDictionary(StringComparer.Ordinal);
        var attributes = 0x81A4 << 16;
        switch (what)
        {
            case "garbage": return new MemoryStream("PK, or so it says"u8.ToArray());
            case "too large": return new MemoryStream(new byte[Limits.PackageBytes.Default + 1]);
            case "bomb": files["fixtures/zeros"] = new byte[Limits.PackageBytes.Default + 1]; break;
            case "too many files": Enumerable.Range(0, 300).ToList().ForEach(i => files[$"fixtures/{i}"] = []); break;
            case "link": attributes = 0xA1FF << 16; break;
            case "outside": files["../../trust/policy.yaml"] = [1]; break;
            case "case twins": files["Index.js"] = [1]; break;
            case "no manifest": files.Remove("plugin.yaml"); break;
            case "no entry": files.Remove("index.js"); break;
            case "unknown key": files["plugin.yaml"] = [.. files["plugin.yaml"], .. "surprise: 1\n"u8]; break;
            case "changed file": files["index.js"] = [.. files["index.js"], .. "//"u8]; break;
            case "extra file": files["fixtures/b.json"] = "{}"u8.ToArray(); break;
            case "bundle of another plugin": files["plugin.sigstore.json"] = other.Bundle!; break;
            case "no bundle at all": files["plugin.sigstore.json"] = "{}"u8.ToArray(); break;
            default: break;
        }

        var stream = new MemoryStream();
        using (var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (path, bytes) in files)
            {
                var entry = archive.CreateEntry(path);
                entry.ExternalAttributes = attributes;
                using var content = entry.Open();
                content.Write(bytes);
            }
        }

        stream.Position = 0;
        return stream;
    }

    private static byte[] Zip(PluginPackage package)
    {
        using var stream = new MemoryStream();
        PackageWriter.WriteZip(package, stream);
        return stream.ToArray();
    }
}
