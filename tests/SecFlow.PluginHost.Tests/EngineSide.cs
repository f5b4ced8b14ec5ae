using System.IO.Pipes;
using System.Text;
using System.Text.Json.Nodes;
using SecFlow.PluginProtocol;

namespace SecFlow.PluginHost.Tests;

/// <summary>The engine's side of a conversation with a host that runs in this process.</summary>
internal sealed class EngineSide : IAsyncDisposable
{
    public static readonly HostLimits Limits = new(10_000, 2_000_000, 200, 524_288, 256, 64, 65_536, 1_024);

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly AnonymousPipeServerStream _toHost = new(PipeDirection.Out);
    private readonly AnonymousPipeServerStream _fromHost = new(PipeDirection.In);
    private readonly TaskCompletionSource<int> _exit = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _patience = new(Patience);

    public EngineSide(IReadOnlyList<string>? required = null, bool warmUp = false)
    {
        var input = new AnonymousPipeClientStream(PipeDirection.In, _toHost.ClientSafePipeHandle);
        var output = new AnonymousPipeClientStream(PipeDirection.Out, _fromHost.ClientSafePipeHandle);
        var options = new HostOptions { Confine = () => ["test"], Exit = code => _exit.TrySetResult(code), Required = required ?? [], WarmUp = warmUp };
        new Thread(() => _exit.TrySetResult(Host.Run(input, output, options))) { IsBackground = true }.Start();
    }

    /// <summary>The exit code, when the host has ended or asked to be ended.</summary>
    public Task<int> Exit => _exit.Task.WaitAsync(Patience);

    /// <summary>Answers calls; default: everything is refused with SF3009.</summary>
    public Func<CallMessage, (JsonNode? Value, CallError? Error)> Answer { get; set; } = _ => (null, new CallError("SF3009", "not granted"));

    public List<HostMessage> Received { get; } = [];

    public IEnumerable<string> Logs => Received.OfType<LogMessage>().Select(m => m.Text);

    public IEnumerable<JsonNode?> Records => Received.OfType<EmitMessage>().SelectMany(m => m.Records);

    /// <summary>Runs one <c>execute</c> body to its end in a host of its own.</summary>
    public static async Task<EngineSide> Execute(string body, Action<EngineSide>? prepare = null, Func<StartMessage, StartMessage>? change = null)
    {
        var engine = new EngineSide();
        prepare?.Invoke(engine);
        await engine.Ready();
        await engine.Run(Start("module.exports = { execute: function (ctx) { " + body + " } };", change));
        return engine;
    }

    public static StartMessage Start(string source, Func<StartMessage, StartMessage>? change = null)
    {
        var start = new StartMessage(source, "scan.test/index.js", PluginEntry.Execute, null, null, null, new Dictionary<string, int>(StringComparer.Ordinal), null, Limits, 100_000);
        return change is null ? start : change(start);
    }

    public DoneMessage Done => (DoneMessage)Received[^1];

    public async Task<ReadyMessage> Ready() => (ReadyMessage)(await Next())!;

    public async Task<HostMessage?> Next() => await Frames.ReadHostMessageAsync(_fromHost, _patience.Token);

    public Task Send(EngineMessage message) => Frames.WriteAsync(_toHost, message, _patience.Token);

    public void SendBytes(byte[] bytes) => _toHost.Write(bytes);

    public void CloseInput() => _toHost.Dispose();

    public void CloseOutput() => _fromHost.Dispose();

    /// <summary>Sends a start and answers until it is done.</summary>
    public async Task<DoneMessage> Run(StartMessage start)
    {
        await Send(start);
        while (await Next() is { } message)
        {
            Received.Add(message);
            if (message is DoneMessage done)
            {
                return done;
            }

            if (message is CallMessage call)
            {
                var (value, error) = Answer(call);
                await Send(new ResultMessage(call.Id, value, error));
            }
        }

        throw new InvalidOperationException("The host ended without done.");
    }

    /// <summary>Serves a text as handle 1.</summary>
    public void ServeHandle(byte[] data) => Answer = call =>
    {
        call.Method.ShouldBe("handle.read");
        var offset = call.Arguments!["offset"]!.GetValue<int>();
        var length = Math.Min(call.Arguments["length"]!.GetValue<int>(), data.Length - offset);
        return (new JsonObject { ["data"] = Convert.ToBase64String(data, offset, length) }, null);
    };

    public void ServeHandle(string text) => ServeHandle(Encoding.UTF8.GetBytes(text));

    public ValueTask DisposeAsync()
    {
        _toHost.Dispose();
        _fromHost.Dispose();
        _patience.Dispose();
        return ValueTask.CompletedTask;
    }
}

