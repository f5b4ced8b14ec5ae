using System.Globalization;
using System.Text.Json.Nodes;
using SecFlow.Execution.Trust;

namespace SecFlow.Cli.Plugins.Signing;

/// <summary>What a verdict rests on, in the order of the proof: bytes, signature, certificate, log, rule. Only what was found out is said.</summary>
internal static class TrustProof
{
    public static IEnumerable<(string Step, string Fact)> Steps(TrustVerdict verdict)
    {
        if (verdict.Digest is { } digest && verdict.State != TrustState.Tampered)
        {
            yield return ("bytes", $"{digest}, every file as SHA256SUMS says");
        }

        if (verdict.KeyFingerprint is { } key)
        {
            yield return ("signature", $"key {key}");
        }

        if (verdict.Identity is { } identity)
        {
            yield return ("certificate", $"{identity.Name}, issuer {identity.Issuer}");
        }

        foreach (var (name, value) in verdict.Claims.OrderBy(c => c.Key, StringComparer.Ordinal))
        {
            yield return ("claim", $"{name}: {value}");
        }

        if (verdict.LogIndex is { } index)
        {
            yield return ("log", string.Create(CultureInfo.InvariantCulture, $"{verdict.LogName}, entry {index}"));
        }

        foreach (var time in verdict.Times)
        {
            yield return ("time", $"{Text(time.Time)}, {time.Source}");
        }

        if (verdict.TrustRootDigest is { } root)
        {
            yield return ("root", root);
        }

        if (verdict.Rule is { } rule)
        {
            yield return ("rule", rule);
        }
    }

    public static JsonObject Json(TrustVerdict verdict, string plugin, string version) => new()
    {
        ["state"] = verdict.State.ToString(),
        ["stage"] = verdict.Stage.ToString(),
        ["plugin"] = plugin,
        ["version"] = version,
        ["digest"] = verdict.Digest,
        ["signer"] = verdict.Signer,
        ["rule"] = verdict.Rule,
        ["expected"] = verdict.Expected,
        ["found"] = verdict.Found,
        ["identity"] = verdict.Identity?.Name,
        ["issuer"] = verdict.Identity?.Issuer,
        ["claims"] = new JsonObject(verdict.Claims.OrderBy(c => c.Key, StringComparer.Ordinal).Select(c => KeyValuePair.Create(c.Key, (JsonNode?)c.Value))),
        ["times"] = new JsonArray([.. verdict.Times.Select(t => (JsonNode)new JsonObject { ["time"] = Text(t.Time), ["source"] = t.Source })]),
        ["log"] = verdict.LogName,
        ["logIndex"] = verdict.LogIndex,
        ["certificate"] = verdict.CertificateFingerprint,
        ["key"] = verdict.KeyFingerprint,
        ["trustRoot"] = verdict.TrustRootDigest,
        ["proposedRule"] = verdict.ProposedRule,
    };

    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
