using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace SecFlow.Data.Audit;

/// <summary>
/// The bytes of an event that are hashed: JSON, keys in ordinal order, no white space, UTF-8, every field of contracts 10 except prevHash and hash, absent ones as null:
/// <code>
/// {"action":"start.run","actor":{"id":"..","ip":null,"kind":"user","name":"ada"},"after":{"digest":"sha256:..","document":{..}},"before":null,"details":null,
///  "onBehalfOf":null,"outcome":"allowed","policyRevision":null,"reasonCode":null,"resource":{"id":"..","kind":"run","name":".."},"scopeRevision":null,
///  "seq":1,"team":"0190..","time":"2026-01-02T03:04:05.0000000Z","traceId":null}
/// </code>
/// Texts are cut to the length of their column, and characters that a database refuses (U+0000, lone surrogates) become U+FFFD, before both the columns and the
/// bytes are written: they always agree. A document of more than 64 KiB is kept as its digest and size.
/// </summary>
internal static class AuditCanonical
{
    public const int DocumentBytes = 64 * 1024;

    public static AuditEvent Row(AuditEntry entry, long seq, DateTimeOffset time)
    {
        var row = new AuditEvent
        {
            Seq = seq,
            Time = time.ToUniversalTime(),
            TeamId = entry.Actor.TeamId == Guid.Empty ? null : entry.Actor.TeamId,
            ActorKind = entry.Actor.Kind,
            ActorId = Text(entry.Actor.Id, 100)!,
            ActorName = Text(entry.Actor.Name, 256)!,
            Action = Text(entry.Action, 100)!,
            ResourceKind = Text(entry.ResourceKind, 50)!,
            ResourceId = Text(entry.ResourceId, 256)!,
            ResourceName = Text(entry.ResourceName, 512)!,
            Outcome = entry.Outcome,
            ReasonCode = Text(entry.ReasonCode, 16),
            TraceId = Text(entry.TraceId, 64),
        };
        row.Canonical = CanonicalJson.Bytes(Fields(row, entry));
        return row;
    }

    /// <summary>The fields that have a column of their own, as they stand in the canonical JSON; what verification compares.</summary>
    public static JsonObject Columns(AuditEvent row) => new()
    {
        ["seq"] = row.Seq,
        ["time"] = row.Time.UtcDateTime.ToString("O", CultureInfo.InvariantCulture),
        ["team"] = row.TeamId?.ToString("D"),
        ["actor"] = new JsonObject { ["kind"] = Word(row.ActorKind), ["id"] = row.ActorId, ["name"] = row.ActorName },
        ["action"] = row.Action,
        ["resource"] = new JsonObject { ["kind"] = row.ResourceKind, ["id"] = row.ResourceId, ["name"] = row.ResourceName },
        ["outcome"] = Word(row.Outcome),
        ["reasonCode"] = row.ReasonCode,
        ["traceId"] = row.TraceId,
    };

    private static JsonObject Fields(AuditEvent row, AuditEntry entry)
    {
        var fields = Columns(row);
        fields["actor"]!["ip"] = Text(entry.Actor.Ip, 64);
        fields["onBehalfOf"] = Text(entry.OnBehalfOf, 256);
        fields["before"] = Digested(entry.Before);
        fields["after"] = Digested(entry.After);
        fields["details"] = Bounded(entry.Details);
        fields["policyRevision"] = Text(entry.PolicyRevision, 100);
        fields["scopeRevision"] = Text(entry.ScopeRevision, 100);
        return fields;
    }

    private static JsonObject? Digested(JsonNode? document) => document is null
        ? null
        : new JsonObject { ["digest"] = CanonicalJson.Digest(document), ["document"] = Bounded(document) };

    private static JsonNode? Bounded(JsonNode? document)
    {
        if (document is null)
        {
            return null;
        }

        var bytes = CanonicalJson.Bytes(document);
        return bytes.Length <= DocumentBytes
            ? document.DeepClone()
            : new JsonObject { ["omitted"] = "too large", ["bytes"] = bytes.Length, ["digest"] = CanonicalJson.Digest(document) };
    }

#pragma warning disable CA1308 // the contract writes these words in lower case
    private static string Word(Enum value) => value.ToString().ToLowerInvariant();
#pragma warning restore CA1308

    private static string? Text(string? text, int length)
    {
        if (text is null)
        {
            return null;
        }

        var clean = CanonicalJson.CleanText(text);
        return clean.Length <= length ? clean : CanonicalJson.CleanText(clean[..(length - 1)]) + "…";
    }
}
