using System.Text.Json;
using System.Text.Json.Nodes;
using SecFlow.Execution.Diagnostics;

namespace SecFlow.Cli.Plugins.Signing;

/// <summary>The hosts that cosign talks to, as <c>host:port</c>: those of a signing configuration, else those of the public Sigstore.</summary>
internal static class CosignServices
{
    private const int MostBytes = 64 * 1024;
    private static readonly string[] _lists = ["caUrls", "oidcUrls", "rekorTlogUrls", "tsaUrls"];

    /// <summary>Authority, sign-in, logs, timestamps, and where trusted root and signing configuration come from.</summary>
    public static readonly IReadOnlyList<string> Public =
    [
        "fulcio.sigstore.dev:443", "oauth2.sigstore.dev:443", "rekor.sigstore.dev:443", "log2025-1.rekor.sigstore.dev:443", "timestamp.sigstore.dev:443", "tuf-repo-cdn.sigstore.dev:443",
    ];

    /// <summary>Every host that the configuration names. Throws SF1601 when it names none, or is not one.</summary>
    public static IReadOnlyList<string> Of(string name, byte[] signingConfig)
    {
        try
        {
            var root = signingConfig.Length <= MostBytes ? JsonNode.Parse(signingConfig) as JsonObject : null;
            var hosts = _lists.SelectMany(list => root?[list] as JsonArray ?? []).Select(service => new Uri((string)service!["url"]!)).Select(url => $"{url.Host}:{url.Port}").Distinct(StringComparer.Ordinal).ToList();
            return hosts.Count > 0 ? hosts : throw new FormatException("it names no services");
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException or ArgumentNullException or NullReferenceException)
        {
            throw new SecFlowException(Codes.OptionInvalid, $"--signing-config {name}: expected a Sigstore signing configuration (JSON with caUrls, rekorTlogUrls, ...) of at most 64 KiB: {e.Message}", e);
        }
    }
}
