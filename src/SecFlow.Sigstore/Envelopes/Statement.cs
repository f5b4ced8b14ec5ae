using System.Text.Json;
using SecFlow.Sigstore.Bundles;

namespace SecFlow.Sigstore.Envelopes;

/// <summary>One thing that a statement is about.</summary>
/// <param name="Name">Name as the signer gives it, empty when absent; nothing is decided by it.</param>
/// <param name="Digests">Algorithm to lower-case hexadecimal digest, such as <c>sha256</c>.</param>
public sealed record StatementSubject(string Name, IReadOnlyDictionary<string, string> Digests);

/// <summary>An in-toto statement, version 0.1 or 1. What it says of its subjects (the predicate) is not read.</summary>
/// <param name="Type">One of the two types of a statement.</param>
/// <param name="PredicateType">Type of the predicate, a URI; empty when absent.</param>
/// <param name="Subjects">At least one, at most <see cref="MaxSubjects"/>.</param>
public sealed record Statement(string Type, string PredicateType, IReadOnlyList<StatementSubject> Subjects)
{
    public const string V01 = "https://in-toto.io/Statement/v0.1";
    public const string V1 = "https://in-toto.io/Statement/v1";
    public const int MaxSubjects = 1024;
    private const int MaxDigests = 16;

    private static readonly JsonDocumentOptions _options = new()
    {
        AllowDuplicateProperties = false,
        AllowTrailingCommas = false,
        CommentHandling = JsonCommentHandling.Disallow,
        MaxDepth = 64,
    };

    /// <summary>The statement in <paramref name="payload"/>, read strictly but for the predicate. Throws <see cref="BundleFormatException"/>.</summary>
    public static Statement Read(ReadOnlyMemory<byte> payload)
    {
        try
        {
            using var document = JsonDocument.Parse(payload, _options);
            return Read(document.RootElement);
        }
        catch (JsonException e)
        {
            throw new BundleFormatException("dsseEnvelope.payload", "an in-toto statement in strict JSON", e.Message, e);
        }
        catch (InvalidOperationException e)
        {
            // bytes that are not UTF-8, or a lone surrogate in an escape
            throw new BundleFormatException("dsseEnvelope.payload", "valid Unicode", "text that is not Unicode", e);
        }
    }

    /// <summary>Whether a subject has this SHA-256 digest, in lower-case hexadecimal.</summary>
    public bool IsAbout(string sha256) => Subjects.Any(s => s.Digests.TryGetValue("sha256", out var digest) && string.Equals(digest, sha256, StringComparison.Ordinal));

    private static Statement Read(JsonElement root)
    {
        var type = Text(root, "_type") ?? "";
        if (type is not (V01 or V1))
        {
            throw Wrong("_type", $"{V01} or {V1}", type.Length == 0 ? "nothing" : "'" + (type.Length <= 64 ? type : type[..64]) + "'");
        }

        if (!root.TryGetProperty("subject", out var list) || list.ValueKind != JsonValueKind.Array || list.GetArrayLength() is 0 or > MaxSubjects)
        {
            throw Wrong("subject", $"a list of 1 to {MaxSubjects} subjects", list.ValueKind == JsonValueKind.Array ? $"{list.GetArrayLength()}" : "none");
        }

        return new Statement(type, Text(root, "predicateType") ?? "", [.. list.EnumerateArray().Select(Subject)]);
    }

    private static StatementSubject Subject(JsonElement subject)
    {
        if (subject.ValueKind != JsonValueKind.Object || !subject.TryGetProperty("digest", out var digest) || digest.ValueKind != JsonValueKind.Object)
        {
            throw Wrong("subject", "subjects with a digest", "another form");
        }

        var digests = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var property in digest.EnumerateObject())
        {
            digests[property.Name] = property.Value.ValueKind == JsonValueKind.String && digests.Count < MaxDigests
                ? property.Value.GetString()!
                : throw Wrong("subject.digest", $"at most {MaxDigests} digests as strings", "another form");
        }

        return new StatementSubject(Text(subject, "name") ?? "", digests);
    }

    private static string? Text(JsonElement element, string name)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            throw Wrong("", "an object", element.ValueKind.ToString());
        }

        return !element.TryGetProperty(name, out var value) ? null
            : value.ValueKind == JsonValueKind.String ? value.GetString()
            : throw Wrong(name, "a string", value.ValueKind.ToString());
    }

    private static BundleFormatException Wrong(string name, string expected, string found) =>
        new(name.Length == 0 ? "dsseEnvelope.payload" : "dsseEnvelope.payload." + name, expected, found);
}
