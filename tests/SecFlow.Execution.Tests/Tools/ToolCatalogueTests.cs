using System.Security.Cryptography;
using SecFlow.Data.Audit;
using SecFlow.Data.Teams;
using SecFlow.Data.Tools;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Tools;
using SecFlow.TestKit;

namespace SecFlow.Execution.Tests.Tools;

/// <summary>Which bytes may run under the name of a tool.</summary>
[Trait("Category", "Confinement")]
public sealed class ToolCatalogueTests : IAsyncLifetime
{
    private static readonly Actor _admin = new(ActorKind.User, "ada", "ada", Guid.Empty, TeamRole.Admin);
    private readonly string _folder = Path.Combine("/tmp", "secflow-test-tools-" + Guid.NewGuid().ToString("N"));
    private TestDatabase _database = null!;
    private ToolStore _store = null!;
    private ToolCatalogue _catalogue = null!;

    private string Program => Path.Combine(_folder, "scanner");

    public async Task InitializeAsync()
    {
        Directory.CreateDirectory(_folder);
        File.SetUnixFileMode(_folder, (UnixFileMode)0x1ED);
        _database = await TestDatabase.CreateAsync();
        _store = new ToolStore(_database.Database);
        _catalogue = new ToolCatalogue(await ToolRuns.RunnerAsync(), _store);
    }

