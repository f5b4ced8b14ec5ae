using System.Net;
using System.Text.Json.Nodes;

namespace SecFlow.Execution.Sandboxing.Network;

/// <summary>
/// The rules of the kernel inside a sandbox's network namespace, as nftables objects. What is loaded is read back and compared, object by object. As text:
/// <code>
/// table inet secflow {
///   counter accepted { } counter blocked { }
///   chain output {
///     type filter hook output priority -150; policy drop;          # before the address is translated
///     ct state { established, related } accept
///     ip daddr 10.1.0.0/24 tcp dport { 80, 8000-8080 } counter name "accepted" accept
///     ip daddr 127.0.0.1 tcp dport 8088 counter name "accepted" accept
///     oifname "lo" accept                                          # the sandbox's own loopback
///     counter name "blocked" reject with icmpx admin-prohibited
///   }
///   chain input { type filter hook input priority 0; policy drop; iifname "lo" accept; ct state { established, related } accept; }
///   chain forward { type filter hook forward priority 0; policy drop; }
///   chain answers { type filter hook prerouting priority -300; policy accept; iifname "sf0" tcp flags rst / rst,ack tcp flags set rst | ack }
///   chain loopback { type nat hook output priority -100; policy accept; ip daddr 127.0.0.1 tcp dport 8088 dnat ip to 198.18.77.1 }
///   chain source { type nat hook postrouting priority 100; policy accept; oifname "sf0" masquerade }
/// }
/// </code>
/// <c>answers</c> only repairs: pasta 2023 refuses a connection by a reset without ACK, which the kernel ignores, so that a closed port would look filtered.
/// The last two are there only when a target is on this machine's loopback: the gateway is where pasta stands in for it.
/// </summary>
internal static class NetworkRules
{
    public const string Interface = "sf0";
    private const string Table = "secflow";
    private const string Repairs = "answers";

    /// <summary>What <c>nft -j -f -</c> reads; ASCII.</summary>
    public static string Load(NetworkReach reach) =>
        new JsonObject { ["nftables"] = new JsonArray([.. Objects(reach).Select(one => (JsonNode)new JsonObject { ["add"] = one })]) }.ToJsonString();

    /// <summary>Whether <c>nft -j list ruleset</c> shows exactly these rules and no other.</summary>
    public static bool AreExactly(NetworkReach reach, string listed)
    {
        string[] found = [.. Entries(listed).Where(one => !one.ContainsKey("metainfo")).Select(Plain)];
        return Objects(reach).Select(Plain).SequenceEqual(found, StringComparer.Ordinal);
    }

    /// <summary>The counters of <c>nft -j list ruleset</c> or <c>list counters</c>; null when one is missing.</summary>
    public static NetworkCount? Counters(string listed)
    {
        long? accepted = null, blocked = null;
        foreach (var counter in Entries(listed).Select(one => one["counter"]).OfType<JsonObject>())
        {
            var packets = (long?)counter["packets"];
            switch ((string?)counter["name"])
            {
                case "accepted": accepted = packets; break;
                case "blocked": blocked = packets; break;
            }
        }

        return accepted is { } a && blocked is { } b ? new NetworkCount(a, b) : null;
    }

    private static IEnumerable<JsonObject> Objects(NetworkReach reach)
    {
        var loopback = reach.LoopbackPorts;
        yield return new JsonObject { ["table"] = new JsonObject { ["family"] = "inet", ["name"] = Table } };
        yield return Counter("accepted");
        yield return Counter("blocked");
        yield return Chain("output", "filter", "output", -150, "drop");
        yield return Chain("input", "filter", "input", 0, "drop");
        yield return Chain("forward", "filter", "forward", 0, "drop");
        yield return Chain(Repairs, "filter", "prerouting", -300, "accept");
        if (loopback.Count > 0)
        {
            yield return Chain("loopback", "nat", "output", -100, "accept");
            yield return Chain("source", "nat", "postrouting", 100, "accept");
        }

        yield return Rule("output", Answers(), Accept());
        foreach (var (network, ports) in reach.Allowed)
        {
            yield return Rule("output", Destination(network), Ports(ports), new JsonObject { ["counter"] = "accepted" }, Accept());
        }

        yield return Rule("output", Match(Meta("oifname"), "lo"), Accept());
        yield return Rule("output", new JsonObject { ["counter"] = "blocked" }, new JsonObject { ["reject"] = new JsonObject { ["type"] = "icmpx", ["expr"] = "admin-prohibited" } });
        yield return Rule("input", Match(Meta("iifname"), "lo"), Accept());
        yield return Rule("input", Answers(), Accept());
        yield return Rule(
            Repairs,
            Match(Meta("iifname"), Interface),
            Match(new JsonObject { ["&"] = new JsonArray(Payload("tcp", "flags"), new JsonArray("rst", "ack")) }, "rst"),
            new JsonObject { ["mangle"] = new JsonObject { ["key"] = Payload("tcp", "flags"), ["value"] = new JsonObject { ["|"] = new JsonArray("rst", "ack") } } });
        if (loopback.Count > 0)
        {
            yield return Rule("loopback", Destination(new IPNetwork(IPAddress.Loopback, 32)), Ports(loopback), new JsonObject { ["dnat"] = new JsonObject { ["family"] = "ip", ["addr"] = reach.Gateway.ToString() } });
            yield return Rule("source", Match(Meta("oifname"), Interface), new JsonObject { ["masquerade"] = null });
        }
    }

