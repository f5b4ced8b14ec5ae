using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using SecFlow.TestKit;

namespace SecFlow.Sigstore.Tests.Fuzzing;

/// <summary>
/// Makes bundles that are nearly valid: not only other text, but valid text of other content. It looks into base64, into the body of a log entry, a payload
/// and the lines of a checkpoint, and puts pieces of one bundle into another. The same seeds and number always give the same mutant.
/// </summary>
internal sealed class BundleMutator(int seed, IReadOnlyList<FuzzSeed> seeds)
{
    private static readonly JsonSerializerOptions _plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly JsonSerializerOptions _escaped = new() { WriteIndented = true };
    private static readonly string[] _numbers = ["0", "1", "-1", "9223372036854775807", "9223372036854775808", "01", "1e3", " 7", "4294967296", ""];
    private static readonly string[] _texts =
    [
        "application/vnd.dev.sigstore.bundle+json;version=0.1", "application/vnd.dev.sigstore.bundle+json;version=0.2", "application/vnd.dev.sigstore.bundle.v0.3+json",
        "hashedrekord", "dsse", "intoto", "0.0.1", "0.0.2", "SHA2_256", "SHA2_384", "SHA2_512", "application/vnd.in-toto+json", "sha256", "sha512", "",
    ];

    private readonly Mutator _text = new(
        seed, [.. seeds.Select(s => s.Json)],
        ["\"verificationMaterial\"", "\"tlogEntries\"", "\"certificate\"", "\"publicKey\"", "\"messageSignature\"", "\"dsseEnvelope\"", "\"inclusionProof\"", "\"inclusionPromise\"", "null", "{}", "[]", "\\u0000", "\\n"]);

    /// <summary>The mutant with this number and the seed whose way of verification it is for.</summary>
    public (FuzzSeed Seed, byte[] Json) Make(int number)
    {
        var random = new Random(unchecked((seed * 1_000_003) + number));
        var origin = seeds[random.Next(seeds.Count)];
        if (random.Next(10) < 2)
        {
            return (origin, _text.Make(number));
        }

        var bundle = JsonNode.Parse(origin.Json)!;
        for (var n = random.Next(1, 4); n > 0; n--)
        {
            Mutate(bundle, origin, random, nested: false);
        }

        return (origin, JsonSerializer.SerializeToUtf8Bytes(bundle, random.Next(4) == 0 ? _escaped : _plain));
    }

    private void Mutate(JsonNode root, FuzzSeed origin, Random random, bool nested)
    {
        var places = Places(root).ToList();
        if (places.Count == 0)
        {
            return;
        }

        var node = places[random.Next(places.Count)];
        switch (random.Next(nested ? 7 : 9))
        {
            case 0:
                Remove(node);
                break;
            case 1 when node.Parent is JsonArray list:
                list.Add(node.DeepClone());
                break;
            case 1 when node.Parent is JsonObject owner:
                owner["further"] = node.DeepClone();
                break;
            case 2 when places[random.Next(places.Count)] is var other && other != node:
                node.ReplaceWith(other.DeepClone());
                break;
            case 3 when node is JsonArray list && list.Count > 1:
                var first = list[0];
                list.RemoveAt(0);
                list.Add(first);
                break;
            case 4 when node is JsonObject members:
                Reorder(members, random);
                break;
            case 7 or 8:
                Transplant(root, node, origin, random);
                break;
            default:
                Value(node is JsonValue ? node : places[random.Next(places.Count)], origin, random, nested);
                break;
        }
    }

    private void Value(JsonNode node, FuzzSeed origin, Random random, bool nested)
    {
        if (node is not JsonValue value || !value.TryGetValue<string>(out var text))
        {
            return;
        }

        var name = node.Parent is JsonObject ? node.GetPropertyName() : "";
        if (long.TryParse(text, out var number))
        {
            node.ReplaceWith(random.Next(2) == 0 ? (number + random.Next(-2, 3)).ToString() : _numbers[random.Next(_numbers.Length)]);
        }
        else if (name == "envelope" && text.Contains('\n', StringComparison.Ordinal))
        {
            node.ReplaceWith(Lines(text, random));
        }
        else if (Decode(text) is { Length: > 0 } bytes)
        {
            node.ReplaceWith(Convert.ToBase64String(name is "canonicalizedBody" or "payload" && !nested && random.Next(4) > 0 ? Inside(bytes, origin, random) : Bytes(bytes, random)));
        }
        else
        {
            node.ReplaceWith(random.Next(2) == 0 ? _texts[random.Next(_texts.Length)] : Text(text, random));
        }
    }

