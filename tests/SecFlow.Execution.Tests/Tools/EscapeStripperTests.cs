using System.Text;
using SecFlow.Execution.Tools;

namespace SecFlow.Execution.Tests.Tools;

public sealed class EscapeStripperTests
{
    [Theory]
    [InlineData("plain\r\n\ttext", "plain\r\n\ttext")]
    [InlineData("\u001b[31;1mred\u001b[0m", "red")]
    [InlineData("\u001b[?25lhidden\u001b[2K\u001b[1G", "hidden")]
    [InlineData("\u001b]0;title\u0007after", "after")]
    [InlineData("\u001b]8;;http://x\u001b\\link\u001b]8;;\u001b\\", "link")]
    [InlineData("\u001bPdevice\u001b\\x", "x")]
    [InlineData("\u001b(Bx\u001b=y\u001bMz", "xyz")]
    [InlineData("\u001b]never closed\nnext line", "\nnext line")]
    [InlineData("a\u001b[31\nb", "a\nb")]
    [InlineData("end\u001b", "end")]
    [InlineData("\u001b\u001b[1mx", "x")]
    [InlineData("ünïcödé ☃ 😀", "ünïcödé ☃ 😀")]
    public void Strip_Sequences_AreGoneInOnePieceAndByteByByte(string text, string expected)
    {
        Whole(text).ShouldBe(expected);
        var stripper = new EscapeStripper();
        var kept = new List<byte>();
        foreach (var b in Encoding.UTF8.GetBytes(text))
        {
            byte[] one = [b];
            kept.AddRange(one[..stripper.Strip(one)]);
        }

        Encoding.UTF8.GetString([.. kept]).ShouldBe(expected);
    }

    [Fact]
    public void Strip_StringWithoutEnd_SwallowsAtMostAPage() => Whole("\u001b]" + new string('x', 10_000)).Length.ShouldBeGreaterThan(5_000);

    [Fact]
    public void Strip_InvalidUtf8_StaysAsItIs()
    {
        byte[] bytes = [0xff, 0xfe, 0x1b, (byte)'[', (byte)'m', 0xc3];
        bytes[..new EscapeStripper().Strip(bytes)].ShouldBe([0xff, 0xfe, 0xc3]);
    }

    private static string Whole(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        return Encoding.UTF8.GetString(bytes, 0, new EscapeStripper().Strip(bytes));
    }
}
