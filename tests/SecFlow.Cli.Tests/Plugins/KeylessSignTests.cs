using System.Text;
using System.Text.Json.Nodes;
using SecFlow.Cli.Plugins.Signing;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;
using SecFlow.SigstoreKit;
using SecFlow.TestKit;

namespace SecFlow.Cli.Tests.Plugins;

/// <summary>Signing by identity: what is handed to cosign and taken from it, and what is made of a bundle from elsewhere. The cosign here is a shell script that knows its answer.</summary>
public sealed class KeylessSignTests : IDisposable
{
    private const string Services = """{ "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json", "caUrls": [{ "url": "http://127.0.0.1:9" }], "rekorTlogUrls": [{ "url": "http://127.0.0.1:9" }] }""";
    private readonly CliFolder _folder = new();
    private readonly MockSigstore _sigstore = new();

    public void Dispose()
    {
        _sigstore.Dispose();
        _folder.Dispose();
    }

    [NetworkFact]
    public async Task Sign_Keyless_PutsInWhatCosignMade()
    {
        var zip = await PackAsync();
        var run = await SignAsync(zip, Cosign("2.5.3", Good(zip)), "--identity-token", _folder.Write("token", "secret-token"));

        run.Code.ShouldBe(0, run.Error);
        run.Error.ShouldContain("cosign: sign-blob --yes --bundle /out/bundle.json --identity-token /in/token --signing-config /in/signing-config.json --new-bundle-format /in/SHA256SUMS");
        run.Error.ShouldNotContain("secret-token");
        PluginPackage.Read(zip).Bundle.ShouldBe(Good(zip, again: true));
    }

    [NetworkFact]
    public async Task Sign_KeylessByANewCosignWithoutAToken_AsksToSignInElsewhere()
    {
        var zip = await PackAsync();
        var run = await SignAsync(zip, Cosign("3.0.4", Good(zip)));
        run.Code.ShouldBe(0, run.Error);
        run.Error.ShouldContain("--fulcio-auth-flow device /in/SHA256SUMS");
        run.Error.ShouldNotContain("--new-bundle-format");
    }

    [NetworkFact]
    public async Task Sign_WhenCosignFails_LeavesThePackageAndSaysWhatItSaid()
    {
        var zip = await PackAsync();
        var before = await File.ReadAllBytesAsync(zip);
        var run = await SignAsync(zip, Program("#!/bin/sh\n[ \"$1\" = version ] && { echo 'GitVersion: v2.5.3'; exit; }\necho 'the token has expired' >&2\nexit 7\n"));
        run.Code.ShouldBe(1);
        run.Error.ShouldContain(Codes.SigningFailed);
        run.Error.ShouldContain("exit code 7: the token has expired");

        var silent = await SignAsync(zip, Program("#!/bin/sh\n[ \"$1\" = version ] && echo 'GitVersion: v2.5.3'\nexit 0\n"));
        silent.Error.ShouldContain("left no bundle");
        (await File.ReadAllBytesAsync(zip)).ShouldBe(before);
    }

    [Theory]
    [InlineData("GitVersion: v1.13.6", Codes.ToolTooOld)]
    [InlineData("nothing of use", Codes.ToolUnusable)]
    public async Task Sign_ByAnUnfitCosign_SaysWhatIsNeeded(string version, string code)
    {
        var run = await SignAsync(await PackAsync(), Program($"#!/bin/sh\necho '{version}'\n"));
        run.Code.ShouldBe(4);
        run.Error.ShouldContain(code);
        run.Error.ShouldContain("cosign 2.4 or newer");
    }

    [Fact]
    public void Find_WithoutCosign_SaysWhereToGetItAndWhatElseToDo()
    {
        var error = Should.Throw<SecFlowException>(() => CosignSigner.Find(null, _folder.Path + ":" + _folder.At("nowhere")));
        error.Code.ShouldBe(Codes.ToolMissing);
        error.Message.ShouldContain("plugin new ID --github");
        error.Message.ShouldContain("--key FILE");
        var program = Program("#!/bin/sh\n");
        CosignSigner.Find(null, "/nowhere:" + _folder.Path).Path.ShouldBe(program);
    }

    [Fact]
    public async Task Sign_WithABundleFromElsewhere_ThatIsAboutThesePackage_PutsItIn()
    {
        var zip = await PackAsync();
        var bundle = _folder.Write("made.json", Encoding.UTF8.GetString(Good(zip)));
        (await CliRun.OfAsync("plugin", "sign", zip, "--bundle", bundle)).ShouldSatisfyAllConditions(r => r.Code.ShouldBe(0, r.Error));
        PluginPackage.Read(zip).Bundle.ShouldBe(await File.ReadAllBytesAsync(bundle));
    }

    [Fact]
    public async Task Sign_WithABundleOverOtherBytes_OrNone_IsRefused()
    {
        var zip = await PackAsync();
        var other = _folder.Write("other.json", Encoding.UTF8.GetString(_sigstore.SignAsGitHub("other"u8, "acme/plugins")));
        (await CliRun.OfAsync("plugin", "sign", zip, "--bundle", other)).ShouldSatisfyAllConditions(r => r.Code.ShouldBe(1), r => r.Error.ShouldContain(Codes.BundleNotFitting), r => r.Error.ShouldContain("over other bytes"));
        (await CliRun.OfAsync("plugin", "sign", zip, "--bundle", _folder.Write("no.json", "{\"base64Signature\":\"\"}"))).ShouldSatisfyAllConditions(r => r.Code.ShouldBe(1), r => r.Error.ShouldContain("--new-bundle-format"));
        (await CliRun.OfAsync("plugin", "sign", zip, "--bundle", _folder.Write("large.json", new string(' ', 1024 * 1024 + 1)))).ShouldSatisfyAllConditions(r => r.Code.ShouldBe(1), r => r.Error.ShouldContain("1 MiB"));
        PluginPackage.Read(zip).Bundle.ShouldBeNull();
    }

