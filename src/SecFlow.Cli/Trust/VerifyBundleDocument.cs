using System.Globalization;
using System.Text.Json.Nodes;
using SecFlow.Sigstore.Verification;

namespace SecFlow.Cli.Trust;

/// <summary>What verify-bundle found out, as JSON.</summary>
internal static class VerifyBundleDocument
{
    public static JsonObject Of(VerificationResult result) => result switch
    {
        VerifiedBundle verified => new JsonObject
        {
            ["verified"] = true,
            ["artifact"] = verified.ArtifactDigest,
            ["signer"] = Of(verified.Signer),
            ["times"] = new JsonArray([.. verified.Times.Select(t => new JsonObject { ["time"] = Text(t.Time), ["source"] = t.Source })]),
            ["logEntries"] = new JsonArray([.. verified.LogEntries.Select(Of)]),
        },
        RejectedBundle rejected => new JsonObject
        {
            ["verified"] = false,
            ["unverifiable"] = rejected.Unverifiable,
            ["stage"] = rejected.Stage.ToString(),
            ["reason"] = rejected.Reason.ToString(),
            ["expected"] = rejected.Expected,
            ["found"] = rejected.Found,
        },
        _ => throw new InvalidOperationException("A verification ended in neither of its two shapes."),
    };

    private static JsonObject Of(Signer signer) => signer is CertificateSigner certificate
        ? new JsonObject
        {
            ["identity"] = certificate.Identity.Value,
            ["kind"] = certificate.Identity.Kind.ToString(),
            ["issuer"] = certificate.Issuer,
            ["claims"] = new JsonObject(certificate.Claims.Select(c => KeyValuePair.Create<string, JsonNode?>(c.Key, c.Value))),
            ["certificate"] = certificate.CertificateFingerprint,
        }
        : new JsonObject { ["key"] = ((KeySigner)signer).Fingerprint };

    private static JsonObject Of(VerifiedLogEntry entry) => new()
    {
        ["log"] = entry.Log,
        ["operator"] = entry.Operator,
        ["logIndex"] = entry.LogIndex,
        ["integratedTime"] = entry.IntegratedTime is { } time ? Text(time) : null,
    };

    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFF'Z'", CultureInfo.InvariantCulture);
}
