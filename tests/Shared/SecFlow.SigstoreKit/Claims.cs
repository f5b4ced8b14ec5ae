using System.Formats.Asn1;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace SecFlow.SigstoreKit;

/// <summary>What a build service says about a build, by the names that a trust policy uses (Fulcio's extensions 1.3.6.1.4.1.57264.1.9 to 22).</summary>
public static class Claims
{
    public const string GitHubIssuer = "https://token.actions.githubusercontent.com";

    private const string Arc = "1.3.6.1.4.1.57264.1.";

    private static readonly string[] _names =
    [
        "buildSignerUri", "buildSignerDigest", "runnerEnvironment", "sourceRepository", "sourceRepositoryDigest", "sourceRepositoryRef", "sourceRepositoryIdentifier",
        "sourceRepositoryOwnerUri", "sourceRepositoryOwnerIdentifier", "buildConfigUri", "buildConfigDigest", "buildTrigger", "runInvocationUri", "sourceRepositoryVisibilityAtSigning",
    ];

    /// <summary>The identity of a workflow of GitHub, such as <c>https://github.com/acme/plugins/.github/workflows/release.yml@refs/tags/v1</c>.</summary>
    public static string GitHubIdentity(string repository, string workflow = "release.yml", string reference = "refs/tags/v1.0.0") =>
        $"https://github.com/{repository}/.github/workflows/{workflow}@{reference}";

    /// <summary>The claims of a run of that workflow.</summary>
    public static Dictionary<string, string> GitHub(string repository, string workflow = "release.yml", string reference = "refs/tags/v1.0.0")
    {
        var identity = GitHubIdentity(repository, workflow, reference);
        var commit = new string('a', 40);
        return new(StringComparer.Ordinal)
        {
            ["buildSignerUri"] = identity,
            ["buildSignerDigest"] = commit,
            ["runnerEnvironment"] = "github-hosted",
            ["sourceRepository"] = "https://github.com/" + repository,
            ["sourceRepositoryDigest"] = commit,
            ["sourceRepositoryRef"] = reference,
            ["sourceRepositoryIdentifier"] = "1001",
            ["sourceRepositoryOwnerUri"] = "https://github.com/" + repository.Split('/')[0],
            ["sourceRepositoryOwnerIdentifier"] = "501",
            ["buildConfigUri"] = identity,
            ["buildConfigDigest"] = commit,
            ["buildTrigger"] = "push",
            ["runInvocationUri"] = $"https://github.com/{repository}/actions/runs/1/attempts/1",
            ["sourceRepositoryVisibilityAtSigning"] = "public",
        };
    }

    internal static IEnumerable<X509Extension> Extensions(string issuer, IReadOnlyDictionary<string, string> claims, SignOptions options)
    {
        if ((options.LegacyIssuer ?? issuer) is { Length: > 0 } legacy)
        {
            // the old one holds the bytes themselves, without a string around them
            yield return new X509Extension(Arc + "1", Encoding.UTF8.GetBytes(legacy), critical: false);
        }

        if (options.WithIssuer)
        {
            yield return new X509Extension(Arc + "8", Utf8(issuer), critical: false);
        }

        foreach (var (name, value) in claims)
        {
            var at = Array.IndexOf(_names, name);
            yield return new X509Extension(Arc + (at < 0 ? throw new ArgumentException($"There is no claim '{name}'.", nameof(claims)) : at + 9), Utf8(value), critical: false);
        }
    }

    private static byte[] Utf8(string text)
    {
        var asn = new AsnWriter(AsnEncodingRules.DER);
        asn.WriteCharacterString(UniversalTagNumber.UTF8String, text);
        return asn.Encode();
    }
}
