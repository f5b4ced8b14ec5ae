using System.Text;
using SecFlow.Sigstore.Envelopes;

namespace SecFlow.Sigstore.Tests.Envelopes;

public sealed class EnvelopeTests
{
    [Theory]
    [InlineData("http://example.com/HelloWorld", "hello world", "DSSEv1 29 http://example.com/HelloWorld 11 hello world")]
    [InlineData("", "", "DSSEv1 0  0 ")]
    [InlineData("a b", "DSSEv1 3 a b 0 ", "DSSEv1 3 a b 15 DSSEv1 3 a b 0 ")]
    public void Pae_TypeAndPayload_AreFramedByTheirLengths(string type, string payload, string expected) =>
        Encoding.UTF8.GetString(Envelope.Pae(type, Encoding.UTF8.GetBytes(payload))).ShouldBe(expected);

    [Fact]
    public void Pae_TextBeyondAscii_IsCountedInBytes() =>
        Encoding.UTF8.GetString(Envelope.Pae("typ\u00e9", "h\u00e9llo \U0001F512"u8)).ShouldBe("DSSEv1 5 typ\u00e9 11 h\u00e9llo \U0001F512");

    [Fact]
    public void Pae_BytesThatAreNoText_StayAsTheyAre() =>
        Envelope.Pae("t", [0xFF, 0x00, 0x80]).ShouldBe([.. "DSSEv1 1 t 3 "u8, 0xFF, 0x00, 0x80]);
}
