using System.Text.Json.Nodes;
using SecFlow.Data.Runs;

namespace SecFlow.Execution.Runs.Raw;

/// <summary>What a reading says other than the run said: counted, and the first of each kind told.</summary>
internal sealed record ReparseChanges(int Added, int Changed, int Same, int Gone, string Json)
{
    /// <summary>Findings that are told one by one.</summary>
    public const int MostTold = 200;

    private const int LongestValue = 300;

    /// <summary>Set by the engine, or different each time (a nonce in an answer): no change of what is found.</summary>
    private static readonly string[] _passed = ["evidence", "target", "targetId"];

    /// <summary>What enrich nodes put into findings: another text there is no other finding.</summary>
    private static readonly string[] _enriched = ["description", "remediation", "cwe", "cve", "owasp", "cvss", "attack", "references", "epss", "kev"];

    /// <param name="before">What the node found.</param>
    /// <param name="now">What was read.</param>
    /// <param name="enriched">Whether enrich nodes came after it in the run: their fields then tell nothing about the plugin.</param>
    public static ReparseChanges Between(IReadOnlyList<RunFinding> before, IReadOnlyList<ReadFinding> now, bool enriched)
    {
        var passed = enriched ? [.. _passed, .. _enriched] : _passed;
        var known = before.ToDictionary(finding => finding.Fingerprint, finding => finding.Record, StringComparer.Ordinal);
        var (added, changed, same) = (0, 0, 0);
        var told = new JsonArray();
        foreach (var finding in now)
        {
            if (!known.Remove(finding.Fingerprint, out var record))
            {
                added++;
                Tell(told, "added", finding.Fingerprint, Read(finding.Data), null);
            }
            else if (Differences(Read(record), Read(finding.Data), passed) is { Count: > 0 } was)
            {
                changed++;
                Tell(told, "changed", finding.Fingerprint, Read(finding.Data), was);
            }
            else
            {
                same++;
            }
        }

        foreach (var (fingerprint, record) in known)
        {
            Tell(told, "gone", fingerprint, Read(record), null);
        }

        return new ReparseChanges(added, changed, same, known.Count, told.ToJsonString());
    }

    private static JsonObject Read(string record) => (JsonObject)JsonNode.Parse(record)!;

    private static JsonObject Differences(JsonObject before, JsonObject now, string[] passed)
    {
        var was = new JsonObject();
        foreach (var field in before.Select(member => member.Key).Union(now.Select(member => member.Key), StringComparer.Ordinal).Except(passed, StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            if (!JsonNode.DeepEquals(before[field], now[field]))
            {
                was[field] = before[field] is { } value ? Head(value is JsonValue text && text.TryGetValue<string>(out var plain) ? plain : value.ToJsonString()) : null;
            }
        }

        return was;
    }

    private static void Tell(JsonArray told, string change, string fingerprint, JsonObject record, JsonObject? was)
    {
        if (told.Count < MostTold)
        {
            told.Add(new JsonObject
            {
                ["change"] = change,
                ["fingerprint"] = fingerprint,
                ["title"] = record["title"]?.DeepClone(),
                ["severity"] = record["severity"]?.DeepClone(),
                ["location"] = record["location"]?.DeepClone(),
                ["was"] = was,
            });
        }
    }

    private static string Head(string text) => text.Length <= LongestValue ? text : text[..LongestValue];
}
