using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace SecFlow.Cli.Tests.Plugins;

public sealed class PackageTests : IDisposable
{
    private readonly CliFolder _folder = new();

    private static string Source => Path.Combine(CliFolder.Repository, "plugins-js", "scan.web-baseline");

    [Fact]
    public async Task PackSignVerify_GoTogether()
    {
        var zip = await PackAsync();
        (await CliRun.OfAsync("plugin", "verify", zip, "--key", Key("own"))).Code.ShouldBe(1, "it is not signed yet");
        (await CliRun.OfAsync("plugin", "sign", zip, "--key", _folder.At("own.pem"))).Code.ShouldBe(0);

        var run = await CliRun.OfAsync("plugin", "verify", zip, "--key", _folder.At("own.pub"), "--format", "json");

        run.Code.ShouldBe(0);
        var verdict = JsonNode.Parse(run.Out)!;
        ((string?)verdict["state"]).ShouldBe("Verified");
        ((string?)verdict["plugin"]).ShouldBe("scan.web-baseline");
    }

    [Fact]
    public async Task Verify_UnderAnotherKey_IsRejected()
    {
        var zip = await PackAsync();
        Key("own");
        await CliRun.OfAsync("plugin", "sign", zip, "--key", _folder.At("own.pem"));
        var run = await CliRun.OfAsync("plugin", "verify", zip, "--key", Key("other"));
        run.Code.ShouldBe(1);
        run.Error.ShouldContain("SF2");
    }

    [Fact]
    public async Task Verify_UnderAPolicy_NamesItsRule()
    {
        var zip = await PackAsync();
        Key("own");
        await CliRun.OfAsync("plugin", "sign", zip, "--key", _folder.At("own.pem"));
        Directory.CreateDirectory(_folder.At("trust"));
        File.Copy(_folder.At("own.pub"), _folder.At("trust/own.pub"));
        var digest = Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(_folder.At("own.pub"))));
        var policy = _folder.Write("trust/policy.yaml", $$"""
            apiVersion: secflow/v1
            kind: PluginTrustPolicy
            spec:
              noMatch: deny
              rules:
                - name: ours
                  authorities: [ { key: { file: trust/own.pub, sha256: "{{digest}}", tlog: 0, timestamps: 0 } } ]
            """);

        var run = await CliRun.OfAsync("plugin", "verify", zip, "--policy", policy, "--format", "json");

        run.Code.ShouldBe(0, run.Error);
        ((string?)JsonNode.Parse(run.Out)!["rule"]).ShouldBe("ours");
    }

    [Fact]
    public async Task Verify_UnderAPolicyWithErrors_NamesEachOnStderr()
    {
        var run = await CliRun.OfAsync("plugin", "verify", await PackAsync(), "--policy", _folder.Write("policy.yaml", "kind: Nothing\n"));
        run.Code.ShouldBe(2);
        run.Error.ShouldContain("policy.yaml");
        run.Error.ShouldContain("apiVersion");
    }

    [Fact]
    public async Task Sign_WithSomethingElseThanAKey_IsUsage()
    {
        var run = await CliRun.OfAsync("plugin", "sign", await PackAsync(), "--key", _folder.Write("no.pem", "hello"));
        run.Code.ShouldBe(2);
        run.Error.ShouldContain("no.pem");
    }

    [Fact]
    public async Task Pack_OfAnInvalidManifest_NamesEachProblem()
    {
        _folder.Write("plugin.yaml", "id: NotAnId\ncolour: blue\n");
        var run = await CliRun.OfAsync("plugin", "pack", _folder.Path, "-o", _folder.At("x.zip"));
        run.Code.ShouldBe(1);
        run.Error.ShouldContain("colour");
        run.Error.ShouldContain("SF1101");
        File.Exists(_folder.At("x.zip")).ShouldBeFalse();
    }

    public void Dispose() => _folder.Dispose();

    private async Task<string> PackAsync()
    {
        var zip = _folder.At("plugin.zip");
        var run = await CliRun.OfAsync("plugin", "pack", Source, "-o", zip);
        run.Code.ShouldBe(0, run.Error);
        return zip;
    }

    /// <summary>A new key pair; answers the public half.</summary>
    private string Key(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        _folder.Write(name + ".pem", key.ExportPkcs8PrivateKeyPem());
        return _folder.Write(name + ".pub", key.ExportSubjectPublicKeyInfoPem());
    }
}
