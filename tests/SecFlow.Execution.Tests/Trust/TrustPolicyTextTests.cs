using System.Text;
using SecFlow.Execution.Trust;

namespace SecFlow.Execution.Tests.Trust;

public sealed class TrustPolicyTextTests
{
    private const string Digest = "sha256:0000000000000000000000000000000000000000000000000000000000000000";
    private const string Item = "- { name: new, match: { artifacts: [\"" + Digest + "\"] } }";
    private const string Old = "{ name: old, match: { artifacts: [\"" + Digest + "\"] } }";
    private const string Head = "# kept\napiVersion: secflow/v1\nkind: PluginTrustPolicy\n";

    [Theory]
    [InlineData("spec:\n  noMatch: deny\n")]
    [InlineData("spec:\n  noMatch: deny # why\n  rules:\n")]
    [InlineData("spec:\n  rules:\n  noMatch: deny\n")]
    [InlineData("spec:\n  noMatch: deny\n  rules: []\n")]
    [InlineData("spec:\n  noMatch: deny\n  rules: [ " + Old + " ]\n")]
    [InlineData("spec:\n  noMatch: deny\n  rules:\n    # first\n    - " + Old + "\n")]
    [InlineData("spec:\n  noMatch: deny\n  rules:\n  - " + Old + "\n")]
    [InlineData("spec:\r\n    noMatch: deny\r\n    rules:\r\n      - " + Old + "\r\n")]
    [InlineData("spec: { noMatch: deny }\n")]
    [InlineData("spec: { noMatch: deny, rules: [ " + Old + " ] }\n")]
    public void WithItem_AnyForm_PutsTheRuleFirstAndLeavesTheRest(string spec)
    {
        var changed = TrustPolicyText.WithItem(Head + spec, "rules", Item);
        var reading = TrustPolicyReader.Read(Encoding.UTF8.GetBytes(changed), ".");
        reading.Problems.ShouldBeEmpty(changed);
        reading.Policy!.Rules.Select(r => r.Name).ShouldBe(spec.Contains("old", StringComparison.Ordinal) ? ["new", "old"] : ["new"]);
        changed.ShouldStartWith("# kept");
        (changed.Contains("# why", StringComparison.Ordinal), changed.Contains("# first", StringComparison.Ordinal)).ShouldBe((spec.Contains("# why", StringComparison.Ordinal), spec.Contains("# first", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("spec:\n  noMatch: deny\n", "trustRoots:\n    public: { file: trust/new.json, sha256: \"ff\" }\n  noMatch: deny\n")]
    [InlineData("spec:\n  trustRoots:\n    public: { file: trust/old.json, sha256: \"00\" }\n", "public: { file: trust/new.json, sha256: \"ff\" }")]
    [InlineData("spec:\n  trustRoots:\n    public:\n      sha256: '00'\n      file: trust/old.json # note\n", "public:\n      sha256: \"ff\"\n      file: trust/new.json # note\n")]
    [InlineData("spec:\n  trustRoots:\n    lab: { file: trust/old.json, sha256: \"00\" }\n", "public: { file: trust/new.json, sha256: \"ff\" }\n    lab: { file: trust/old.json, sha256: \"00\" }")]
    [InlineData("spec: { trustRoots: { lab: { file: trust/old.json, sha256: \"00\" } } }\n", "trustRoots: { public: { file: trust/new.json, sha256: \"ff\" }, lab:")]
    [InlineData("spec: { noMatch: deny }\n", "spec: { trustRoots: { public: { file: trust/new.json, sha256: \"ff\" } }, noMatch: deny }")]
    public void WithRoot_AnyForm_NamesTheNewFile(string spec, string expected) =>
        TrustPolicyText.WithRoot(Head + spec, "public", "trust/new.json", "ff", demoOnly: false).ShouldContain(expected);
}
