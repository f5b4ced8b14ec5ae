using SecFlow.Data.Audit;
using SecFlow.Data.Findings;
using SecFlow.Data.Plugins;
using SecFlow.Data.Runs;
using SecFlow.Portal.Components.Marks;

namespace SecFlow.Portal.Tests.Components;

/// <summary>Colour is never the only signal: every state has a word of its own and a mark.</summary>
public sealed class StatusLookTests
{
    [Fact]
    public void RunStatuses_EachHasAWordOfItsOwnAndAMark() => EachHas<RunStatus>(StatusLook.Of);

    [Fact]
    public void NodeStatuses_EachHasAWordOfItsOwnAndAMark() => EachHas<NodeStatus>(StatusLook.Of);

    [Fact]
    public void Verdicts_EachHasAWordOfItsOwnAndAMark() => EachHas<Verdict>(StatusLook.Of);

    [Fact]
    public void FindingStatuses_EachHasAWordOfItsOwnAndAMark() => EachHas<FindingStatus>(StatusLook.Of);

    [Fact]
    public void PluginStates_EachHasAWordOfItsOwnAndAMark() => EachHas<PluginState>(StatusLook.Of);

    [Fact]
    public void AuditOutcomes_EachHasAWordOfItsOwnAndAMark() => EachHas<AuditOutcome>(StatusLook.Of);

    [Theory]
    [InlineData("Verified", "succeeded")]
    [InlineData("Unsigned", "denied")]
    [InlineData("Untrusted", "denied")]
    [InlineData("Revoked", "denied")]
    [InlineData("Invalid", "failed")]
    [InlineData("Tampered", "failed")]
    [InlineData("Unverifiable", "partial")]
    public void TrustStates_OnlyVerifiedLooksGood(string state, string tone)
    {
        var look = StatusLook.OfTrust(state);
        look.Word.ShouldBe(state);
        look.Tone.ShouldBe(tone);
    }

    [Fact]
    public void NotAssessed_NeverLooksLikeSuccess() =>
        Enum.GetValues<Verdict>().Where(v => v != Verdict.Completed).ShouldAllBe(v => StatusLook.Of(v).Hatched && StatusLook.Of(v).Tone == "partial");

    private static void EachHas<T>(Func<T, StatusLook> of)
        where T : struct, Enum
    {
        var looks = Enum.GetValues<T>().Select(of).ToList();
        looks.Select(l => l.Word).Distinct(StringComparer.Ordinal).Count().ShouldBe(looks.Count);
        looks.ShouldAllBe(l => l.Word != "-" && l.Shape.Length > 0 && l.Tone.Length > 0);
    }
}
