using System.Text;
using SecFlow.PluginHost.Scripting;

namespace SecFlow.PluginHost.Tests.Scripting;

public sealed class ScriptTextTests
{
    // Not as InlineData: attributes are stored as UTF-8 and would lose lone surrogates.
    [Fact]
    public void Valid_LoneSurrogates_AreReplaced()
    {
        ScriptText.Valid("plain").ShouldBe("plain");
        ScriptText.Valid("\ud83d\ude00").ShouldBe("\ud83d\ude00");
        ScriptText.Valid("a\ud83d").ShouldBe("a\ufffd");
        ScriptText.Valid("\ude00b\ud83d\ude00").ShouldBe("\ufffdb\ud83d\ude00");
        ScriptText.Valid("\ud83d\ud83d\ude00").ShouldBe("\ufffd\ud83d\ude00");
    }

    [Theory]
    [InlineData("short", 100)]
    [InlineData("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 20)]
    [InlineData("\u20ac\u20ac\u20ac\u20ac\u20ac\u20ac\u20ac\u20ac\u20ac\u20ac\u20ac", 16)]
    [InlineData("\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00", 15)]
    public void Bounded_IsNeverLongerAndSaysSo(string text, int max)
    {
        var bounded = ScriptText.Bounded(text, max);

        Encoding.UTF8.GetByteCount(bounded).ShouldBeLessThanOrEqualTo(max);
        bounded.EndsWith("[cut]", StringComparison.Ordinal).ShouldBe(Encoding.UTF8.GetByteCount(text) > max);
    }
}
