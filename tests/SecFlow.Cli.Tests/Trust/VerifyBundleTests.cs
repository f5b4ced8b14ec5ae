using System.Security.Cryptography;
using System.Text.Json.Nodes;
using SecFlow.SigstoreKit;

namespace SecFlow.Cli.Tests.Trust;

/// <summary>0 verified, 1 rejected, 2 usage, whatever stands in the files.</summary>
public sealed class VerifyBundleTests : IDisposable
{
    private const string Identity = "https://github.com/acme/plugins/.github/workflows/release.yml@refs/tags/v1.0.0";
    private const string Issuer = "https://token.actions.githubusercontent.com";
    private static readonly byte[] _artifact = "the artifact"u8.ToArray();
    private readonly CliFolder _folder = new();
    private readonly MockSigstore _sigstore = new();

    public VerifyBundleTests()
    {
        Write("artifact", _artifact);
        Write("root.json", _sigstore.TrustedRoot());
        Write("bundle.json", _sigstore.SignAsGitHub(_artifact, "acme/plugins"));
    }

    private static string Digest => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(_artifact));

    public void Dispose()
    {
        _sigstore.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Good_ByFileAndByDigest_IsVerified()
    {
        foreach (var subject in new[] { _folder.At("artifact"), Digest, "sha256:" + Digest[7..].ToUpperInvariant() })
        {
            var run = await VerifyAsync(subject);
            run.Code.ShouldBe(0, run.Error);
            run.Out.ShouldContain(Digest);
            run.Out.ShouldContain(Identity);
            run.Error.ShouldBeEmpty();
        }
    }

    [Fact]
    public async Task Good_AsJson_SaysWhoWhenAndWhere()
    {
        var run = await VerifyAsync(Digest, "--format", "json");
        run.Code.ShouldBe(0, run.Error);
        var json = JsonNode.Parse(run.Out)!;
        ((bool)json["verified"]!).ShouldBeTrue();
        ((string)json["signer"]!["identity"]!).ShouldBe(Identity);
        ((string)json["signer"]!["issuer"]!).ShouldBe(Issuer);
        ((string)json["signer"]!["claims"]!["runnerEnvironment"]!).ShouldBe("github-hosted");
        json["times"]!.AsArray().Count.ShouldBe(2);
        ((string)json["logEntries"]![0]!["log"]!).ShouldBe(_sigstore.RekorV1.Name);
    }

    [Fact]
    public async Task OtherArtifact_IsRejectedWithStageExpectedAndFound()
    {
        var run = await VerifyAsync("sha256:" + new string('0', 64));
        run.Code.ShouldBe(1);
        run.Out.ShouldBeEmpty();
        run.Error.ShouldContain("(Signature)");
        run.Error.ShouldContain(Digest[7..]);
        run.Error.ShouldContain(new string('0', 64));
    }

    [Fact]
    public async Task OtherIdentity_AsJson_SaysBoth()
    {
        Write("bundle.json", _sigstore.SignAsGitHub(_artifact, "acme-evil/plugins"));
        var run = await VerifyAsync(Digest, "--format", "json");
        run.Code.ShouldBe(1);
        var json = JsonNode.Parse(run.Out)!;
        ((bool)json["verified"]!).ShouldBeFalse();
        ((string)json["stage"]!).ShouldBe("Identity");
        ((string)json["reason"]!).ShouldBe("IdentityMismatch");
        ((string)json["expected"]!).ShouldBe(Identity);
        ((string)json["found"]!).ShouldContain("acme-evil");
    }

    [Theory]
    [InlineData("bundle.json", "", "(Bundle)")]
    [InlineData("bundle.json", "{}", "(Bundle)")]
    [InlineData("bundle.json", "{\"mediaType\":\"application/vnd.dev.sigstore.bundle.v9+json\"}", "unverifiable")]
    [InlineData("root.json", "{\"mediaType\":1}", "(Root)")]
    [InlineData("root.json", "null", "(Root)")]
    public async Task FileThatIsNone_IsRejected(string name, string text, string words)
    {
        _folder.Write(name, text);
        var run = await VerifyAsync(Digest);
        run.Code.ShouldBe(1, run.Error);
        run.Error.ShouldContain(words);
    }

    [Fact]
    public async Task BundleOf20Megabytes_IsRejectedWithoutBeingRead()
    {
        using (var file = File.OpenWrite(_folder.At("bundle.json")))
        {
            file.SetLength(20 * 1024 * 1024);
        }

        var run = await VerifyAsync(Digest);
        run.Code.ShouldBe(1);
        run.Error.ShouldContain("at most 1048576 bytes");
    }

    [Fact]
    public async Task WordsOfTheSigner_AreOnePlainLine()
    {
        Write("bundle.json", _sigstore.Sign(_artifact, "https://acme.test/", "https://issuer.test/\u001b[31m"));
        var run = await CliRun.OfAsync("verify-bundle", "--bundle", _folder.At("bundle.json"), "--certificate-identity", "https://acme.test/", "--certificate-oidc-issuer", Issuer, "--trusted-root", _folder.At("root.json"), Digest);
        run.Code.ShouldBe(1);
        run.Error.ShouldNotContain("\u001b");
        run.Error.Trim().ShouldNotContain("\n");
    }

    [Fact]
    public async Task Key_OfTheSigner_IsVerifiedAndAnotherIsNot()
    {
        using var signer = new SigningKey(KeyKind.P256);
        using var other = new SigningKey(KeyKind.P256);
        Write("bundle.json", _sigstore.SignWithKey(_artifact, signer, new SignOptions { Logs = [_sigstore.RekorV2], TimestampAuthorities = [] }));
        _folder.Write("key.pub", signer.PublicKeyPem);
        _folder.Write("other.pub", other.PublicKeyPem);
        var good = await WithKeyAsync("key.pub");
        good.Code.ShouldBe(0, good.Error);
        good.Out.ShouldContain("key sha256:");
        (await WithKeyAsync("other.pub")).Code.ShouldBe(1);
        _folder.Write("other.pub", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n");
        var broken = await WithKeyAsync("other.pub");
        broken.Code.ShouldBe(2);
        broken.Error.ShouldContain("other.pub");
    }

    [Theory]
    [InlineData("sha256:12")]
    [InlineData("sha256:zz00000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("/no/such/file")]
    [InlineData("/")]
    public async Task ArtifactThatIsNone_IsUsage(string artifact)
    {
        var run = await VerifyAsync(artifact);
        run.Code.ShouldBe(2, run.Error);
        run.Error.ShouldNotBeEmpty();
    }

    [Theory]
    [InlineData("--certificate-identity", Identity)]
    [InlineData("--certificate-oidc-issuer", Issuer)]
    [InlineData("--certificate-identity", "", "--certificate-oidc-issuer", "")]
    [InlineData]
    public async Task NobodyNamed_IsUsage(params string[] named)
    {
        var run = await CliRun.OfAsync(["verify-bundle", "--bundle", _folder.At("bundle.json"), .. named, "--trusted-root", _folder.At("root.json"), Digest]);
        run.Code.ShouldBe(2);
        run.Error.ShouldContain("either --key");
    }

    [Fact]
    public async Task NoTrustedRootOrNoBundle_IsUsage()
    {
        var rootless = await CliRun.OfAsync("verify-bundle", "--bundle", _folder.At("bundle.json"), "--certificate-identity", Identity, "--certificate-oidc-issuer", Issuer, Digest);
        rootless.Code.ShouldBe(2);
        rootless.Error.ShouldContain("--trusted-root");
        File.Delete(_folder.At("bundle.json"));
        (await VerifyAsync(Digest)).Code.ShouldBe(2);
    }

    private Task<CliRun> VerifyAsync(string artifact, params string[] more) => CliRun.OfAsync(
        ["verify-bundle", "--bundle", _folder.At("bundle.json"), "--certificate-identity", Identity, "--certificate-oidc-issuer", Issuer, "--trusted-root", _folder.At("root.json"), artifact, .. more]);

    private Task<CliRun> WithKeyAsync(string key) =>
        CliRun.OfAsync("verify-bundle", "--bundle", _folder.At("bundle.json"), "--key", _folder.At(key), "--trusted-root", _folder.At("root.json"), _folder.At("artifact"));

    private void Write(string name, byte[] bytes) => File.WriteAllBytes(_folder.At(name), bytes);
}
