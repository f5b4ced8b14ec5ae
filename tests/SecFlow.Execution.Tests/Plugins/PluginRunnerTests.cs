using System.Security.Cryptography;
using System.Text;
using SecFlow.Data.Audit;
using SecFlow.Data.Plugins;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Trust;

namespace SecFlow.Execution.Tests.Plugins;

public sealed class PluginRunnerTests
{
    [Theory]
    [InlineData("plugin.yaml")]
    [InlineData("index.js")]
    [InlineData("config.schema.json")]
    [InlineData("README.md")]
    [InlineData("fixtures/a.json")]
    [InlineData("SHA256SUMS")]
    [InlineData("plugin.sigstore.json")]
    public async Task Open_OneByteOfAFileFlipped_IsDeniedAndAudited(string file)
    {
        await using var world = await PluginWorld.CreateAsync();
        var row = await world.EnableAsync(PluginWorld.Files());
        var path = Path.Combine(world.Folder(row), file);
        var bytes = await File.ReadAllBytesAsync(path);
        var time = File.GetLastWriteTimeUtc(path);
        bytes[bytes.Length / 2] ^= 1;
        await File.WriteAllBytesAsync(path, bytes);
        File.SetLastWriteTimeUtc(path, time);

        var e = await DeniedAsync(world, row);
        e.Code.ShouldBe(file == "plugin.sigstore.json" ? e.Code : Codes.Tampered);
        Codes.CategoryOf(e.Code).ShouldBe(DiagnosticCategory.Trust);
        var denied = (await world.EventsAsync("open.plugin")).ShouldHaveSingleItem();
        denied.Outcome.ShouldBe(AuditOutcome.Denied);
        denied.ReasonCode.ShouldBe(e.Code);
    }

    [Fact]
    public async Task Open_FileAdded_IsTampered()
    {
        await using var world = await PluginWorld.CreateAsync();
        var row = await world.EnableAsync(PluginWorld.Files());
        await File.WriteAllTextAsync(Path.Combine(world.Folder(row), "extra.js"), "1");
        (await DeniedAsync(world, row)).Message.ShouldContain("extra.js");
    }

    [Fact]
    public async Task Open_FileReplacedByLink_IsTampered()
    {
        await using var world = await PluginWorld.CreateAsync();
        var row = await world.EnableAsync(PluginWorld.Files());
        var path = Path.Combine(world.Folder(row), "index.js");
        var copy = Path.Combine(world.DataFolder, "copy.js");
        File.Move(path, copy);
        File.CreateSymbolicLink(path, copy);
        (await DeniedAsync(world, row)).Code.ShouldBe(Codes.Tampered);
    }

    [Fact]
    public async Task Open_WholePackageReplacedByAnotherSignedOne_IsTampered()
    {
        await using var world = await PluginWorld.CreateAsync();
        var row = await world.EnableAsync(PluginWorld.Files());
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var other = PackageWriter.Sign(PluginWorld.Package(PluginWorld.Files(script: "module.exports = { execute: function () { throw 1; } };")), key);
        PackageWriter.WriteFolder(other, world.Folder(row));
        (await DeniedAsync(world, row)).Code.ShouldBe(Codes.Tampered);
    }

    [Fact]
    public async Task Open_FolderGone_IsDenied()
    {
        await using var world = await PluginWorld.CreateAsync();
        var row = await world.EnableAsync(PluginWorld.Files());
        Directory.Delete(world.Folder(row), recursive: true);
        (await DeniedAsync(world, row)).Code.ShouldBe(Codes.Tampered);
    }

    [Fact]
    public async Task Open_RevokedByThePolicy_IsDeniedWithoutRestart()
    {
        await using var world = await PluginWorld.CreateAsync();
        var row = await world.EnableAsync(PluginWorld.Files());
        var file = Path.Combine(world.DataFolder, "trust", "policy.yaml");
        var yaml = (await world.Policies.CurrentAsync(CancellationToken.None)).Yaml;
        await File.WriteAllTextAsync(file, yaml.TrimEnd() + $"\n  revoked:\n    - {{ artifact: \"{row.Digest}\", reason: \"SEC-77\" }}\n");
        var e = await DeniedAsync(world, row);
        e.Code.ShouldBe(Codes.Revoked);
        e.Message.ShouldContain("SEC-77");
    }