    public async Task DisposeAsync()
    {
        Directory.Delete(_folder, recursive: true);
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task Require_MissingTool_SaysHowToInstallIt()
    {
        var missing = await Should.ThrowAsync<SecFlowException>(() => _catalogue.RequireAsync(Tool(), default));

        missing.Code.ShouldBe(Codes.ToolMissing);
        missing.Diagnostics[0].Remedy.ShouldBe("Install it: get it from its makers");
    }

    [Fact]
    public async Task Require_FirstUse_ProbesAndPins()
    {
        await WriteAsync("echo scanner v3.1.4-dev");
        var program = await _catalogue.RequireAsync(Tool(minVersion: "3.1"), default);

        program.Version.ShouldBe("3.1.4-dev");
        program.Digest.ShouldBe("sha256:" + Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(Program))));
        var row = (await _store.FindAsync("scanner"))!;
        (row.Digest, row.Version, row.AcceptedBy, row.Path).ShouldBe((program.Digest, "3.1.4-dev", ToolCatalogue.FirstUse, Program));
    }

    [Fact]
    public async Task Require_ChangedFile_IsRefusedUntilAnAdminAcceptsIt()
    {
        await WriteAsync("echo 1.0.0");
        var first = await _catalogue.RequireAsync(Tool(), default);
        await WriteAsync("echo 1.0.1");

        var refused = await Should.ThrowAsync<SecFlowException>(() => _catalogue.RequireAsync(Tool(), default));
        refused.Code.ShouldBe(Codes.ToolChanged);
        refused.Message.ShouldContain(first.Digest);
        var look = await _catalogue.LookAsync([("scan.a", Tool())], anew: false, default);
        (look.Ready, look.Problem!.Code, look.AcceptedDigest).ShouldBe((false, Codes.ToolChanged, first.Digest));

        (await Should.ThrowAsync<SecFlowException>(() => _catalogue.AcceptAsync(_admin, Tool(), first.Digest, default))).Code.ShouldBe(Codes.Conflict);
        await _catalogue.AcceptAsync(_admin, Tool(), look.Digest!, default);

        (await _catalogue.RequireAsync(Tool(), default)).Version.ShouldBe("1.0.1");
        (await _store.FindAsync("scanner"))!.AcceptedBy.ShouldBe("ada");
    }

    [Fact]
    public async Task Require_ChangedFile_IsAuditedOnce()
    {
        await WriteAsync("echo 1.0.0");
        await _catalogue.RequireAsync(Tool(), default);
        await WriteAsync("echo 1.0.1");
        await Should.ThrowAsync<SecFlowException>(() => _catalogue.RequireAsync(Tool(), default));
        await Should.ThrowAsync<SecFlowException>(() => _catalogue.RequireAsync(Tool(), default));

        var audit = new AuditLog(_database.Database, AuditFiles.In(_database.Folder));
        var events = (await audit.ListAsync(new AuditQuery(Guid.Empty) { Installation = true, Take = 50 })).Events;
        events.Count(e => e.Action == "refuse.tool").ShouldBe(1);
        events.Count(e => e.Action == "accept.tool").ShouldBe(1);
    }

    [Theory]
    [InlineData("2.9.9", "3.0", Codes.ToolTooOld)]
    [InlineData("no version here", null, Codes.ToolUnusable)]
    public async Task Require_VersionThatWillNotDo_IsRefusedAndNotPinned(string said, string? minVersion, string code)
    {
        await WriteAsync("echo " + said);

        (await Should.ThrowAsync<SecFlowException>(() => _catalogue.RequireAsync(Tool(minVersion), default))).Code.ShouldBe(code);
        (await _store.FindAsync("scanner"))!.Digest.ShouldBeNull();
    }

    [Fact]
    public async Task Require_FileThatOthersCanWrite_IsNotFit()
    {
        await WriteAsync("echo 1.0.0");
        File.SetUnixFileMode(Program, File.GetUnixFileMode(Program) | UnixFileMode.OtherWrite);

        (await Should.ThrowAsync<SecFlowException>(() => _catalogue.RequireAsync(Tool(), default))).Code.ShouldBe(Codes.ToolUnusable);
    }

    [Theory]
    [InlineData("relative/path")]
    [InlineData("/no/such/file")]
    [InlineData("/usr/../bin/sh")]
    [InlineData("/tmp")]
    public async Task SetPath_ThatIsNoProgram_IsRefused(string path) =>
        (await Should.ThrowAsync<SecFlowException>(() => _catalogue.SetPathAsync(_admin, "scanner", path, default))).Code.ShouldBe(Codes.RequestInvalid);

    [Fact]
    public async Task Run_ProgramReplacedWhileItRuns_IsThrownAway()
    {
        await WriteAsync("echo 1.0.0; echo begun; sleep 2");
        var program = await _catalogue.RequireAsync(Tool(), default);
        var replaced = false;

        var thrown = await Should.ThrowAsync<SecFlowException>(() => ToolRuns.RunAsync(new ToolRequest(program, [])
        {
            OnLines = async (_, _) =>
            {
                if (!replaced)
                {
                    replaced = true;
                    await WriteAsync("echo evil");
                }
            },
        }));

        thrown.Code.ShouldBe(Codes.ToolChanged);
    }

    [Fact]
    public async Task SystemPackages_FileOfAPackage_IsToldByItsDigest()
    {
        var dpkg = Directory.CreateDirectory(Path.Combine(_folder, "dpkg", "info")).Parent!.FullName;
        await WriteAsync("echo 1.0.0");
#pragma warning disable CA5351 // as dpkg does
        var sum = Convert.ToHexStringLower(MD5.HashData(await File.ReadAllBytesAsync(Program)));
#pragma warning restore CA5351
        await File.WriteAllTextAsync(Path.Combine(dpkg, "info", "scanner:amd64.md5sums"), $"{sum}  {Program.TrimStart('/')}\n");
        await File.WriteAllTextAsync(Path.Combine(dpkg, "status"), "Package: other\nVersion: 9\n\nPackage: scanner\nStatus: install ok installed\nVersion: 1.0-2\n");
        var packages = new SystemPackages(dpkg);

        (await packages.OwnerAsync(Program, default)).ShouldBe("scanner 1.0-2");
        await WriteAsync("echo 6.6.6");
        (await packages.OwnerAsync(Program, default)).ShouldBeNull();
        (await packages.OwnerAsync("/usr/bin/nobody-has-this", default)).ShouldBeNull();
    }

    [Theory]
    [InlineData("7.93", "7.9", 1)]
    [InlineData("3.0.0-rc1", "3.0.0", -1)]
    [InlineData("7.93+dfsg1", "7.93", 1)]
    [InlineData("v2.0", "2.0.0", 0)]
    [InlineData("10.0", "9.9", 1)]
    public void Versions_AreOrdered(string a, string b, int sign) => Math.Sign(ToolVersions.Compare(a, b)).ShouldBe(sign);

    [Fact]
    public void Hints_AreThoseOfTheSystemOrWhatItIsLike()
    {
        ToolHints.Systems(["NAME=x", "ID=ubuntu", "ID_LIKE=\"debian\""]).ShouldBe(["ubuntu", "debian"]);
        var tool = Tool() with { Install = new Dictionary<string, string>(StringComparer.Ordinal) { ["debian"] = "apt-get install scanner", ["any"] = "x" } };
        ToolHints.For(tool, ["ubuntu", "debian"]).ShouldBe("Install it: apt-get install scanner");
        ToolHints.For(tool, ["arch"]).ShouldBe("Install it: x");
        ToolHints.For(tool with { Install = new Dictionary<string, string>(StringComparer.Ordinal) }, ["arch"]).ShouldContain("package manager");
    }

    private static PluginTool Tool(string? minVersion = null) =>
        new("scanner", minVersion, ["--version"], null, new Dictionary<string, string>(StringComparer.Ordinal) { ["any"] = "get it from its makers" });

    /// <summary>A new file in the place of the old one, as an installation does it.</summary>
    private async Task WriteAsync(string script)
    {
        await File.WriteAllTextAsync(Program + ".new", "#!/bin/sh\n" + script + "\n");
        File.SetUnixFileMode(Program + ".new", (UnixFileMode)0x1ED);
        File.Move(Program + ".new", Program, overwrite: true);
        if (await _store.FindAsync("scanner") is null)
        {
            await _catalogue.SetPathAsync(_admin, "scanner", Program, default);
        }
    }
}
