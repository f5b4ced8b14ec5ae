using System.Security.Cryptography;
using System.Text;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Tests.Plugins;
using SecFlow.Execution.Trust;
using SecFlow.SigstoreKit;
using SecFlow.TestKit;
using Step = SecFlow.Execution.Trust.TrustStage;

namespace SecFlow.Execution.Tests.Trust;

/// <summary>Packages that a mock Sigstore signed, under policies of an installation.</summary>
public sealed class KeylessVerifierTests : IDisposable
{
    private const string Identity = "https://github.com/acme/plugins/.github/workflows/release.yml@refs/tags/*";
    private readonly string _folder = Directory.CreateTempSubdirectory("secflow-keyless-").FullName;
    private readonly MockSigstore _sigstore = new();
    private readonly PluginPackage _plain = PluginWorld.Package(PluginWorld.Files());
    private readonly PluginPackage _signed;
    private readonly string _roots;

    public KeylessVerifierTests()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "trust"));
        _roots = "  trustRoots: { lab: " + Root("lab", _sigstore) + " }\n";
        _signed = _sigstore.SignPackageAsGitHub(_plain, "acme/plugins");
    }

    public void Dispose()
    {
        _sigstore.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void Verify_IdentityThatARuleNames_IsVerifiedWithItsWholeProof()
    {
        var verdict = Verify(_signed, _roots + Rule());
        (verdict.State, verdict.Rule, verdict.Stage).ShouldBe((TrustState.Verified, "acme", Step.Policy), verdict.Found);
        verdict.Signer.ShouldBe("https://github.com/acme/plugins/.github/workflows/release.yml by https://token.actions.githubusercontent.com (refs/tags/v1.0.0)");
        verdict.Identity!.Issuer.ShouldBe(Claims.GitHubIssuer);
        verdict.Claims["sourceRepository"].ShouldBe("https://github.com/acme/plugins");
        verdict.Times.ShouldNotBeEmpty();
        verdict.LogName.ShouldNotBeNull();
        verdict.LogIndex.ShouldNotBeNull();
        verdict.CertificateFingerprint!.ShouldStartWith("sha256:");
        verdict.TrustRootDigest.ShouldBe("sha256:" + Convert.ToHexStringLower(SHA256.HashData(_sigstore.TrustedRoot())));
        (verdict.Code, verdict.Remedy).ShouldBe((null, ""));
    }

    [Fact]
    public void Verify_NobodyWhomARuleNames_IsUntrustedAndTheProposedRuleMakesItVerified()
    {
        var before = Verify(_signed, _roots);
        (before.State, before.Identity?.Name).ShouldBe((TrustState.Untrusted, Claims.GitHubIdentity("acme/plugins")));
        before.ProposedRule!.ShouldContain("sourceRepositoryOwnerIdentifier: \"501\"");
        before.ToDiagnostic("p").Message.ShouldContain(before.ProposedRule!);

        var yaml = TrustPolicyText.WithItem(Head + _roots, "rules", before.ProposedRule!);
        var after = PluginVerifier.Verify(_signed, "scan.dummy", Read(yaml), null, DateTimeOffset.UnixEpoch);
        after.State.ShouldBe(TrustState.Verified, after.Found);
        PluginVerifier.Verify(_sigstore.SignPackageAsGitHub(_plain, "acme/plugins", reference: "refs/tags/v2.0.0"), "scan.dummy", Read(yaml), null, DateTimeOffset.UnixEpoch).State.ShouldBe(TrustState.Untrusted);
    }

    [Fact]
    public void Verify_NoRootAndNoRule_IsUntrusted()
    {
        var verdict = Verify(_signed, "");
        (verdict.State, verdict.Stage).ShouldBe((TrustState.Untrusted, Step.Root));
        verdict.ProposedRule.ShouldBe(TrustRuleText.ForArtifact(_signed.Digest!));
    }

    [Fact]
    public void Verify_SignedUnderAnotherRoot_IsUntrustedAtTheCertificate()
    {
        using var other = new MockSigstore(name: "other.test");
        var verdict = Verify(other.SignPackageAsGitHub(_plain, "acme/plugins"), _roots + Rule());
        (verdict.State, verdict.Stage, verdict.Identity).ShouldBe((TrustState.Untrusted, Step.Certificate, null));
    }

    [Fact]
    public void Verify_SignatureOfAnotherPackage_IsInvalidAlsoWithoutARule()
    {
        var other = _sigstore.SignPackageAsGitHub(PluginWorld.Package(PluginWorld.Files(version: "9.9.9")), "acme/plugins").Bundle!;
        foreach (var spec in new[] { _roots + Rule(), _roots, _roots + Rule(more: "mode: audit, until: \"2999-01-01T00:00:00Z\",") })
        {
            var verdict = Verify(With("plugin.sigstore.json", other), spec);
            (verdict.State, verdict.Allowed).ShouldBe((TrustState.Invalid, false));
        }
    }

    [Fact]
    public void Verify_KeyUnderAnIdentityRule_AndCertificateUnderAKeyRule_AreUntrusted()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Verify(PackageWriter.Sign(_plain, key), _roots + Rule()).State.ShouldBe(TrustState.Untrusted);
        var pem = Encoding.ASCII.GetBytes(key.ExportSubjectPublicKeyInfoPem());
        File.WriteAllBytes(Path.Combine(_folder, "trust", "k.pub"), pem);
        var verdict = Verify(_signed, _roots + $"  rules:\n    - {{ name: k, authorities: [ {{ key: {{ file: trust/k.pub, sha256: \"{Convert.ToHexStringLower(SHA256.HashData(pem))}\", tlog: 0, timestamps: 0 }} }} ] }}\n");
        (verdict.State, verdict.Found).ShouldBe((TrustState.Untrusted, "a signature that was made with a certificate"));
    }

    [Theory]
    [InlineData("https://github.com/acme/*/.github/workflows/release.yml@refs/tags/*", "", true)]
    [InlineData("https://github.com/other/*", "", false)]
    [InlineData("https://github.com/acme/plugins/.github/workflows/release.yml@refs/tags/*", "2999-01-01T00:00:00Z", false)]
    [InlineData("https://github.com/acme/plugins/.github/workflows/release.yml@refs/tags/*", "2020-01-01T00:00:00Z", true)]
    public void Verify_RevokedIdentity_WinsOverRulesExceptionsAndListedDigests(string pattern, string signedAfter, bool revoked)
    {
        var revocation = $"  revoked: [ {{ identity: \"{pattern}\", {(signedAfter.Length > 0 ? $"signedAfter: \"{signedAfter}\"," : "")} reason: taken over }} ]\n"
            + $"  exceptions: [ {{ artifact: \"{_signed.Digest}\", approvedBy: [a, b], expires: \"2999-01-01T00:00:00Z\", ticket: T }} ]\n";
        foreach (var rules in new[] { Rule(), $"  rules: [ {{ name: listed, match: {{ artifacts: [\"{_signed.Digest}\"] }} }} ]\n" })
        {
            var verdict = Verify(_signed, _roots + rules + revocation);
            verdict.State.ShouldBe(revoked ? TrustState.Revoked : TrustState.Verified, verdict.Found);
        }
    }

    [Fact]
    public void Verify_TwoLogsRequired_OneLogTwiceIsInvalidAndTwoLogsAreVerified()
    {
        const string require = "  require: { tlog: 2 }\n";
        Verify(_sigstore.SignPackageAsGitHub(_plain, "acme/plugins", options: new SignOptions { Logs = [_sigstore.RekorV1, _sigstore.RekorV1] }), _roots + require + Rule()).State.ShouldBe(TrustState.Invalid);
        var both = Verify(_sigstore.SignPackageAsGitHub(_plain, "acme/plugins", options: new SignOptions { Logs = [_sigstore.RekorV1, _sigstore.RekorV2] }), _roots + require + Rule());
        both.State.ShouldBe(TrustState.Verified, both.Found);
    }

    [Fact]
    public void Verify_VersionThatThePolicyDoesNotTake_IsInvalidAndAnUnknownOneUnverifiable()
    {
        Verify(_signed, _roots + "  require: { bundles: [v0.2] }\n" + Rule()).State.ShouldBe(TrustState.Invalid);
        var newer = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(_signed.Bundle!).Replace("bundle.v0.3+json", "bundle.v0.9+json", StringComparison.Ordinal));
        var verdict = Verify(With("plugin.sigstore.json", newer), _roots + Rule());
        (verdict.State, verdict.Stage).ShouldBe((TrustState.Unverifiable, Step.Bundle));
    }

    [Fact]
    public void Verify_KeyWithALog_UsesTheOnlyRootAndItsValidityIsComparedWithTheProvenTimes()
    {
        using var key = new SigningKey(KeyKind.P256);
        var pem = Encoding.ASCII.GetBytes(key.PublicKeyPem);
        File.WriteAllBytes(Path.Combine(_folder, "trust", "k.pub"), pem);
        var package = PackageWriter.WithBundle(_plain, _sigstore.SignWithKey(_plain.Required("SHA256SUMS"), key));
        string KeyRule(string more) => _roots + $"  rules: [ {{ name: k, authorities: [ {{ key: {{ id: k, file: trust/k.pub, sha256: \"{Convert.ToHexStringLower(SHA256.HashData(pem))}\"{more} }} }} ] }} ]\n";
        var verdict = Verify(package, KeyRule(""));
        (verdict.State, verdict.KeyFingerprint is not null, verdict.LogIndex is not null, verdict.Times.Count > 0).ShouldBe((TrustState.Verified, true, true, true), verdict.Found);
        Verify(package, KeyRule(", validFor: { start: \"2020-01-01T00:00:00Z\", end: \"2021-01-01T00:00:00Z\" }")).State.ShouldBe(TrustState.Untrusted);
        Verify(package, KeyRule("") + "  revoked: [ { key: k, signedAfter: \"2999-01-01T00:00:00Z\", reason: r } ]\n").State.ShouldBe(TrustState.Verified);
        Verify(package, KeyRule("") + "  revoked: [ { key: k, signedAfter: \"2020-01-01T00:00:00Z\", reason: r } ]\n").State.ShouldBe(TrustState.Revoked);
    }

    [Fact]
    public void Read_RootOfAMock_IsToldApartAndDemoOnlyStaysWithTheDemo()
    {
        Read(Head + _roots).Roots[0].MockSign!.ShouldContain("sigstore.test");
        TrustWords.Attention(Read(Head + _roots), DateTimeOffset.UnixEpoch).ShouldHaveSingleItem().ShouldContain("lab");
        var demo = _roots.Replace(" } }", ", demoOnly: true } }", StringComparison.Ordinal);
        TrustPolicyReader.Read(Encoding.UTF8.GetBytes(Head + demo + Rule()), _folder).Problems.ShouldHaveSingleItem().Code.ShouldBe(Codes.TrustRootRefused);
        var policy = Read(Head + demo + Rule(match: "teams: [demo]"));
        PluginVerifier.Verify(_signed, "scan.dummy", policy, "demo", DateTimeOffset.UnixEpoch).State.ShouldBe(TrustState.Verified);
        PluginVerifier.Verify(_signed, "scan.dummy", policy, "payments", DateTimeOffset.UnixEpoch).State.ShouldBe(TrustState.Untrusted);
        TrustWords.Attention(policy, DateTimeOffset.UnixEpoch).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("{}", Codes.TrustRootRefused)]
    [InlineData("", Codes.TrustRootRefused)]
    public void Read_FileThatIsNoRoot_IsRefusedAtItsPlace(string content, string code)
    {
        File.WriteAllText(Path.Combine(_folder, "trust", "no.json"), content);
        var reading = TrustPolicyReader.Read(Encoding.UTF8.GetBytes(Head + $"  trustRoots: {{ no: {{ file: trust/no.json, sha256: \"{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(content)))}\" }} }}\n"), _folder);
        reading.Problems.ShouldHaveSingleItem().ShouldSatisfyAllConditions(p => p.Code.ShouldBe(code), p => p.Path.ShouldBe("spec.trustRoots.no.file"), p => p.Line.ShouldBe(5));
    }

    [Fact]
    public void Cache_SameBytesAndPolicy_AreCheckedOnceAndEveryOtherQuestionAnew()
    {
        var cache = new VerdictCache();
        var policy = Read(Head + _roots + Rule(more: "mode: audit, until: \"2026-12-31T00:00:00Z\","));
        var now = new DateTimeOffset(2026, 6, 1, 0, 0, 0, TimeSpan.Zero);
        cache.Verify(_signed, "scan.dummy", policy, null, now).State.ShouldBe(TrustState.Verified);
        cache.Verify(PluginPackage.FromFiles(_signed.Files), "scan.dummy", policy, "any", now.AddYears(3)).State.ShouldBe(TrustState.Verified);
        cache.Misses.ShouldBe(1);

        cache.Verify(With("index.js", "evil"u8.ToArray()), "scan.dummy", policy, null, now).State.ShouldBe(TrustState.Tampered);
        cache.Verify(With("plugin.sigstore.json", "{}"u8.ToArray()), "scan.dummy", policy, null, now).State.ShouldBe(TrustState.Invalid);
        cache.Misses.ShouldBe(3);
        cache.Verify(_signed, "scan.dummy", Read(Head + _roots), null, now).State.ShouldBe(TrustState.Untrusted);
        cache.Misses.ShouldBe(4);

        // what depends on the time is never kept
        cache.Verify(_plain, "scan.dummy", policy, null, now).Allowed.ShouldBeTrue();
        cache.Verify(_plain, "scan.dummy", policy, null, now.AddYears(1)).Allowed.ShouldBeFalse();
        cache.Misses.ShouldBe(5);
    }

    private const string Head = "apiVersion: secflow/v1\nkind: PluginTrustPolicy\nspec:\n  noMatch: deny\n";

    private string Root(string name, MockSigstore sigstore)
    {
        var bytes = sigstore.TrustedRoot();
        File.WriteAllBytes(Path.Combine(_folder, "trust", name + ".json"), bytes);
        return $"{{ file: trust/{name}.json, sha256: \"{Convert.ToHexStringLower(SHA256.HashData(bytes))}\" }}";
    }

    private static string Rule(string match = "plugins: [\"scan.*\"]", string more = "") =>
        $"  rules:\n    - {{ name: acme, {more} match: {{ {match} }}, authorities: [ {{ keyless: {{ root: lab, issuer: \"{Claims.GitHubIssuer}\", identity: {{ glob: \"{Identity}\" }} }} }} ] }}\n";

    private PluginPackage With(string path, byte[] bytes) =>
        PluginPackage.FromFiles(new Dictionary<string, byte[]>(_signed.Files, StringComparer.Ordinal) { [path] = bytes });

    private TrustPolicy Read(string yaml)
    {
        var reading = TrustPolicyReader.Read(Encoding.UTF8.GetBytes(yaml), _folder);
        reading.Problems.ShouldBeEmpty(string.Join('\n', reading.Problems));
        return reading.Policy!;
    }

    private TrustVerdict Verify(PluginPackage package, string spec) => PluginVerifier.Verify(package, "scan.dummy", Read(Head + spec), null, new DateTimeOffset(2026, 6, 1, 0, 0, 0, TimeSpan.Zero));
}