    [Fact]
    public async Task Run_DisabledSinceTheSessionWasOpened_IsDeniedAtTheNextNode()
    {
        await using var world = await PluginWorld.CreateAsync();
        var row = await world.EnableAsync(PluginWorld.Files());
        await using var session = await (await world.RunnerAsync()).OpenAsync(world.Request(row), CancellationToken.None);
        (await session.RunAsync(new PluginWork(), new TestOutput(), CancellationToken.None)).Error.ShouldBeNull();
        await world.Registry.ChangeStateAsync(world.Admin, row.Id, PluginState.Disabled, "not needed", CancellationToken.None);
        (await Should.ThrowAsync<SecFlowException>(() => session.RunAsync(new PluginWork(), new TestOutput(), CancellationToken.None))).Code.ShouldBe(Codes.PluginNotEnabled);
    }

    [Fact]
    public async Task Open_Disabled_IsDenied()
    {
        await using var world = await PluginWorld.CreateAsync();
        var row = await world.EnableAsync(PluginWorld.Files());
        await world.Registry.ChangeStateAsync(world.Admin, row.Id, PluginState.Disabled, "not needed", CancellationToken.None);
        (await DeniedAsync(world, row)).Code.ShouldBe(Codes.PluginNotEnabled);
    }

    [Fact]
    public async Task Open_UnknownDigest_IsDenied()
    {
        await using var world = await PluginWorld.CreateAsync();
        var runner = await world.RunnerAsync();
        var request = new PluginRequest(world.Admin, "sha256:" + new string('0', 64), Guid.NewGuid(), "node");
        (await Should.ThrowAsync<SecFlowException>(() => runner.OpenAsync(request, CancellationToken.None))).Code.ShouldBe(Codes.PluginNotEnabled);
    }

    [Fact]
    public async Task Discover_SignedFolderOfATrustedTeam_RunsAfterApprovalWithoutRestart()
    {
        await using var world = await PluginWorld.CreateAsync();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await world.TrustAsync(key);
        (await world.Registry.FindAsync("scan.dummy", CancellationToken.None)).ShouldBeNull();
        var package = PackageWriter.Sign(PluginWorld.Package(PluginWorld.Files()), key);
        PackageWriter.WriteFolder(package, Path.Combine(world.DataFolder, "plugins", "scan.dummy", "1.0.0"));

        var row = (await world.Registry.DiscoverAsync(world.Admin, CancellationToken.None)).ShouldHaveSingleItem();
        (row.State, row.TrustState, row.TrustRule).ShouldBe((PluginState.Discovered, "Verified", "team"));
        foreach (var state in new[] { PluginState.Submitted, PluginState.Approved, PluginState.Enabled })
        {
            row = await world.Registry.ChangeStateAsync(world.Admin, row.Id, state, "reviewed", CancellationToken.None);
        }

        var found = await world.Registry.FindAsync("scan.dummy@^1.0", CancellationToken.None);
        found!.Manifest.Title.ShouldBe("Dummy");
        found.ConfigSchema.ShouldContain("object");
        await using var session = await (await world.RunnerAsync()).OpenAsync(world.Request(row), CancellationToken.None);
        var output = new TestOutput();
        (await session.RunAsync(new PluginWork(), output, CancellationToken.None)).Error.ShouldBeNull();
        output.Logs.ShouldBe(["info hello"]);
    }

