using System.Text.Json.Nodes;

namespace SecFlow.PluginProtocol.Tests;

/// <summary>One message of each type, full and minimal.</summary>
internal static class Samples
{
    public static readonly HostLimits Limits = new(2000, 5_000_000, 200, 524_288, 256, 64, 262_144, 16_384);

    public static readonly EngineMessage[] Engine =
    [
        new StartMessage(
            "module.exports = {};",
            "scan.x/index.js",
            PluginEntry.Parse,
            new JsonObject { ["a"] = 1 },
            new JsonObject { ["id"] = "r1" },
            new JsonArray(new JsonObject { ["id"] = "t1", ["value"] = "http://localhost/" }),
            new Dictionary<string, int>(StringComparer.Ordinal) { ["urls"] = 3 },
            new RawInput(new HandleRef(1, 10), new HandleRef(2, 0), new Dictionary<string, HandleRef>(StringComparer.Ordinal) { ["report.json"] = new(3, 5) }, "t1"),
            Limits,
            100),
        new StartMessage("1", "a.js", PluginEntry.Script, null, null, null, new Dictionary<string, int>(StringComparer.Ordinal), null, Limits, 0),
        new ResultMessage(7, new JsonObject { ["status"] = 200 }, null),
        new ResultMessage(8, null, new CallError("SF3009", "not granted")),
        new CreditMessage(500),
        new CancelMessage(),
    ];

    public static readonly HostMessage[] Host =
    [
        new ReadyMessage(Frames.Version, ["seccomp", "landlock"]),
        new EmitMessage("findings", [new JsonObject { ["title"] = "a \"quoted\" \u00e9 \U0001F600" }]),
        new VerdictMessage("partial", "two of three", "t1", ["rule-1"]),
        new VerdictMessage("completed", "", null, []),
        new LogMessage("warn", "text"),
        new ProgressMessage(12.5, "half"),
        new CallMessage(1, "handle.read", new JsonObject { ["handle"] = 1, ["offset"] = 0, ["length"] = 10 }),
        new AliveMessage(),
        new DoneMessage(HostOutcome.Completed, null, null, null, null, 1024, 5, null),
        new DoneMessage(HostOutcome.Limit, "time", "too long", "a.js:1:2", "execute", 1024, 5, "x"),
    ];
}
