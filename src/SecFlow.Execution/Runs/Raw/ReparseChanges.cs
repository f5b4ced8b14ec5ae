using System.Text.Json.Nodes;
using SecFlow.Data.Runs;

namespace SecFlow.Execution.Runs.Raw;

/// <summary>What a reading says other than the run said: counted, and the first of each kind told.</summary>
internal sealed class ReparseChanges
{
    /// <summary>Findings that are told one by one.</summary>
    public const int MostTold = 200;

    // Records of what is gone are read in pieces: each may be as large as a record may be.
    private const int GoneAtOnce = 20;
    private const int LongestValue = 300;

    /// <summary>Set by the engine, or different each time (a nonce in an answer): no change of what is found.</summary>
    private static readonly string[] _passed = ["evidence", "target", "targetId"];

    /// <summary>What enrich nodes put into findings: another text there is no other finding.</summary>
    private static readonly string[] _enriched = ["description", "remediation", "cwe", "cve", "owasp", "cvss", "attack", "references", "epss", "kev"];

    private readonly JsonArray _told = [];

    private ReparseChanges()
    {
    }

    public int Added { get; private set; }

    public int Changed { get; private set; }

    public int Same { get; private set; }

    public int Gone { get; private set; }

    public string Json => _told.ToJsonString();

    /// <summary>Compares what a reading staged with what the node found; a page of either is in memory at a time.</summary>
    /// <param name="store">Where both are.</param>
    /// <param name="node">The node run.</param>
    /// <param name="now">What was read.</param>
    /// <param name="enriched">Whether enrich nodes came after it in the run: their fields then tell nothing about the plugin.</param>
    /// <param name="ct">Cancels.</param>
    public static async Task<ReparseChanges> OfAsync(ReparseStore store, NodeRun node, ReadOutput now, bool enriched, CancellationToken ct)
    {
        var changes = new ReparseChanges();
        string[] passed = enriched ? [.. _passed, .. _enriched] : _passed;
        await foreach (var finding in store.BesideAsync(node, now.Attempt, ct))
        {
            changes.Compare(finding, passed);
        }

        var gone = (await store.FingerprintsAsync(node, ct)).Where(known => !now.Found(known)).ToList();
        changes.Gone = gone.Count;
        for (var i = 0; i < gone.Count && changes._told.Count < MostTold; i += GoneAtOnce)
        {
            foreach (var finding in await store.FindingsAsync(node, gone.GetRange(i, Math.Min(GoneAtOnce, gone.Count - i)), ct))
            {
                changes.Tell("gone", finding.Fingerprint, Read(finding.Record), null);
            }
        }

        return changes;
    }

    private void Compare(ReadBeside finding, string[] passed)
    {
        if (finding.Before is null)
        {
            Added++;
            Tell("added", finding.Fingerprint, Read(finding.Now), null);
        }
        else if (finding.Before != finding.Now && Differences(Read(finding.Before), Read(finding.Now), passed) is { Count: > 0 } was)
        {
            Changed++;
            Tell("changed", finding.Fingerprint, Read(finding.Now), was);
        }
        else
        {
            Same++;
        }
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

    private void Tell(string change, string fingerprint, JsonObject record, JsonObject? was)
    {
        if (_told.Count < MostTold)
        {
            _told.Add(new JsonObject
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
