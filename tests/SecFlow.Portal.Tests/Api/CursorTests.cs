using SecFlow.Execution.Diagnostics;
using SecFlow.Portal.Api;

namespace SecFlow.Portal.Tests.Api;

public sealed class CursorTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(50)]
    [InlineData(9_999_999)]
    public void Cursor_GivenOut_IsReadBack(int offset) => Cursor.Read(Cursor.At(offset)).ShouldBe(offset);

    [Fact]
    public void Cursor_None_IsTheStart() => Cursor.Read(null).ShouldBe(0);

    [Theory]
    [InlineData("")]
    [InlineData("50")]
    [InlineData("!!!!")]
    [InlineData("by01")] // o-5
    [InlineData("bzk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk")]
    public void Cursor_NotGivenOut_IsRefused(string cursor) => Should.Throw<SecFlowException>(() => Cursor.Read(cursor)).Code.ShouldBe(Codes.RequestInvalid);

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(201)]
    public void Limit_OutOfRange_IsRefused(int limit) => Should.Throw<SecFlowException>(() => Cursor.Limit(limit)).Message.ShouldContain("1 to 200");
}
