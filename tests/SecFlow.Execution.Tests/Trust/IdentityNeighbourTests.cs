using System.Security.Cryptography;
using System.Text;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Tests.Plugins;
using SecFlow.Execution.Trust;
using SecFlow.SigstoreKit;

namespace SecFlow.Execution.Tests.Trust;

/// <summary>
/// A policy that names a release workflow trusts that workflow and nobody beside it. Each neighbour is signed as well as the trusted one, by the same authority under the same root:
/// only who it is differs.
/// </summary>
public sealed class IdentityNeighbourTests : IDisposable
{
    private const string Repository = "acme/plugins";
    private const string Tag = "refs/tags/v1.2.0";
    private static readonly MockSigstore _sigstore = new();
    private static readonly string _identity = Claims.GitHubIdentity(Repository, reference: Tag);
    private readonly string _folder = Directory.CreateTempSubdirectory("secflow-identity-").FullName;

    /// <summary>What is wrong, who signed, who vouched.</summary>
    public static TheoryData<string, string, string> Neighbours
    {
        get
        {
            var data = new TheoryData<string, string, string>();
            void Add(string what, string identity, string issuer = Claims.GitHubIssuer) => data.Add(what, identity, issuer);
            string Changed(string from, string to) => _identity.Replace(from, to, StringComparison.Ordinal);

            Add("owner with a suffix", Changed("acme/", "acme-evil/"));
            Add("owner with a prefix", Changed("acme/", "evil-acme/"));
            Add("owner in capitals", Changed("acme/", "ACME/"));
            Add("other repository", Changed("/plugins/", "/plugins-evil/"));
            Add("other workflow", Changed("release.yml", "test.yml"));
            Add("workflow with a suffix", Changed("release.yml", "release.yml.yml"));
            Add("workflow in capitals", Changed("release.yml", "Release.yml"));
            Add("a dot that is any character", Changed("github.com", "githubXcom"));
            Add("a dot of the workflow that is any character", Changed("release.yml", "releaseXyml"));
            Add("branch", Changed(Tag, "refs/heads/main"));
            Add("branch that is called like a tag", Changed(Tag, "refs/heads/refs/tags/v1.2.0"));
            Add("tag of another series", Changed(Tag, "refs/tags/nightly"));
            Add("tag behind a slash", Changed(Tag, "refs/tags/v1/evil"));
            Add("pull request", Changed(Tag, "refs/pull/7/merge"));
            Add("text before", " " + _identity);
            Add("identity inside of another", "https://evil.test/?u=" + _identity);
            Add("identity behind another host", "https://evil.test/" + _identity);
            Add("user name in front of the host", Changed("https://github.com", "https://github.com@evil.test"));
            Add("host with a suffix", Changed("github.com", "github.com.evil.test"));
            Add("http", Changed("https://", "http://"));
            Add("host in capitals", Changed("github.com", "GitHub.com"));
            Add("port", Changed("github.com", "github.com:443"));
            Add("encoded slash", Changed("acme/plugins", "acme%2Fplugins"));
            Add("encoded slash in the tag", Changed(Tag, "refs%2Ftags%2Fv1.2.0"));
            Add("doubled slash", Changed("acme/plugins", "acme//plugins"));
            Add("way back", Changed("acme/plugins", "evil/../acme/plugins"));
            Add("text behind a slash", _identity + "/more");
            Add("query behind a slash", _identity + "?/x");
            Add("empty", "https://");
            Add("mail address", "release@acme.test");
            Add("issuer with a suffix", _identity, Claims.GitHubIssuer + ".evil.test");
            Add("issuer with a slash", _identity, Claims.GitHubIssuer + "/");
            Add("issuer of an enterprise", _identity, Claims.GitHubIssuer + "/acme");
            Add("issuer in capitals", _identity, "https://TOKEN.actions.githubusercontent.com");
            Add("issuer without s", _identity, "http://token.actions.githubusercontent.com");
            Add("other issuer", _identity, "https://accounts.google.com");
            return data;
        }
    }

