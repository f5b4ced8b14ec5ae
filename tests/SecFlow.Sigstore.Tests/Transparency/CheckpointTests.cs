using SecFlow.Sigstore.Transparency;

namespace SecFlow.Sigstore.Tests.Transparency;

public sealed class CheckpointTests
{
    private const string Root = "dauhleYK4YAxdxwwtk5l0KrelD/s0iUDBL5h4LTbD8g=";

    [Theory]
    [InlineData("")]
    [InlineData("Timestamp: 1675209600000000000\n")]
    [InlineData("one\ntwo\n")]
    public void Parse_OriginSizeRoot_WithAnyFurtherLines(string further)
    {
        var checkpoint = Checkpoint.Parse($"rekor.example - 42\n23083062\n{Root}\n{further}");
        checkpoint.Origin.ShouldBe("rekor.example - 42");
        checkpoint.Size.ShouldBe(23083062);
        Convert.ToBase64String(checkpoint.Root.Span).ShouldBe(Root);
    }

    [Fact]
    public void Parse_EmptyTree_Is() => Checkpoint.Parse($"log\n0\n{Root}\n").Size.ShouldBe(0);

    [Theory]
    [InlineData("", "origin, size and root")]
    [InlineData("log\n7\n", "origin, size and root")]
    [InlineData("log\n7\n" + Root, "origin, size and root")]
    [InlineData("\n7\n" + Root + "\n", "empty lines")]
    [InlineData("log\n7\n\n" + Root + "\n", "empty lines")]
    [InlineData("log\n7\n" + Root + "\n\nfurther\n", "empty lines")]
    [InlineData("7\n" + Root + "\nfurther\n", "tree size")]
    [InlineData("log\n-7\n" + Root + "\n", "tree size")]
    [InlineData("log\n+7\n" + Root + "\n", "tree size")]
    [InlineData("log\n07\n" + Root + "\n", "tree size")]
    [InlineData("log\n 7\n" + Root + "\n", "tree size")]
    [InlineData("log\n7.0\n" + Root + "\n", "tree size")]
    [InlineData("log\n9223372036854775808\n" + Root + "\n", "tree size")]
    [InlineData("log\n\u0667\n" + Root + "\n", "tree size")]
    [InlineData("log\n7\nAAAA\n", "root hash")]
    [InlineData("log\n7\n" + Root + " \n", "root hash")]
    [InlineData("log\n7\ndauhleYK4YAxdxwwtk5l0KrelD/s0iUDBL5h4LTbD8h=\n", "root hash")]
    public void Parse_OtherForm_SaysWhatWasExpected(string text, string expected) =>
        Should.Throw<FormatException>(() => Checkpoint.Parse(text)).Message.ShouldContain(expected);
}