    [Theory]
    [InlineData("--keyless", "--key")]
    [InlineData("--keyless", "--bundle")]
    [InlineData("--key", "--cosign")]
    [InlineData]
    public async Task Sign_ByNoneOrTwoWays_IsUsage(params string[] options)
    {
        var file = _folder.Write("file", "x");
        var run = await CliRun.OfAsync(["plugin", "sign", await PackAsync(), .. options.SelectMany(o => o == "--keyless" ? [o] : new[] { o, file })]);
        run.Code.ShouldBe(2);
        run.Error.ShouldContain("--key");
    }

    [Fact]
    public void Services_OfAConfiguration_AreItsHostsAndNoOthers()
    {
        CosignServices.Of("c", Encoding.UTF8.GetBytes("""{ "caUrls": [{ "url": "https://ca.acme.test" }], "tsaUrls": [{ "url": "https://tsa.acme.test:8443/api/v1/timestamp" }], "oidcUrls": [{ "url": "https://ca.acme.test/auth" }] }""")).ShouldBe(["ca.acme.test:443", "tsa.acme.test:8443"]);
        foreach (var wrong in new[] { "", "[]", "{}", "{ \"caUrls\": [{}] }", "{ \"caUrls\": [{ \"url\": \"ca\" }] }", "{ \"caUrls\": [7] }", new string(' ', 70_000) })
        {
            Should.Throw<SecFlowException>(() => CosignServices.Of("c", Encoding.UTF8.GetBytes(wrong)), wrong).Code.ShouldBe(Codes.OptionInvalid);
        }
    }

    [Fact]
    public async Task Verify_ByIdentity_ShowsTheProof()
    {
        var zip = await PackAsync();
        await CliRun.OfAsync("plugin", "sign", zip, "--bundle", _folder.Write("made.json", Encoding.UTF8.GetString(Good(zip))));
        var root = _folder.Write("root of lab.json", Encoding.UTF8.GetString(_sigstore.TrustedRoot()));
        Task<CliRun> VerifyAsync(string identity, params string[] more) =>
            CliRun.OfAsync(["plugin", "verify", zip, "--certificate-identity", identity, "--certificate-oidc-issuer", Claims.GitHubIssuer, "--trusted-root", root, .. more]);

        var run = await VerifyAsync(Claims.GitHubIdentity("acme/plugins"));
        run.Code.ShouldBe(0, run.Error);
        run.Out.Split('\n').Select(l => l.Trim().Split(' ')[0]).Distinct().Where(w => w.Length > 0).ShouldBe(["Verified", "bytes", "certificate", "claim", "log", "time", "root", "rule"]);
        run.Out.ShouldContain(Claims.GitHubIdentity("acme/plugins"));
        run.Out.ShouldContain("rekor.sigstore.test, entry ");

        var neighbour = await VerifyAsync(Claims.GitHubIdentity("acme-evil/plugins"), "--format", "json");
        neighbour.Code.ShouldBe(1);
        neighbour.Error.ShouldContain(Codes.Untrusted);
        var verdict = JsonNode.Parse(neighbour.Out)!;
        ((string?)verdict["state"], (string?)verdict["identity"], (string?)verdict["stage"]).ShouldBe(("Untrusted", Claims.GitHubIdentity("acme/plugins"), "Identity"));
        ((string?)verdict["claims"]!["runnerEnvironment"]).ShouldBe("github-hosted");
    }

    [Fact]
    public async Task Verify_WithHalfAnIdentity_IsUsage()
    {
        var zip = await PackAsync();
        (await CliRun.OfAsync("plugin", "verify", zip, "--certificate-identity", "https://a")).ShouldSatisfyAllConditions(r => r.Code.ShouldBe(2), r => r.Error.ShouldContain("belong together"));
        (await CliRun.OfAsync("plugin", "verify", zip, "--key", zip, "--trusted-root", zip)).Code.ShouldBe(2);
        (await CliRun.OfAsync("plugin", "verify", zip)).Code.ShouldBe(2);
    }

    private byte[] _good = [];

    private byte[] Good(string zip, bool again = false) => again ? _good : _good = _sigstore.SignAsGitHub(PluginPackage.Read(zip).Required("SHA256SUMS"), "acme/plugins");

    private Task<CliRun> SignAsync(string zip, string cosign, params string[] more) =>
        CliRun.OfAsync(["plugin", "sign", zip, "--keyless", "--cosign", cosign, "--signing-config", _folder.Write("services.json", Services), .. more]);

    private string Cosign(string version, byte[] bundle) =>
        Program($"#!/bin/sh\nif [ \"$1\" = version ]; then echo 'GitVersion:    v{version}'; exit; fi\necho \"$*\"\ncat >/out/bundle.json <<'END'\n{Encoding.UTF8.GetString(bundle)}END\n");

    private string Program(string script)
    {
        // where the user of a sandbox can reach it, as an installed program is
        var file = _folder.Write("cosign", script);
        foreach (var path in new[] { _folder.Path, file })
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
        }

        return file;
    }

    private async Task<string> PackAsync()
    {
        var zip = _folder.At("plugin.zip");
        var run = await CliRun.OfAsync("plugin", "pack", Path.Combine(CliFolder.Repository, "plugins-js", "scan.tls"), "-o", zip);
        run.Code.ShouldBe(0, run.Error);
        return zip;
    }
}
