using System.Text.Json.Nodes;

namespace SecFlow.Execution.Findings;

/// <summary>
/// One line of a findings dataset: the author's record behind what the engine knows of it,
/// <c>{"fingerprint":"64 hex digits","plugin":"scan.x","ruleId":...,"target":...,"hidden":"why, when a filter hid it"}</c>. The fingerprint is always first.
/// </summary>
internal static class FindingLine
{
    private const string Start = "{\"fingerprint\":\"";
    private const int Digits = 64;

    /// <summary>The line of a record that was staged as a JSON object.</summary>
    public static string Of(string fingerprint, string pluginId, string record) => $"{Start}{fingerprint}\",\"plugin\":\"{pluginId}\",{record.AsSpan(1)}";

    /// <summary>Null for a line that this program did not write.</summary>
    public static string? FingerprintOf(string line) =>
        line.Length > Start.Length + Digits && line.StartsWith(Start, StringComparison.Ordinal) ? line.Substring(Start.Length, Digits) : null;

    /// <summary>The line with the fields of a mark in place of its own.</summary>
    public static string Marked(string line, string mark)
    {
        var record = (JsonObject)JsonNode.Parse(line)!;
        foreach (var (name, value) in (JsonObject)JsonNode.Parse(mark)!)
        {
            record[name] = value?.DeepClone();
        }

        return RecordCheck.Write(record);
    }
}
