using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace SecFlow.Execution.Targets;

/// <summary>
/// The secrets that a run has read, and how they are taken out of what it says.
/// 1. Found as they are, percent-encoded, escaped for JSON and HTML, and in base64 at any offset (so also inside <c>Authorization: Basic</c>); of a value of several lines each longer line too.
/// 2. Stands for a careless plugin and an echoing target, not for a malicious plugin: what a plugin encodes in a way of its own is not recognised.
/// </summary>
public sealed class SecretValues
{
    private const int LeastLine = 12;
    private const int LeastEncoded = 5;
    private readonly Lock _gate = new();
    private volatile KeyValuePair<string, string>[] _forms = [];
    private volatile KeyValuePair<string, string>[] _bytes = [];

    public bool IsEmpty => _forms.Length == 0;

    /// <summary>Bytes of the longest form.</summary>
    public int Longest => _bytes is [var longest, ..] ? longest.Key.Length : 0;

    public void Add(string name, string value)
    {
        var forms = Forms(value).Select(form => KeyValuePair.Create(form, $"[secret {name}]"));
        lock (_gate)
        {
            // Longest first: a form may hold another.
            _forms = [.. _forms.Concat(forms).DistinctBy(form => form.Key).OrderByDescending(form => form.Key.Length)];
            _bytes = [.. _forms.Select(form => KeyValuePair.Create(Latin(form.Key), Latin(form.Value))).OrderByDescending(form => form.Key.Length)];
        }
    }

    /// <summary>The text without secrets; the same object when there is none in it.</summary>
    public string Redact(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Replace(text, _forms);
    }

    /// <summary>The same for bytes, one character each (ISO 8859-1): the secrets are looked for in UTF-8.</summary>
    public string RedactBytes(string bytes) => Replace(bytes, _bytes);

    private static string Latin(string text) => Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(text));

    private static string Replace(string text, KeyValuePair<string, string>[] forms)
    {
        foreach (var (form, instead) in forms)
        {
            if (text.Contains(form, StringComparison.Ordinal))
            {
                text = text.Replace(form, instead, StringComparison.Ordinal);
            }
        }

        return text;
    }

    /// <summary>The record without secrets, in values and names; the same object when there is none in it.</summary>
    public JsonNode? Redact(JsonNode? node)
    {
        if (IsEmpty)
        {
            return node;
        }

        switch (node)
        {
            case JsonValue value when value.TryGetValue<string>(out var text):
                var clean = Redact(text);
                return ReferenceEquals(clean, text) ? node : JsonValue.Create(clean);
            case JsonArray list:
                var items = list.Select(item => (Before: item, After: Redact(item))).ToList();
                return items.TrueForAll(item => ReferenceEquals(item.Before, item.After)) ? node : new JsonArray([.. items.Select(item => Own(item.Before, item.After))]);
            case JsonObject record:
                var members = record.Select(member => (member.Key, Name: Redact(member.Key), Before: member.Value, After: Redact(member.Value))).ToList();
                if (members.TrueForAll(member => ReferenceEquals(member.Key, member.Name) && ReferenceEquals(member.Before, member.After)))
                {
                    return node;
                }

                var copy = new JsonObject();
                foreach (var member in members)
                {
                    copy[member.Name] = Own(member.Before, member.After);
                }

                return copy;
            default:
                return node;
        }
    }

    // A node has one parent: what stays as it is is copied into the new one.
    private static JsonNode? Own(JsonNode? before, JsonNode? after) => ReferenceEquals(before, after) ? after?.DeepClone() : after;

    private static IEnumerable<string> Forms(string value)
    {
        var whole = value.Trim();
        var lines = whole.Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        foreach (var text in lines.Length < 2 ? [whole] : lines.Where(line => line.Length >= LeastLine).Append(whole))
        {
            yield return text;
            yield return Uri.EscapeDataString(text);
            yield return System.Net.WebUtility.UrlEncode(text);
            yield return System.Net.WebUtility.HtmlEncode(text);
            yield return JsonEncodedText.Encode(text).Value;
            yield return JsonEncodedText.Encode(text, System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping).Value;
            foreach (var encoded in Base64(Encoding.UTF8.GetBytes(text)).Where(form => form.Length >= LeastEncoded))
            {
                yield return encoded;
                yield return encoded.Replace('+', '-').Replace('/', '_');
            }
        }
    }

    /// <summary>What is left of the base64 of any text that holds these bytes: three forms, one for each offset, without the characters that neighbours decide as well.</summary>
    private static IEnumerable<string> Base64(byte[] bytes)
    {
        for (var before = 0; before < 3; before++)
        {
            var text = Convert.ToBase64String([.. new byte[before], .. bytes]);
            var first = ((before * 8) + 5) / 6;
            var end = (before + bytes.Length) * 8 / 6;
            yield return text[first..end];
        }
    }
}