    [Fact]
    public async Task Discover_UnsignedFolder_IsListedAndRefused()
    {
        await using var world = await PluginWorld.CreateAsync();
        PluginWorld.Write(Path.Combine(world.DataFolder, "plugins", "scan.dummy", "1.0.0"), PluginWorld.Files());
        var row = (await world.Registry.DiscoverAsync(world.Admin, CancellationToken.None)).ShouldHaveSingleItem();
        (row.State, row.TrustState).ShouldBe((PluginState.Discovered, nameof(TrustState.Unsigned)));
        await world.Registry.ChangeStateAsync(world.Admin, row.Id, PluginState.Submitted, "please", CancellationToken.None);
        var e = await Should.ThrowAsync<SecFlowException>(() => world.Registry.ChangeStateAsync(world.Admin, row.Id, PluginState.Approved, "please", CancellationToken.None));
        e.Category.ShouldBe(DiagnosticCategory.Trust);
        (await DeniedAsync(world, row)).Category.ShouldBe(DiagnosticCategory.Trust);
    }

    [Fact]
    public async Task Discover_BrokenFolder_IsAuditedOnceAndHarmsNoOther()
    {
        await using var world = await PluginWorld.CreateAsync();
        PluginWorld.Write(Path.Combine(world.DataFolder, "plugins", "scan.broken", "1.0.0"), new Dictionary<string, byte[]>(StringComparer.Ordinal) { ["plugin.yaml"] = "id: nothing"u8.ToArray() });
        var row = await world.EnableAsync(PluginWorld.Files());
        await world.Registry.DiscoverAsync(world.Admin, CancellationToken.None);
        (await world.Registry.ListAsync(CancellationToken.None)).ShouldHaveSingleItem().Row.Id.ShouldBe(row.Id);
        (await world.EventsAsync("discover.plugin")).Count(e => e.Outcome == AuditOutcome.Denied).ShouldBe(1);
    }

    [Fact]
    public async Task ChangeState_StepThatLifeDoesNotKnow_IsAConflict()
    {
        await using var world = await PluginWorld.CreateAsync();
        var row = await world.EnableAsync(PluginWorld.Files());
        var e = await Should.ThrowAsync<SecFlowException>(() => world.Registry.ChangeStateAsync(world.Admin, row.Id, PluginState.Submitted, "again", CancellationToken.None));
        e.Code.ShouldBe(Codes.Conflict);
        await Should.ThrowAsync<SecFlowException>(() => world.Registry.ChangeStateAsync(world.Admin, row.Id, PluginState.Disabled, " ", CancellationToken.None));
    }

    [Fact]
    public async Task Builtin_SecondStart_SignsNothing()
    {
        await using var world = await PluginWorld.CreateAsync();
        var row = await world.EnableAsync(PluginWorld.Files());
        var bundle = await File.ReadAllBytesAsync(Path.Combine(world.Folder(row), "plugin.sigstore.json"));
        (await world.Builtin().InstallAsync(CancellationToken.None)).ShouldBeFalse();
        (await File.ReadAllBytesAsync(Path.Combine(world.Folder(row), "plugin.sigstore.json"))).ShouldBe(bundle);
        Directory.EnumerateFiles(world.DataFolder, "*", SearchOption.AllDirectories)
            .Where(f => File.ReadAllText(f, Encoding.Latin1).Contains("PRIVATE KEY", StringComparison.Ordinal)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Builtin_ChangedPlugin_IsSignedAgainAndOlderRulesStay()
    {
        await using var world = await PluginWorld.CreateAsync();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await world.TrustAsync(key);
        await world.EnableAsync(PluginWorld.Files());
        var newer = PluginWorld.Files(version: "1.1.0");
        PluginWorld.Write(Path.Combine(world.Shipped, "p0"), newer);
        (await world.Builtin().InstallAsync(CancellationToken.None)).ShouldBeTrue();
        (await world.Policies.CurrentAsync(CancellationToken.None)).Rules.Select(r => r.Name).ShouldBe(["builtin", "team"]);
        (await world.Registry.FindAsync("scan.dummy", CancellationToken.None))!.Manifest.Version.ShouldBe("1.1.0");
    }

    private static async Task<SecFlowException> DeniedAsync(PluginWorld world, PluginVersion row)
    {
        var runner = await world.RunnerAsync();
        return await Should.ThrowAsync<SecFlowException>(() => runner.OpenAsync(world.Request(row), CancellationToken.None));
    }
}