    // Handles are numbers that the kernel gives; counters may have counted in the meantime; a set has no order; versions write the flags of the repair differently,
    // and it lets nothing pass.
    private static string Plain(JsonObject entry)
    {
        foreach (var one in entry.Select(pair => pair.Value).OfType<JsonObject>())
        {
            one.Remove("handle");
            one.Remove("packets");
            one.Remove("bytes");
            if ((string?)one["chain"] == Repairs)
            {
                one.Remove("expr");
            }
        }

        return Sorted(entry)!.ToJsonString();
    }

    private static JsonNode? Sorted(JsonNode? node) => node switch
    {
        JsonObject one => new JsonObject(one.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => KeyValuePair.Create(pair.Key, pair is { Key: "set", Value: JsonArray set } ? InOrder(set) : Sorted(pair.Value)))),
        JsonArray array => new JsonArray([.. array.Select(Sorted)]),
        _ => node?.DeepClone(),
    };

    private static JsonArray InOrder(JsonArray set) => new([.. set.Select(Sorted).OrderBy(item => item?.ToJsonString(), StringComparer.Ordinal)]);

    private static IEnumerable<JsonObject> Entries(string text)
    {
        try
        {
            // The shell may say something about its jobs before.
            return JsonNode.Parse(text[Math.Max(0, text.IndexOf('{', StringComparison.Ordinal))..])?["nftables"] is JsonArray array ? array.OfType<JsonObject>() : [];
        }
        catch (System.Text.Json.JsonException)
        {
            // Half an answer is none: nothing is equal to it.
            return [];
        }
    }

    private static JsonObject Counter(string name) => new() { ["counter"] = new JsonObject { ["family"] = "inet", ["name"] = name, ["table"] = Table } };

    private static JsonObject Chain(string name, string type, string hook, int priority, string policy) => new()
    {
        ["chain"] = new JsonObject { ["family"] = "inet", ["table"] = Table, ["name"] = name, ["type"] = type, ["hook"] = hook, ["prio"] = priority, ["policy"] = policy },
    };

    private static JsonObject Rule(string chain, params JsonNode[] statements) => new()
    {
        ["rule"] = new JsonObject { ["family"] = "inet", ["table"] = Table, ["chain"] = chain, ["expr"] = new JsonArray(statements) },
    };

    private static JsonObject Answers() => Match(new JsonObject { ["ct"] = new JsonObject { ["key"] = "state" } }, new JsonObject { ["set"] = new JsonArray("established", "related") });

    private static JsonObject Destination(IPNetwork network) => Match(
        Payload("ip", "daddr"),
        network.PrefixLength == 32 ? network.BaseAddress.ToString() : new JsonObject { ["prefix"] = new JsonObject { ["addr"] = network.BaseAddress.ToString(), ["len"] = network.PrefixLength } });

    private static JsonObject Ports(IReadOnlyList<(int From, int To)> ports)
    {
        JsonNode[] all = [.. ports.Select(range => range.From == range.To ? (JsonNode)range.From : new JsonObject { ["range"] = new JsonArray(range.From, range.To) })];
        return Match(Payload("tcp", "dport"), all.Length == 1 ? all[0] : new JsonObject { ["set"] = new JsonArray(all) });
    }

    private static JsonObject Payload(string protocol, string field) => new() { ["payload"] = new JsonObject { ["protocol"] = protocol, ["field"] = field } };

    private static JsonObject Meta(string key) => new() { ["meta"] = new JsonObject { ["key"] = key } };

    private static JsonObject Match(JsonNode left, JsonNode right) => new() { ["match"] = new JsonObject { ["op"] = "==", ["left"] = left, ["right"] = right } };

    private static JsonObject Accept() => new() { ["accept"] = null };
}
