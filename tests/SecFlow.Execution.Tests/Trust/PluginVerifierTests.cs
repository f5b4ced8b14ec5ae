using System.Security.Cryptography;
using System.Text;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Tests.Plugins;
using SecFlow.Execution.Trust;

namespace SecFlow.Execution.Tests.Trust;

public sealed class PluginVerifierTests : IDisposable
{
    private static readonly DateTimeOffset _now = new(2026, 6, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly string _folder = Directory.CreateTempSubdirectory("secflow-trust-").FullName;
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly PluginPackage _signed;
    private readonly string _sha;

    public PluginVerifierTests()
    {
        var pem = Encoding.ASCII.GetBytes(_key.ExportSubjectPublicKeyInfoPem());
        Directory.CreateDirectory(Path.Combine(_folder, "trust"));
        File.WriteAllBytes(Path.Combine(_folder, "trust", "team.pub"), pem);
        _sha = Convert.ToHexStringLower(SHA256.HashData(pem));
        _signed = PackageWriter.Sign(PluginWorld.Package(PluginWorld.Files()), _key);
    }

    public void Dispose()
    {
        _key.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void Verify_TrustedKey_IsVerifiedWithSignerAndRule()
    {
        var verdict = Verify(_signed, Rule());
        (verdict.State, verdict.Rule, verdict.Allowed).ShouldBe((TrustState.Verified, "team", true));
        verdict.Signer!.ShouldStartWith("key k1 (sha256:");
    }

    [Fact]
    public void Verify_OtherKey_IsUntrusted()
    {
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Verify(PackageWriter.Sign(_signed, other), Rule()).State.ShouldBe(TrustState.Untrusted);
    }

    [Fact]
    public void Verify_SignatureOverOtherSums_IsInvalid()
    {
        var other = PackageWriter.Sign(PluginWorld.Package(PluginWorld.Files(version: "9.9.9")), _key);
        Verify(With("plugin.sigstore.json", other.Bundle!), Rule()).State.ShouldBe(TrustState.Invalid);
        Verify(With("plugin.sigstore.json", "{}"u8.ToArray()), Rule()).State.ShouldBe(TrustState.Invalid);
    }

    [Fact]
    public void Verify_Unsigned_IsUnsigned() => Verify(PluginWorld.Package(PluginWorld.Files()), Rule()).State.ShouldBe(TrustState.Unsigned);

    [Fact]
    public void Verify_SumsRemoved_IsTampered() =>
        Verify(PluginPackage.FromFiles(_signed.Files.Where(f => f.Key != "SHA256SUMS")), Rule()).State.ShouldBe(TrustState.Tampered);

    [Fact]
    public void Verify_FileChanged_SaysExpectedAndFound()
    {
        var verdict = Verify(With("index.js", "evil"u8.ToArray()), Rule());
        verdict.State.ShouldBe(TrustState.Tampered);
        verdict.Expected.ShouldContain("index.js");
        verdict.Found.ShouldContain(Convert.ToHexStringLower(SHA256.HashData("evil"u8)));
        verdict.ToDiagnostic("p").Code.ShouldBe(Codes.Tampered);
    }

    [Fact]
    public void Verify_NoRuleMatches_IsUntrusted()
    {
        Verify(_signed, Rule(match: "{ plugins: [\"report.*\"] }")).State.ShouldBe(TrustState.Untrusted);
        Verify(_signed, Rule(match: "{ teams: [payments] }"), "other").State.ShouldBe(TrustState.Untrusted);
        Verify(_signed, Rule(match: "{ teams: [payments] }"), "payments").State.ShouldBe(TrustState.Verified);
        Verify(_signed, "").State.ShouldBe(TrustState.Untrusted);
    }

    [Fact]
    public void Verify_KeyThatNeedsALog_IsUnverifiable()
    {
        var verdict = Verify(_signed, Rule(key: "tlog: 1, timestamps: 0"));
        (verdict.State, verdict.Stage).ShouldBe((TrustState.Unverifiable, SecFlow.Execution.Trust.TrustStage.Root));
        Verify(_signed, Rule(key: "tlog: 0, timestamps: 1")).State.ShouldBe(TrustState.Unverifiable);
    }

    [Fact]
    public void Verify_KeyOutsideItsPeriod_IsUntrusted()
    {
        Verify(_signed, Rule(key: "tlog: 0, timestamps: 0, validFor: { start: \"2026-01-01T00:00:00Z\", end: \"2026-02-01T00:00:00Z\" }")).State.ShouldBe(TrustState.Untrusted);
        Verify(_signed, Rule(key: "tlog: 0, timestamps: 0, validFor: { start: \"2026-01-01T00:00:00Z\" }")).State.ShouldBe(TrustState.Verified);
    }

    [Theory]
    [InlineData("artifact: \"DIGEST\"")]
    [InlineData("key: k1")]
    public void Verify_Revoked_WinsOverEverything(string what)
    {
        var extra = $"  revoked:\n    - {{ {what}, reason: \"SEC-77\" }}\n  exceptions:\n    - {{ artifact: \"DIGEST\", approvedBy: [a, b], expires: \"2027-01-01T00:00:00Z\", ticket: T }}\n";
        var verdict = Verify(_signed, Rule() + extra.Replace("DIGEST", _signed.Digest, StringComparison.Ordinal));
        (verdict.State, verdict.Allowed).ShouldBe((TrustState.Revoked, false));
        verdict.Found.ShouldContain("SEC-77");
    }

    [Fact]
    public void Verify_Exception_LetsUnsignedPassUntilItExpires()
    {
        var unsigned = PluginWorld.Package(PluginWorld.Files());
        string Exception(string expires) => $"  exceptions:\n    - {{ artifact: \"{unsigned.Digest}\", approvedBy: [a, b], expires: \"{expires}\", ticket: SEC-42 }}\n";
        var verdict = Verify(unsigned, Rule() + Exception("2026-12-31T00:00:00Z"));
        (verdict.State, verdict.Allowed).ShouldBe((TrustState.Unsigned, true));
        verdict.Tolerated!.ShouldContain("SEC-42");
        Verify(unsigned, Rule() + Exception("2026-05-31T00:00:00Z")).Allowed.ShouldBeFalse();
    }

    [Fact]
    public void Verify_AuditMode_LetsOnlyUnsignedAndUntrustedPass()
    {
        var audit = Rule(more: "mode: audit\n      until: \"2026-12-31T00:00:00Z\"");
        Verify(PluginWorld.Package(PluginWorld.Files()), audit).Allowed.ShouldBeTrue();
        Verify(With("index.js", "evil"u8.ToArray()), audit).Allowed.ShouldBeFalse();
        Verify(With("plugin.sigstore.json", "{}"u8.ToArray()), audit).Allowed.ShouldBeFalse();
        Verify(PluginWorld.Package(PluginWorld.Files()), Rule(more: "mode: audit\n      until: \"2026-05-31T00:00:00Z\"")).Allowed.ShouldBeFalse();
    }

    [Fact]
    public void Verify_AdditionalRule_MustHoldAsWell()
    {
        using var second = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        var pem = Encoding.ASCII.GetBytes(second.ExportSubjectPublicKeyInfoPem());
        File.WriteAllBytes(Path.Combine(_folder, "trust", "second.pub"), pem);
        var rules = Rule() + $"    - name: also\n      additional: true\n      authorities:\n        - key: {{ id: k2, file: trust/second.pub, sha256: \"{Convert.ToHexStringLower(SHA256.HashData(pem))}\", tlog: 0, timestamps: 0 }}\n";
        Verify(_signed, rules).Allowed.ShouldBeFalse();
        var counter = PackageWriter.Sign(_signed, second).Bundle!;
        Verify(With("countersignatures/b.sigstore.json", counter), rules).State.ShouldBe(TrustState.Verified);
    }

    [Fact]
    public void Verify_ListedDigestWithoutAuthority_IsVerifiedByTheList() =>
        Verify(PluginWorld.Package(PluginWorld.Files()), $"  rules:\n    - name: listed\n      match: {{ artifacts: [\"{_signed.Digest}\"] }}\n").State.ShouldBe(TrustState.Verified);

    [Theory]
    [InlineData("  rules:\n    - { name: anyone }\n", "spec.rules[0].authorities")]
    [InlineData("  rules:\n    - { name: anyone, match: { plugins: [\"*\"] } }\n", "spec.rules[0].authorities")]
    [InlineData("  rules:\n    - { name: a, authorities: [ {} ] }\n", "spec.rules[0].authorities[0].key")]
    [InlineData("  rules:\n    - { name: a, mode: audit, authorities: [ KEY ] }\n", "spec.rules[0].mode")]
    [InlineData("  rules:\n    - { name: a, until: \"2026-01-01T00:00:00Z\", authorities: [ KEY ] }\n", "spec.rules[0].until")]
    [InlineData("  rules:\n    - { name: a, authorities: [ KEY ] }\n    - { name: a, authorities: [ KEY ] }\n", "spec.rules[1].name")]
    [InlineData("  rules:\n    - { name: a, authorities: [ { key: { file: trust/none.pub, sha256: \"0000000000000000000000000000000000000000000000000000000000000000\" } } ] }\n", "spec.rules[0].authorities[0].key.file")]
    [InlineData("  rules:\n    - { name: a, authorities: [ { key: { file: trust/team.pub, sha256: \"0000000000000000000000000000000000000000000000000000000000000000\" } } ] }\n", "spec.rules[0].authorities[0].key.sha256")]
    [InlineData("  rules:\n    - { name: a, authorities: [ { key: { file: ../team.pub, sha256: \"0000000000000000000000000000000000000000000000000000000000000000\" } } ] }\n", "spec.rules[0].authorities[0].key.file")]
    [InlineData("  rules:\n    - { name: a, authorities: [ { keyless: { root: none, issuer: \"https://i\", identity: { exact: a } } } ] }\n", "spec.rules[0].authorities[0].keyless.root")]
    [InlineData("  rules:\n    - { name: a, authorities: [ { keyless: { root: r, issuer: \"https://i\" } } ] }\n", "spec.rules[0].authorities[0].keyless.identity")]
    [InlineData("  rules:\n    - { name: a, authorities: [ { keyless: { root: r, issuer: \"https://i\", identity: { glob: \"*\" } } } ] }\n", "spec.rules[0].authorities[0].keyless.identity.glob")]
    [InlineData("  revoked:\n    - { reason: x }\n", "spec.revoked[0].artifact")]
    [InlineData("  revoked:\n    - { key: nobody, reason: x }\n", "spec.revoked[0].key")]
    [InlineData("  exceptions:\n    - { artifact: \"sha256:0000000000000000000000000000000000000000000000000000000000000000\", approvedBy: [a, A], expires: \"2026-01-01T00:00:00Z\", ticket: T }\n", "spec.exceptions[0].approvedBy")]
    [InlineData("  require: { tlog: 0 }\n", "spec.require.tlog")]
    [InlineData("  rules:\n    - { name: a, additional: true, match: { artifacts: [\"sha256:0000000000000000000000000000000000000000000000000000000000000000\"] } }\n", "spec.rules[0].authorities")]
    [InlineData("  noMatsch: deny\n", "spec.noMatsch")]
    public void Read_PolicyWithAMistake_IsRefusedAtItsPlace(string spec, string path)
    {
        var key = $"{{ key: {{ file: trust/team.pub, sha256: \"{_sha}\" }} }}";
        var reading = TrustPolicyReader.Read(Encoding.UTF8.GetBytes(Head + spec.Replace("KEY", key, StringComparison.Ordinal)), _folder);
        reading.Policy.ShouldBeNull();
        reading.Problems.ShouldContain(p => p.Path == path && p.Code == Codes.TrustPolicyInvalid, string.Join("\n", reading.Problems.Select(p => p.Path + " " + p)));
    }

    [Theory]
    [InlineData("https://git.example/acme/*", "https://git.example/acme/plugins", true)]
    [InlineData("https://git.example/acme/*", "https://git.example/acme/plugins/x", false)]
    [InlineData("https://git.example/acme/*", "https://evil.example/?https://git.example/acme/x", false)]
    [InlineData("a.b", "aXb", false)]
    [InlineData("https://git.example/acme/*", "https://git.example/Acme/plugins", false)]
    [InlineData("https://git.example/*/x", "https://git.example/acme%2Fevil/x", false)]
    [InlineData("https://git.example/*/x", "https://git.example/acme%5cevil/x", false)]
    [InlineData("https://git.example/a%2Fb/*", "https://git.example/a%2Fb/x", true)]
    [InlineData("https://git.example/*/x", "https://git.example/acme\\evil/x", false)]
    [InlineData("https://git.example/*", "https://git.example/a\n", false)]
    [InlineData("https://git.example/*", "https://git.example/a b", false)]
    [InlineData("a*", "xa", false)]
    public void Glob_IsAnchoredAndNeverCrossesASlash(string pattern, string text, bool matches) => new Glob(pattern).Matches(text).ShouldBe(matches);

    [Fact]
    public async Task Policy_ErroneousFile_IsRefusedAuditedAndTheOneBeforeStays()
    {
        await using var world = await PluginWorld.CreateAsync();
        await world.TrustAsync(_key);
        var before = await world.Policies.CurrentAsync(CancellationToken.None);
        await File.WriteAllTextAsync(Path.Combine(world.DataFolder, "trust", "policy.yaml"), Head + "  rules: [ { name: anyone } ]\n");
        (await world.Policies.CurrentAsync(CancellationToken.None)).Revision.ShouldBe(before.Revision);
        (await world.Policies.CurrentAsync(CancellationToken.None)).Revision.ShouldBe(before.Revision);
        world.Policies.Problems.ShouldNotBeEmpty();
        var events = await world.EventsAsync("change.trust-policy");
        events.Count(e => e.ReasonCode == Codes.TrustPolicyInvalid).ShouldBe(1);
        events.Count(e => e.ReasonCode is null).ShouldBe(1);
        await Should.ThrowAsync<SecFlowException>(() => world.Policies.ReplaceAsync(world.Admin, "x", CancellationToken.None));
    }

    [Fact]
    public async Task Policy_FileRemoved_TheOneBeforeStaysAlsoAfterARestartAndItIsSaid()
    {
        await using var world = await PluginWorld.CreateAsync();
        (await world.Policies.CurrentAsync(CancellationToken.None)).Rules.ShouldBeEmpty();
        world.Policies.Problems.ShouldBeEmpty("there never was a policy");
        await world.TrustAsync(_key);
        var before = await world.Policies.CurrentAsync(CancellationToken.None);
        File.Delete(Path.Combine(world.DataFolder, "trust", "policy.yaml"));

        (await world.Policies.CurrentAsync(CancellationToken.None)).Revision.ShouldBe(before.Revision);
        world.Policies.Problems.ShouldHaveSingleItem().Message.ShouldContain("was removed");
        using (var restarted = world.NewPolicies())
        {
            (await restarted.CurrentAsync(CancellationToken.None)).Revision.ShouldBe(before.Revision);
            restarted.Problems.ShouldHaveSingleItem().Code.ShouldBe(Codes.TrustPolicyInvalid);
        }

        (await world.EventsAsync("change.trust-policy")).Count(e => e.ReasonCode == Codes.TrustPolicyInvalid).ShouldBe(2);
    }

    [Fact]
    public async Task Policy_FileThatCannotBeRead_AndKeysThatAreGone_TrustNobodyAndSaySo()
    {
        await using var world = await PluginWorld.CreateAsync();
        await world.TrustAsync(_key);
        File.Delete(Path.Combine(world.DataFolder, "trust", "policy.yaml"));
        Directory.CreateDirectory(Path.Combine(world.DataFolder, "trust", "policy.yaml"));
        File.Delete(Path.Combine(world.DataFolder, "trust", "team.pub"));

        using var restarted = world.NewPolicies();
        (await restarted.CurrentAsync(CancellationToken.None)).Rules.ShouldBeEmpty();
        restarted.Problems.ShouldContain(p => p.Message.Contains("cannot be read"));
        restarted.Problems.ShouldContain(p => p.Message.Contains("no plugin is trusted"));
    }

    private const string Head = "apiVersion: secflow/v1\nkind: PluginTrustPolicy\nspec:\n  noMatch: deny\n";

    private string Rule(string match = "{ plugins: [\"scan.*\"] }", string key = "tlog: 0, timestamps: 0", string more = "mode: enforce") =>
        $"  rules:\n    - name: team\n      match: {match}\n      {more}\n      authorities:\n        - key: {{ id: k1, file: trust/team.pub, sha256: \"{_sha}\", {key} }}\n";

    private PluginPackage With(string path, byte[] bytes) =>
        PluginPackage.FromFiles(new Dictionary<string, byte[]>(_signed.Files, StringComparer.Ordinal) { [path] = bytes });

    private TrustVerdict Verify(PluginPackage package, string spec, string? team = null)
    {
        var reading = TrustPolicyReader.Read(Encoding.UTF8.GetBytes(Head + spec), _folder);
        reading.Problems.ShouldBeEmpty();
        return PluginVerifier.Verify(package, "scan.dummy", reading.Policy!, team, _now);
    }
}
