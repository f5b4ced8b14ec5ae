using System.Buffers.Binary;
using System.Text;
using System.Text.Json;

namespace SecFlow.PluginProtocol.Tests;

public sealed class FramesTests
{
    [Fact]
    public async Task Engine_EveryMessage_ArrivesAsItWasSent()
    {
        using var pipe = new MemoryStream();
        foreach (var message in Samples.Engine)
        {
            await Frames.WriteAsync(pipe, message, CancellationToken.None);
        }

        pipe.Position = 0;
        foreach (var message in Samples.Engine)
        {
            Json(Frames.ReadEngineMessage(pipe)!).ShouldBe(Json(message));
        }

        Frames.ReadEngineMessage(pipe).ShouldBeNull();
    }

    [Fact]
    public async Task Host_EveryMessage_ArrivesAsItWasSent()
    {
        using var pipe = new MemoryStream();
        foreach (var message in Samples.Host)
        {
            Frames.Write(pipe, message);
        }

        pipe.Position = 0;
        foreach (var message in Samples.Host)
        {
            Json((await Frames.ReadHostMessageAsync(pipe, CancellationToken.None))!).ShouldBe(Json(message));
        }

        (await Frames.ReadHostMessageAsync(pipe, CancellationToken.None)).ShouldBeNull();
    }

    [Fact]
    public async Task Host_EveryCharacter_ArrivesAsItIs_HalfPairsAsReplacement()
    {
        var text = new StringBuilder();
        for (var c = 0; c <= char.MaxValue; c++)
        {
            text.Append((char)c).Append('-');
        }

        text.Append("\U0001F600\U0010FFFF");
        using var pipe = new MemoryStream();
        Frames.Write(pipe, new LogMessage("info", text.ToString()));
        pipe.Position = 0;

        var arrived = (LogMessage)(await Frames.ReadHostMessageAsync(pipe, CancellationToken.None))!;

        arrived.Text.ShouldBe(Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text.ToString())));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1e-300)]
    [InlineData(-0.1)]
    [InlineData(99.999999999999)]
    [InlineData(double.MaxValue)]
    public async Task Host_EveryNumber_ArrivesAsItIs(double percent)
    {
        using var pipe = new MemoryStream();
        Frames.Write(pipe, new ProgressMessage(percent, ""));
        pipe.Position = 0;

        ((ProgressMessage)(await Frames.ReadHostMessageAsync(pipe, CancellationToken.None))!).Percent.ShouldBe(percent);
    }

    [Fact]
    public void Host_NumberThatIsNone_IsNotWritten() =>
        Should.Throw<ArgumentException>(() => Frames.Write(Stream.Null, new ProgressMessage(double.NaN, "")));

    [Theory]
    [InlineData("""{"type":"emit","port":"p","records":[{"a":"\ud800"}]}""")]
    [InlineData("""{"type":"emit","port":"p","records":[{"\udc00":1}]}""")]
    [InlineData("""{"type":"emit","port":"p","records":[{"a":1,"a":2}]}""")]
    [InlineData("""{"type":"call","id":1,"method":"http","arguments":{"url":"a","\u0075rl":"b"}}""")]
    [InlineData("{\"type\":\"log\",\"level\":\"info\",\"text\":\"\u00ff\"}")]
    public async Task Host_TextThatIsNone_IsABreachAtTheBorder(string json)
    {
        // Latin-1: the last one is no UTF-8
        var body = Encoding.Latin1.GetBytes(json);
        using var pipe = new MemoryStream();
        Frames.WriteBody(pipe, body);
        pipe.Position = 0;
        await Should.ThrowAsync<ProtocolException>(() => Frames.ReadHostMessageAsync(pipe, CancellationToken.None));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(-1)]
    [InlineData(int.MinValue)]
    [InlineData(Frames.MaxFrameBytes + 1)]
    public async Task Read_LengthOutsideTheRange_IsABreach(int length)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, length);

        Should.Throw<ProtocolException>(() => Frames.ReadEngineMessage(new MemoryStream(bytes)));
        await Should.ThrowAsync<ProtocolException>(() => Frames.ReadHostMessageAsync(new MemoryStream(bytes), CancellationToken.None));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(5)]
    public async Task Read_StreamEndsInsideAFrame_IsABreach(int keep)
    {
        using var whole = new MemoryStream();
        Frames.Write(whole, new AliveMessage());
        var cut = whole.ToArray()[..keep];

        Should.Throw<ProtocolException>(() => Frames.ReadEngineMessage(new MemoryStream(cut)));
        await Should.ThrowAsync<ProtocolException>(() => Frames.ReadHostMessageAsync(new MemoryStream(cut), CancellationToken.None));
    }

    [Theory]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"type\":\"nonsense\"}")]
    [InlineData("{\"type\":\"start\"")]
    [InlineData("{\"type\":\"log\",\"level\":1}")]
    [InlineData("{\"type\":\"credit\",\"records\":\"many\"}")]
    [InlineData("{\"type\":\"credit\",\"records\":99999999999}")]
    [InlineData("\u0000\u0001")]
    public async Task Read_NotAMessage_IsABreach(string json)
    {
        Should.Throw<ProtocolException>(() => Frames.ReadEngineMessage(Frame(json)));
        await Should.ThrowAsync<ProtocolException>(() => Frames.ReadHostMessageAsync(Frame(json), CancellationToken.None));
    }

    [Fact]
    public async Task Read_JsonNestedTooDeep_IsABreach()
    {
        var deep = "{\"type\":\"emit\",\"port\":\"p\",\"records\":[" + new string('[', 100) + new string(']', 100) + "]}";

        await Should.ThrowAsync<ProtocolException>(() => Frames.ReadHostMessageAsync(Frame(deep), CancellationToken.None));
    }

    [Fact]
    public void Write_FrameTooLarge_IsRefused() =>
        Should.Throw<ProtocolException>(() => Frames.Write(Stream.Null, new LogMessage("info", new string('x', Frames.MaxFrameBytes))));

    [Fact]
    public async Task WriteBody_FinishedJson_ArrivesAsMessage()
    {
        using var pipe = new MemoryStream();
        Frames.WriteBody(pipe, "{\"type\":\"emit\",\"port\":\"urls\",\"records\":[{\"url\":\"x\"},null]}"u8);
        pipe.Position = 0;

        var emit = (await Frames.ReadHostMessageAsync(pipe, CancellationToken.None)).ShouldBeOfType<EmitMessage>();

        emit.Port.ShouldBe("urls");
        emit.Records.Count.ShouldBe(2);
    }

    internal static string Json(EngineMessage message) => JsonSerializer.Serialize(message, ProtocolJson.Default.EngineMessage);

    internal static string Json(HostMessage message) => JsonSerializer.Serialize(message, ProtocolJson.Default.HostMessage);

    private static MemoryStream Frame(string json)
    {
        var body = Encoding.UTF8.GetBytes(json);
        var frame = new byte[4 + body.Length];
        BinaryPrimitives.WriteInt32LittleEndian(frame, body.Length);
        body.CopyTo(frame, 4);
        return new MemoryStream(frame);
    }
}
