using System.Globalization;
using System.Text.Json.Nodes;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Targets;

namespace SecFlow.Execution.Plugins;

/// <summary>
/// JSON of <c>ctx.tls</c>: <c>{host, port, timeoutMs? (per handshake, 100..60000, default 10000)}</c> -> <c>{host, port, versions: [{name, answer: accepted|refused|untested, cipher, reason}],
/// chain: [{subject, issuer, serial, notBefore, notAfter, names, keyType, keyBits, signatureAlgorithm, selfSigned, sha256}], chainCut, trusted, trustProblems: [string], hostnameMatches, elapsedMs}</c>.
/// Times are UTC with Z.
/// </summary>
internal static class TlsCall
{
    private static readonly string[] _known = ["host", "port", "timeoutMs"];

    /// <summary>Where to look and how long to wait, or SF1501 with what is wrong.</summary>
    public static (Uri Url, TimeSpan Timeout) Read(JsonNode? arguments)
    {
        if (arguments is not JsonObject call)
        {
            throw Wrong("the request is not an object");
        }

        if (call.FirstOrDefault(p => !_known.Contains(p.Key, StringComparer.Ordinal)).Key is { } unknown)
        {
            throw Wrong($"'{unknown[..Math.Min(40, unknown.Length)]}' is not known; known: {string.Join(", ", _known)}");
        }

        if (call["host"] is not JsonValue name || !name.TryGetValue<string>(out var host) || host.Length is 0 or > 255)
        {
            throw Wrong("'host' is not a name or address of 1 to 255 characters");
        }

        var port = Number(call, "port", 443, 1, 65535);
        var bracketed = host.Contains(':', StringComparison.Ordinal) && !host.StartsWith('[') ? $"[{host}]" : host;
        return Uri.TryCreate(string.Create(CultureInfo.InvariantCulture, $"https://{bracketed}:{port}/"), UriKind.Absolute, out var url) && url.AbsolutePath == "/" && url.UserInfo.Length == 0 && url.Query.Length == 0
            ? (url, TimeSpan.FromMilliseconds(Number(call, "timeoutMs", (int)TargetTls.DefaultTimeout.TotalMilliseconds, 100, 60_000)))
            : throw Wrong("'host' is not a host name or an address");
    }

    public static JsonObject Write(TlsFacts facts) => new()
    {
        ["host"] = facts.Host,
        ["port"] = facts.Port,
        ["versions"] = new JsonArray([.. facts.Versions.Select(v => (JsonNode)new JsonObject { ["name"] = v.Name, ["answer"] = v.Answer.ToString().ToLowerInvariant(), ["cipher"] = v.Cipher, ["reason"] = v.Reason })]),
        ["chain"] = new JsonArray([.. facts.Chain.Select(c => (JsonNode)Certificate(c))]),
        ["chainCut"] = facts.ChainCut,
        ["trusted"] = facts.Trusted,
        ["trustProblems"] = new JsonArray([.. facts.TrustProblems.Select(p => (JsonNode)p)]),
        ["hostnameMatches"] = facts.HostnameMatches,
        ["elapsedMs"] = (long)facts.Elapsed.TotalMilliseconds,
    };

    private static JsonObject Certificate(TlsCertificate c) => new()
    {
        ["subject"] = c.Subject,
        ["issuer"] = c.Issuer,
        ["serial"] = c.Serial,
        ["notBefore"] = Time(c.NotBefore),
        ["notAfter"] = Time(c.NotAfter),
        ["names"] = new JsonArray([.. c.Names.Select(n => (JsonNode)n)]),
        ["keyType"] = c.KeyType,
        ["keyBits"] = c.KeyBits,
        ["signatureAlgorithm"] = c.SignatureAlgorithm,
        ["selfSigned"] = c.SelfSigned,
        ["sha256"] = c.Sha256,
    };

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static int Number(JsonObject call, string key, int fallback, int least, int most) => call[key] switch
    {
        null => fallback,
        JsonValue value when value.TryGetValue<double>(out var number) && double.IsInteger(number) && number >= least && number <= most => (int)number,
        _ => throw Wrong($"'{key}' is not a whole number from {least} to {most}"),
    };

    private static SecFlowException Wrong(string what) => new(Codes.RequestInvalid, $"ctx.tls: {what}. Correct the call.");
}
