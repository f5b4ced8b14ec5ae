using System.Text;
using SecFlow.Sigstore.Transparency;

namespace SecFlow.Sigstore.Tests.Transparency;

public sealed class SignedNoteTests
{
    private const string Text = "log.example\n7\nRoot\n";
    private const string Line = "\u2014 log.example AAAAAQI=\n";

    [Fact]
    public void Parse_TextAndLine_SplitsWithTheNewline()
    {
        var note = SignedNote.Parse(Text + "\n" + Line);
        note.Text.ShouldBe(Text);
        note.SignedBytes.ShouldBe(Encoding.UTF8.GetBytes(Text));
        var signature = note.Signatures.ShouldHaveSingleItem();
        signature.Name.ShouldBe("log.example");
        signature.KeyId.ToArray().ShouldBe(new byte[] { 0, 0, 0, 1 });
        signature.Signature.ToArray().ShouldBe(new byte[] { 2 });
    }

    [Fact]
    public void Parse_ManyLines_KeepsAllInOrder() =>
        SignedNote.Parse(Text + "\n\u2014 other AAAAAgM=\n" + Line).Signatures.Select(s => s.Name).ShouldBe(["other", "log.example"]);

    [Fact]
    public void Parse_EmptyLineInText_SplitsAtTheLast() => SignedNote.Parse("a\n\nb\n\n" + Line).Text.ShouldBe("a\n\nb\n");

    [Theory]
    [InlineData("", "no empty line")]
    [InlineData(Line, "no empty line")]
    [InlineData("\n\n" + Line, "no empty line")]
    [InlineData(Text + Line, "no empty line")]
    [InlineData(Text + "\n", "a signature line")]
    [InlineData(Text + "\n\u2014 log.example AAAAAQI=", "newline after the last")]
    [InlineData(Text + "\n" + Line + "no line\n", "a signature line")]
    [InlineData(Text + "\n- log.example AAAAAQI=\n", "a signature line")]
    [InlineData(Text + "\n\u2014log.example AAAAAQI=\n", "a signature line")]
    [InlineData(Text + "\n\u2014 log.example\n", "a signature line")]
    [InlineData(Text + "\n\u2014  AAAAAQI=\n", "a signature line")]
    [InlineData(Text + "\n\u2014 a+b AAAAAQI=\n", "a signature line")]
    [InlineData(Text + "\n\u2014 a\u00a0b AAAAAQI=\n", "a signature line")]
    [InlineData(Text + "\n\u2014 log.example  AAAAAQI=\n", "a signature line")]
    [InlineData(Text + "\n\u2014 log.example AAAAAQ==\n", "a signature line")]
    [InlineData(Text + "\n\u2014 log.example AAAAAQI\n", "a signature line")]
    [InlineData(Text + "\n\u2014 log.example AAAAAQJ=\n", "a signature line")]
    [InlineData(Text + "\n\u2014 log.example AAAA AQI=\n", "a signature line")]
    [InlineData(Text + "\n\u2014 log.example AAAAAQI=\r\n", "control characters")]
    [InlineData("a\tb\n\n" + Line, "control characters")]
    public void Parse_OtherForm_SaysWhatWasExpected(string envelope, string expected) =>
        Should.Throw<FormatException>(() => SignedNote.Parse(envelope)).Message.ShouldContain(expected);

    [Fact]
    public void Parse_MoreLinesThanAllowed_IsRefused()
    {
        SignedNote.Parse(Text + "\n" + Repeat(Line, SignedNote.MaxSignatures)).Signatures.Count.ShouldBe(SignedNote.MaxSignatures);
        Should.Throw<FormatException>(() => SignedNote.Parse(Text + "\n" + Repeat(Line, SignedNote.MaxSignatures + 1))).Message.ShouldContain("at most");
    }

    private static string Repeat(string text, int count) => string.Concat(Enumerable.Repeat(text, count));
}