    public static TheoryData<string, string?> OtherClaims => new()
    {
        { "runnerEnvironment", "self-hosted" },
        { "runnerEnvironment", "GitHub-hosted" },
        { "runnerEnvironment", "github-hosted " },
        { "runnerEnvironment", null },
        { "sourceRepository", "https://github.com/acme-evil/plugins" },
        { "sourceRepository", "https://github.com/acme/plugins/" },
        { "sourceRepository", null },
        { "sourceRepositoryOwnerIdentifier", "5010" },
        { "sourceRepositoryOwnerIdentifier", null },
    };

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("refs/tags/v1.2.0")]
    [InlineData("refs/tags/v2.0.0-rc.1")]
    [InlineData("refs/tags/v")]
    public void Verify_IdentityThatThePolicyNames_IsVerified(string reference)
    {
        var verdict = Verify(Sign(Claims.GitHubIdentity(Repository, reference: reference)));
        (verdict.State, verdict.Rule).ShouldBe((TrustState.Verified, "acme"), verdict.Found);
        verdict.Identity!.Name.ShouldEndWith(reference);
        verdict.Identity.Issuer.ShouldBe(Claims.GitHubIssuer);
        verdict.Claims["sourceRepositoryOwnerIdentifier"].ShouldBe("501");
        verdict.Times.ShouldNotBeEmpty();
        verdict.LogIndex.ShouldNotBeNull();
    }

    [Theory]
    [MemberData(nameof(Neighbours))]
    public void Verify_Neighbour_IsUntrusted(string what, string identity, string issuer)
    {
        var verdict = Verify(Sign(identity, issuer));
        (verdict.State, verdict.Allowed).ShouldBe((TrustState.Untrusted, false), $"{what}: {verdict.Expected}; {verdict.Found}");
        verdict.Identity.ShouldBe(new SignerIdentity(identity, issuer), "the signature is whole; who it is, is told");
        verdict.Expected.ShouldContain("https://github.com/acme/plugins/.github/workflows/release.yml@refs/tags/v*");
        verdict.Found.ShouldContain(issuer == Claims.GitHubIssuer ? identity : issuer);
    }

    [Theory]
    [MemberData(nameof(OtherClaims))]
    public void Verify_OtherClaim_IsUntrusted(string claim, string? value)
    {
        var verdict = Verify(Sign(_identity, change: claims => Set(claims, claim, value)));
        (verdict.State, verdict.Allowed).ShouldBe((TrustState.Untrusted, false), verdict.Found);
        verdict.Found.ShouldContain(claim);
        verdict.Found.ShouldContain(value ?? "absent");
    }

    [Fact]
    public void Verify_ExactIdentity_IsNoPattern()
    {
        const string Exact = "https://github.com/acme/plugins/.github/workflows/release.yml@refs/tags/v1.2.0";
        Verify(Sign(Exact), identity: $"{{ exact: \"{Exact}\" }}").State.ShouldBe(TrustState.Verified);
        Verify(Sign(Exact + "0"), identity: $"{{ exact: \"{Exact}\" }}").State.ShouldBe(TrustState.Untrusted);
        Verify(Sign(Exact.Replace('.', 'x')), identity: $"{{ exact: \"{Exact}\" }}").State.ShouldBe(TrustState.Untrusted);
    }

    [Fact]
    public void Verify_SameIdentityUnderAnotherRoot_IsNotVerified()
    {
        using var other = new MockSigstore();
        var verdict = Verify(Sign(_identity, sigstore: other));
        verdict.Allowed.ShouldBeFalse();
        verdict.State.ShouldBeOneOf(TrustState.Untrusted, TrustState.Invalid);
    }

    [Theory]
    [InlineData("release", TrustState.Verified)]
    [InlineData("release-log2", TrustState.Verified)]
    [InlineData("owner", TrustState.Untrusted)]
    [InlineData("branch", TrustState.Untrusted)]
    [InlineData("issuer", TrustState.Untrusted)]
    [InlineData("runner", TrustState.Untrusted)]
    public void Verify_PackageSignedByTheScript_IsAsItsName(string bundle, TrustState expected)
    {
        var fixtures = Path.Combine(RepositoryRoot(), "tests", "Shared", "keyless");
        var package = PackageWriter.WithBundle(PluginPackage.Read(Path.Combine(fixtures, "package")), File.ReadAllBytes(Path.Combine(fixtures, "bundles", bundle + ".sigstore.json")));
        var verdict = Verify(package, File.ReadAllBytes(Path.Combine(fixtures, "trusted_root.json")));
        verdict.State.ShouldBe(expected, $"{verdict.Expected}; {verdict.Found}");
        verdict.Identity.ShouldNotBeNull();
    }

    private static string RepositoryRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "SecFlow.sln")))
        {
            folder = folder.Parent;
        }

        return folder.FullName;
    }

    private static void Set(Dictionary<string, string> claims, string name, string? value)
    {
        claims.Remove(name);
        if (value is not null)
        {
            claims[name] = value;
        }
    }

    private static PluginPackage Sign(string identity, string issuer = Claims.GitHubIssuer, Action<Dictionary<string, string>>? change = null, MockSigstore? sigstore = null)
    {
        var claims = Claims.GitHub(Repository, reference: Tag);
        change?.Invoke(claims);
        return (sigstore ?? _sigstore).SignPackage(PluginWorld.Package(PluginWorld.Files()), identity, issuer, claims);
    }

    private TrustVerdict Verify(PluginPackage package, byte[]? root = null, string identity = "{ glob: \"https://github.com/acme/plugins/.github/workflows/release.yml@refs/tags/v*\" }")
    {
        var bytes = root ?? _sigstore.TrustedRoot();
        File.WriteAllBytes(Path.Combine(_folder, "lab.json"), bytes);
        var yaml = $$"""
            apiVersion: secflow/v1
            kind: PluginTrustPolicy
            spec:
              noMatch: deny
              trustRoots: { lab: { file: lab.json, sha256: "{{Convert.ToHexStringLower(SHA256.HashData(bytes))}}", demoOnly: true } }
              rules:
                - name: acme
                  match: { plugins: ["scan.*"], teams: [demo] }
                  authorities:
                    - keyless:
                        root: lab
                        issuer: {{Claims.GitHubIssuer}}
                        identity: {{identity}}
                        claims: { sourceRepository: "https://github.com/acme/plugins", sourceRepositoryOwnerIdentifier: "501", runnerEnvironment: github-hosted }
            """;
        var reading = TrustPolicyReader.Read(Encoding.UTF8.GetBytes(yaml), _folder);
        reading.Problems.ShouldBeEmpty();
        return PluginVerifier.Verify(package, package.ReadManifest().Id, reading.Policy!, "demo", _sigstore.Now);
    }
}
