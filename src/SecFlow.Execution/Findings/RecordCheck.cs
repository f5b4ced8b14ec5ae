using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using SecFlow.Execution.Targets;

namespace SecFlow.Execution.Findings;

/// <summary>
/// One raw record of a plugin on its way into the database. Everything in it is hostile.
/// 1. At most 256 KiB; an object that fits its schema; CVE placeholders are refused.
/// 2. NUL becomes U+FFFD: no database text holds it, and a finding must not get lost by it.
/// 3. Each part of the evidence keeps its first 8 KiB.
/// </summary>
internal static partial class RecordCheck
{
    public const int EvidenceBytes = 8 * 1024;

    // Stored, never written into a page unescaped; non-ASCII stays readable and searchable.
    private static readonly JsonSerializerOptions _json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The record as JSON text, or why it is refused.</summary>
    public static (string? Json, string? Problem) Plain(string type, JsonNode? record)
    {
        if (record is null || (type != "json" && record is not JsonObject))
        {
            return (null, "a record is a JSON object");
        }

        var json = record.ToJsonString(_json);
        if (json.Contains("\\u0000", StringComparison.Ordinal))
        {
            json = Nul().Replace(json, @"$1\uFFFD");
        }

        var bytes = Encoding.UTF8.GetByteCount(json);
        return bytes > Limits.FindingBytes.Default
            ? (null, $"the record has {bytes} bytes, at most {Limits.FindingBytes.Default} are allowed")
            : RecordSchemas.Problem(type, json) is { } problem ? (null, problem) : (json, null);
    }

    /// <summary>A finding with its engine-set target, or why it is refused.</summary>
    public static (JsonObject? Record, ScopedTarget? Target, string? Problem) Finding(JsonNode? raw, IReadOnlyList<ScopedTarget> targets)
    {
        var (json, problem) = Plain("findings", raw);
        if (json is null)
        {
            return (null, null, problem);
        }

        var record = (JsonObject)JsonNode.Parse(json)!;
        if (CveProblem(record) is { } placeholder)
        {
            return (null, null, placeholder);
        }

        var target = TargetOf(record, targets);
        if (target is null)
        {
            return (null, null, targets.Count == 0 ? "the node has no target" : $"'{record["target"]}' is not one of the node's targets");
        }

        record["target"] = target.Value;
        record["targetId"] = target.Id.ToString().ToUpperInvariant();
        record["confidence"] ??= 50;
        foreach (var part in (record["evidence"] as JsonObject ?? []).Select(p => p.Key).ToList())
        {
            record["evidence"]![part] = Head(record["evidence"]![part]!.GetValue<string>());
        }

        return (record, target, null);
    }

    /// <summary>What an enrich (<c>finding-patch</c>) or filter (<c>finding-hide</c>) plugin says about a finding: its fingerprint and the other fields, or why it is refused.</summary>
    public static (string? Fingerprint, JsonObject? Fields, string? Problem) Mark(string schema, JsonNode? raw)
    {
        var (json, problem) = Plain(schema, raw);
        if (json is null)
        {
            return (null, null, problem);
        }

        var record = (JsonObject)JsonNode.Parse(json)!;
        if (CveProblem(record) is { } placeholder)
        {
            return (null, null, placeholder);
        }

        var fingerprint = record["fingerprint"]!.GetValue<string>();
        record.Remove("fingerprint");
        return (fingerprint, record, null);
    }

    private static string? CveProblem(JsonObject record) => (record["cve"] as JsonArray ?? []).Select(c => c!.GetValue<string>())
        .FirstOrDefault(cve => PlaceholderCve().IsMatch(cve) || !int.TryParse(cve.AsSpan(4, 4), NumberStyles.None, CultureInfo.InvariantCulture, out var year) || year < 1999) is { } found ? $"'{found}' is a placeholder, not a CVE" : null;

    public static string Write(JsonObject record) => record.ToJsonString(_json);

    // The author's word, else the target whose address begins the location, else the target with its host, else the first.
    private static ScopedTarget? TargetOf(JsonObject record, IReadOnlyList<ScopedTarget> targets)
    {
        if (record["target"]?.GetValue<string>() is { } said)
        {
            return targets.FirstOrDefault(t => t.Value == said || t.Id.ToString() == said);
        }

        var location = record["location"]!.GetValue<string>();
        var host = Uri.TryCreate(location, UriKind.Absolute, out var uri) && uri.Host.Length > 0 ? uri.Authority : location.Split('/')[0];
        return targets.Where(t => location.StartsWith(t.Value.TrimEnd('/'), StringComparison.OrdinalIgnoreCase)).MaxBy(t => t.Value.Length)
            ?? targets.FirstOrDefault(t => t.Value.Contains(host, StringComparison.OrdinalIgnoreCase))
            ?? targets.FirstOrDefault(t => host.StartsWith(t.Value, StringComparison.OrdinalIgnoreCase))
            ?? (targets.Count > 0 ? targets[0] : null);
    }

    private static string Head(string text)
    {
        if (Encoding.UTF8.GetByteCount(text) <= EvidenceBytes)
        {
            return text;
        }

        // Never half a surrogate pair.
        var characters = 0;
        var bytes = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            if ((bytes += rune.Utf8SequenceLength) > EvidenceBytes)
            {
                break;
            }

            characters += rune.Utf16SequenceLength;
        }

        return text[..characters];
    }

    [GeneratedRegex(@"(?<!\\)((?:\\\\)*)\\u0000", RegexOptions.CultureInvariant, 5000)]
    private static partial Regex Nul();

    [GeneratedRegex(@"^CVE-\d{4}-0+$", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex PlaceholderCve();
}
