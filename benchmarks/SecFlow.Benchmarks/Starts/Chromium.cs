using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using SecFlow.Benchmarks.Machine;

namespace SecFlow.Benchmarks.Starts;

/// <summary>Chromium with an empty profile, spoken to in its own debugging protocol: JSON messages over one web socket.</summary>
internal sealed class Chromium : IAsyncDisposable
{
    private static readonly string[] _arguments =
    [
        "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
        "--remote-debugging-port=0",
    ];

    // Runs in the page before anything of it does; performance.now() counts from the navigation.
    private const string Watch = """
        window.whenLive = new Promise(resolve => {
          const look = () => document.querySelector('main[data-live=true]') && resolve(performance.now());
          new MutationObserver(look).observe(document, { subtree: true, childList: true, attributes: true });
        });
        """;

    private readonly ForeignProcess _process;
    private readonly ClientWebSocket _socket = new();
    private int _last;

    private Chromium(ForeignProcess process) => _process = process;

    public static async Task<Chromium> StartAsync(string profile, CancellationToken ct)
    {
        var chromium = new Chromium(ForeignProcess.Start("chromium", [.. _arguments, "--user-data-dir=" + profile, "about:blank"]));

        // The browser writes port and path of its socket there when it is ready.
        var file = Path.Combine(profile, "DevToolsActivePort");
        string[] lines;
        while ((lines = File.Exists(file) ? await File.ReadAllLinesAsync(file, ct) : []).Length < 2)
        {
            if (chromium._process.HasExited)
            {
                throw new InvalidOperationException("chromium ended: " + await chromium._process.ErrorsAsync());
            }

            await Task.Delay(50, ct);
        }

        await chromium._socket.ConnectAsync(new Uri($"ws://127.0.0.1:{lines[0]}{lines[1]}"), ct);
        return chromium;
    }

    /// <summary>Opens an address in a new page; how long from the navigation until <c>main[data-live=true]</c> is there.</summary>
    public async Task<TimeSpan> LiveAsync(Uri url, string cookies, CancellationToken ct)
    {
        var target = (await AskAsync("Target.createTarget", new JsonObject { ["url"] = "about:blank" }, null, ct))["targetId"]!.GetValue<string>();
        var session = (await AskAsync("Target.attachToTarget", new JsonObject { ["targetId"] = target, ["flatten"] = true }, null, ct))["sessionId"]!.GetValue<string>();
        foreach (var pair in cookies.Split("; ", StringSplitOptions.RemoveEmptyEntries).Select(c => c.Split('=', 2)))
        {
            await AskAsync("Network.setCookie", new JsonObject { ["name"] = pair[0], ["value"] = pair[1], ["url"] = url.ToString() }, session, ct);
        }

        await AskAsync("Page.enable", [], session, ct);
        await AskAsync("Page.addScriptToEvaluateOnNewDocument", new JsonObject { ["source"] = Watch }, session, ct);
        await AskAsync("Page.navigate", new JsonObject { ["url"] = url.ToString() }, session, ct);
        var answer = await AskAsync("Runtime.evaluate", new JsonObject { ["expression"] = "window.whenLive", ["awaitPromise"] = true, ["returnByValue"] = true }, session, ct);
        return answer["result"]?["value"] is JsonValue value
            ? TimeSpan.FromMilliseconds(value.GetValue<double>())
            : throw new InvalidOperationException("the page did not become live: " + answer.ToJsonString());
    }

    public async ValueTask DisposeAsync()
    {
        _socket.Dispose();
        await _process.DisposeAsync();
    }

    private async Task<JsonObject> AskAsync(string method, JsonObject parameters, string? session, CancellationToken ct)
    {
        var id = ++_last;
        var message = new JsonObject { ["id"] = id, ["method"] = method, ["params"] = parameters };
        if (session is not null)
        {
            message["sessionId"] = session;
        }

        await _socket.SendAsync(JsonSerializer.SerializeToUtf8Bytes(message), WebSocketMessageType.Text, endOfMessage: true, ct);
        while (true)
        {
            // Events come in between; nobody asked for them.
            if (JsonNode.Parse(await ReceiveAsync(ct)) is JsonObject answer && answer["id"]?.GetValue<int>() == id)
            {
                return answer["result"] as JsonObject ?? throw new InvalidOperationException($"chromium refused {method}: {answer.ToJsonString()}");
            }
        }
    }

    private async Task<string> ReceiveAsync(CancellationToken ct)
    {
        using var text = new MemoryStream();
        var buffer = new byte[64 * 1024];
        WebSocketReceiveResult part;
        do
        {
            part = await _socket.ReceiveAsync(buffer, ct);
            text.Write(buffer, 0, part.Count);
        }
        while (!part.EndOfMessage);

        return Encoding.UTF8.GetString(text.ToArray());
    }
}