    private byte[] Inside(byte[] json, FuzzSeed origin, Random random)
    {
        var inner = JsonNode.Parse(json)!;
        Mutate(inner, origin, random, nested: true);
        return JsonSerializer.SerializeToUtf8Bytes(inner, _plain);
    }

    /// <summary>Puts what stands at the same place of another bundle of this world here.</summary>
    private void Transplant(JsonNode root, JsonNode node, FuzzSeed origin, Random random)
    {
        var world = seeds.Where(s => s.World == origin.World).ToList();
        var donor = JsonNode.Parse(world[random.Next(world.Count)].Json)!;
        var path = node.GetPath();
        if (path != root.GetPath() && Places(donor).FirstOrDefault(p => p.GetPath() == path) is { } piece)
        {
            node.ReplaceWith(piece.DeepClone());
        }
    }

    private static IEnumerable<JsonNode> Places(JsonNode? node) => node switch
    {
        JsonObject members => members.Select(m => m.Value).OfType<JsonNode>().SelectMany(v => Places(v).Prepend(v)),
        JsonArray list => list.OfType<JsonNode>().SelectMany(v => Places(v).Prepend(v)),
        _ => [],
    };

    private static void Remove(JsonNode node)
    {
        if (node.Parent is JsonObject owner)
        {
            owner.Remove(node.GetPropertyName());
        }
        else if (node.Parent is JsonArray list)
        {
            list.Remove(node);
        }
    }

    private static void Reorder(JsonObject members, Random random)
    {
        var all = members.ToList();
        members.Clear();
        foreach (var (name, value) in all.OrderBy(_ => random.Next()))
        {
            members[name] = value;
        }
    }

    private static string Lines(string text, Random random)
    {
        var lines = text.Split('\n').ToList();
        var (from, to) = (random.Next(lines.Count), random.Next(lines.Count));
        switch (random.Next(5))
        {
            case 0:
                lines.RemoveAt(from);
                break;
            case 1:
                lines.Insert(to, lines[from]);
                break;
            case 2:
                (lines[from], lines[to]) = (lines[to], lines[from]);
                break;
            case 3:
                lines[from] = Text(lines[from], random);
                break;
            default:
                // a line of somebody else, which changes nothing behind the empty line
                lines.Insert(to, $"\u2014 witness.example {Convert.ToBase64String(new byte[68])}");
                break;
        }

        return string.Join('\n', lines);
    }

    private static string Text(string text, Random random)
    {
        var at = random.Next(text.Length + 1);
        return random.Next(3) switch
        {
            0 when at < text.Length => text.Remove(at, 1),
            1 when at < text.Length => text[..at] + (char)(text[at] ^ (1 << random.Next(5))) + text[(at + 1)..],
            _ => text.Insert(at, ((char)random.Next(' ', '~')).ToString()),
        };
    }

    private static byte[] Bytes(byte[] bytes, Random random)
    {
        var at = random.Next(bytes.Length);
        switch (random.Next(6))
        {
            case 0:
                return bytes[..at];
            case 1:
                return [.. bytes, .. new byte[random.Next(1, 5)]];
            case 2:
                return [.. bytes[..at], .. bytes[Math.Min(bytes.Length, at + random.Next(1, 9))..]];
            case 3:
                return [.. bytes[..at], (byte)random.Next(256), .. bytes[at..]];
            default:
                var copy = (byte[])bytes.Clone();
                copy[at] ^= (byte)(1 << random.Next(8));
                return copy;
        }
    }

    private static byte[]? Decode(string text)
    {
        var buffer = new byte[text.Length];
        return text.Length >= 8 && Convert.TryFromBase64String(text, buffer, out var length) ? buffer[..length] : null;
    }
}
