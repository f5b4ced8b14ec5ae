using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Targets;
using SecFlow.PluginProtocol;

namespace SecFlow.Execution.Plugins;

/// <summary>
/// JSON of <c>ctx.http</c>: <c>{method?, url, headers?: {name: value|[values]}, body?, followRedirects?, timeoutMs?, maxBytes?}</c> ->
/// <c>{status, url, headers: {lower-name: [values]}, headerList: [[name, value]], body: {handle, size}, truncated, elapsedMs, redirects: [url], tls}</c>.
/// </summary>
internal static partial class HttpCall
{
    private const int MostBodyBytes = 1024 * 1024;
    private const long MostResponseBytes = 16 * 1024 * 1024;
    private const long DefaultResponseBytes = 1024 * 1024;
    private static readonly string[] _known = ["method", "url", "headers", "body", "followRedirects", "timeoutMs", "maxBytes"];

    /// <summary>The request, or SF1501 with what is wrong.</summary>
    public static TargetRequest Read(JsonNode? arguments)
    {
        if (arguments is not JsonObject call)
        {
            throw Wrong("the request is not an object");
        }

        if (call.FirstOrDefault(p => !_known.Contains(p.Key, StringComparer.Ordinal)).Key is { } unknown)
        {
            throw Wrong($"'{unknown[..Math.Min(40, unknown.Length)]}' is not known; known: {string.Join(", ", _known)}");
        }

        var method = Text(call, "method") ?? "GET";
        if (!Method().IsMatch(method))
        {
            throw Wrong("'method' is not an HTTP method in capitals");
        }

        var url = Text(call, "url") ?? throw Wrong("'url' is missing");
        if (url.Length > 8192 || !Uri.TryCreate(url, UriKind.Absolute, out var parsed) || parsed.Scheme is not ("http" or "https"))
        {
            throw Wrong("'url' is not an absolute http or https url of at most 8192 characters");
        }

        var body = Text(call, "body") is { } text ? Encoding.UTF8.GetBytes(text) : null;
        return body?.Length > MostBodyBytes
            ? throw Wrong($"'body' has {body.Length} bytes; at most {MostBodyBytes} are allowed")
            : new TargetRequest(
                method, parsed, Headers(call["headers"]), body, Flag(call, "followRedirects"),
                TimeSpan.FromMilliseconds(Number(call, "timeoutMs", 10_000, 100, 120_000)), Number(call, "maxBytes", DefaultResponseBytes, 0, MostResponseBytes));
    }

    public static JsonObject Write(TargetResponse response, HandleRef body)
    {
        var headers = new JsonObject();
        foreach (var group in response.Headers.GroupBy(h => h.Key.ToLowerInvariant(), StringComparer.Ordinal))
        {
            headers[group.Key] = new JsonArray([.. group.Select(h => (JsonNode)h.Value)]);
        }

        return new JsonObject
        {
            ["status"] = response.Status,
            ["url"] = response.Url.AbsoluteUri,
            ["headers"] = headers,
            ["headerList"] = new JsonArray([.. response.Headers.Select(h => (JsonNode)new JsonArray(h.Key, h.Value))]),
            ["body"] = new JsonObject { ["handle"] = body.Id, ["size"] = body.Size },
            ["truncated"] = response.Truncated,
            ["elapsedMs"] = (long)response.Elapsed.TotalMilliseconds,
            ["redirects"] = new JsonArray([.. response.Redirects.Select(r => (JsonNode)r.AbsoluteUri)]),
            ["tls"] = response.TlsProtocol,
        };
    }

    private static List<KeyValuePair<string, string>> Headers(JsonNode? node)
    {
        var headers = new List<KeyValuePair<string, string>>();
        if (node is null)
        {
            return headers;
        }

        if (node is not JsonObject given || given.Count > 100)
        {
            throw Wrong("'headers' is not an object of at most 100 names");
        }

        foreach (var (name, value) in given)
        {
            foreach (var item in value is JsonArray list ? list : new JsonArray(value?.DeepClone()))
            {
                if (item is not JsonValue text || !text.TryGetValue<string>(out var content) || !HeaderName().IsMatch(name) || content.Length > 8192
                    || content.Any(c => c is '\r' or '\n' or '\0'))
                {
                    throw Wrong($"the header '{name[..Math.Min(40, name.Length)]}' is not a name with a text (or a list of texts) without line breaks");
                }

                headers.Add(KeyValuePair.Create(name, content));
            }
        }

        return headers;
    }

    private static string? Text(JsonObject call, string key) => call[key] switch
    {
        null => null,
        JsonValue value when value.TryGetValue<string>(out var text) => text,
        _ => throw Wrong($"'{key}' is not a text"),
    };

    private static bool Flag(JsonObject call, string key) => call[key] switch
    {
        null => false,
        JsonValue value when value.TryGetValue<bool>(out var flag) => flag,
        _ => throw Wrong($"'{key}' is not true or false"),
    };

    private static long Number(JsonObject call, string key, long fallback, long least, long most) => call[key] switch
    {
        null => fallback,
        JsonValue value when value.TryGetValue<double>(out var number) && double.IsFinite(number) => (long)Math.Clamp(number, least, most),
        _ => throw Wrong($"'{key}' is not a number"),
    };

    private static SecFlowException Wrong(string what) => new(Codes.RequestInvalid, $"ctx.http: {what}. Correct the call.");

    [GeneratedRegex(@"\A[A-Z][A-Z-]{0,19}\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Method();

    // RFC 9110, 5.6.2: token
    [GeneratedRegex(@"\A[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex HeaderName();
}
