using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Yaml;
using SecFlow.Sigstore.Bundles;
using SecFlow.Sigstore.Keys;

namespace SecFlow.Execution.Trust;

/// <summary>A policy that was read: the policy when there is no problem, else all problems at once.</summary>
public sealed record TrustPolicyReading(TrustPolicy? Policy, IReadOnlyList<Diagnostic> Problems);

/// <summary>
/// Reads a trust policy (docs/schemas/trust-policy.schema.json) strictly.
/// 1. Unknown key, missing file, other digest, unreadable key: an error (SF2007), and the whole revision is refused.
/// 2. A rule that names neither identity nor key nor artifact is an error, never "anyone".
/// 3. Files are named relative to the data folder; what is hashed is what is parsed.
/// </summary>
public sealed partial class TrustPolicyReader
{
    private static readonly string[] _claims =
    [
        "buildSignerUri", "buildSignerDigest", "runnerEnvironment", "sourceRepository", "sourceRepositoryDigest", "sourceRepositoryRef",
        "sourceRepositoryIdentifier", "sourceRepositoryOwnerUri", "sourceRepositoryOwnerIdentifier", "buildConfigUri", "buildConfigDigest", "buildTrigger",
        "runInvocationUri", "sourceRepositoryVisibilityAtSigning",
    ];

    private static readonly Dictionary<string, BundleVersion> _versions = new(StringComparer.Ordinal)
    {
        ["v0.1"] = BundleVersion.V01,
        ["v0.2"] = BundleVersion.V02,
        ["v0.3"] = BundleVersion.V03,
    };

    private readonly string _dataFolder;
    private readonly YamlProblems _problems = new(YamlForm.TrustPolicy);
    private readonly HashSet<string> _roots = new(StringComparer.Ordinal);
    private readonly HashSet<string> _keys = new(StringComparer.Ordinal);

    private TrustPolicyReader(string dataFolder) => _dataFolder = dataFolder;

    /// <summary>Reads the YAML, at most 64 KiB, and the files that it names.</summary>
    public static TrustPolicyReading Read(ReadOnlyMemory<byte> utf8, string dataFolder)
    {
        var reader = new TrustPolicyReader(dataFolder);
        var root = YamlTree.Read(utf8, reader._problems);
        var policy = root is null ? null : reader.Policy(new YamlFields(root, "", reader._problems, "apiVersion", "kind", "spec"), utf8);
        return new TrustPolicyReading(reader._problems.Count == 0 ? policy : null, reader._problems.All);
    }

    private TrustPolicy? Policy(YamlFields root, ReadOnlyMemory<byte> utf8)
    {
        root.Text("apiVersion", "'secflow/v1'", 20, required: true, ApiVersion());
        root.Text("kind", "'PluginTrustPolicy'", 40, required: true, Kind());
        if (root.Object("spec", "noMatch", "trustRoots", "require", "rules", "revoked", "exceptions") is not { } spec)
        {
            if (!root.Has("spec"))
            {
                root.Missing("spec", "noMatch, rules and the rest of the policy");
            }

            return null;
        }

        spec.Text("noMatch", "'deny' (nothing else is offered)", 10, required: true, Deny());
        foreach (var (name, trustRoot) in spec.Named("trustRoots", "a name such as public", 8, Name(), "file", "sha256"))
        {
            _roots.Add(name);
            PinnedFile(trustRoot);
        }

        var require = Requirements(spec);
        var rules = new List<TrustRule>();
        foreach (var rule in spec.Objects("rules", 200, "name", "match", "mode", "until", "additional", "authorities"))
        {
            var read = Rule(rule);
            if (read.Name.Length > 0 && rules.Exists(r => r.Name == read.Name))
            {
                rule.Problem("name", $"The rule '{read.Name}' stands twice. Names are unique.");
            }

            rules.Add(read);
        }

        return new TrustPolicy(
            PluginPackage.DigestOf(utf8.Span), Encoding.UTF8.GetString(utf8.Span), require, rules, [.. Revocations(spec)], [.. Exceptions(spec)]);
    }

    private static TrustRequirements Requirements(YamlFields spec)
    {
        var fallback = TrustRequirements.Default;
        if (spec.Object("require", "tlog", "sct", "timestamps", "bundles") is not { } require)
        {
            return fallback;
        }

        var bundles = require.Texts("bundles", "v0.1, v0.2 or v0.3", 3, choices: _versions.Keys);
        return new TrustRequirements(
            (int)(require.Integer("tlog", 1, 5) ?? fallback.Tlog),
            (int)(require.Integer("sct", 1, 5) ?? fallback.Sct),
            (int)(require.Integer("timestamps", 1, 5) ?? fallback.Timestamps),
            bundles.Count == 0 ? fallback.Bundles : [.. bundles.Select(b => _versions[b])]);
    }

    private TrustRule Rule(YamlFields rule)
    {
        var name = rule.Text("name", "a name such as acme", 64, required: true, Name()) ?? "";
        var match = rule.Object("match", "plugins", "teams", "artifacts");
        var plugins = match?.Texts("plugins", "a plugin id, with * for any characters except /", 100, PluginGlob()) ?? [];
        var teams = match?.Texts("teams", "a team's short name", 100, Team()) ?? [];
        var artifacts = match?.Texts("artifacts", "sha256: and 64 hex digits", 1000, Digest()) ?? [];
        var audit = rule.Choice("mode", new Dictionary<string, bool>(StringComparer.Ordinal) { ["enforce"] = false, ["audit"] = true }) ?? false;
        var until = rule.Time("until");
        if (audit != (until is not null))
        {
            rule.Problem(audit ? "mode" : "until", audit ? "'mode: audit' needs 'until', the day on which it ends." : "'until' belongs to 'mode: audit'. Remove it or change the mode.");
        }

        var authorities = new List<TrustAuthority>();
        foreach (var authority in rule.Objects("authorities", 32, "key", "keyless"))
        {
            if (authority.Has("key") == authority.Has("keyless"))
            {
                authority.Problem("key", "An authority is exactly one of 'key' and 'keyless'.");
            }
            else if ((authority.Has("key") ? (TrustAuthority?)Key(authority) : Keyless(authority)) is { } read)
            {
                authorities.Add(read);
            }
        }

        if (!rule.Items("authorities", 32).Any() && artifacts.Count == 0)
        {
            rule.Problem("authorities", $"The rule '{name}' names neither an identity nor a key nor an artifact. It would trust anyone; say whom it trusts.");
        }

        return new TrustRule(name, [.. plugins.Select(p => new Glob(p))], teams, artifacts, rule.Flag("additional", fallback: false), until, authorities);
    }

    private KeyAuthority? Key(YamlFields authority)
    {
        if (authority.Object("key", "id", "file", "sha256", "tlog", "timestamps", "validFor") is not { } key)
        {
            return null;
        }

        var tlog = (int?)key.Integer("tlog", 0, 5);
        var timestamps = (int?)key.Integer("timestamps", 0, 5);
        ValidityPeriod? period = null;
        if (key.Object("validFor", "start", "end") is { } validFor)
        {
            period = new ValidityPeriod(validFor.Time("start", required: true), validFor.Time("end"));
            if (period.End < period.Start)
            {
                validFor.Problem("end", "'end' lies before 'start'.");
            }
        }

        var id = key.Text("id", "a name such as hsm-2026", 64, pattern: Name());
        if (PinnedFile(key) is not { } bytes)
        {
            return null;
        }

        try
        {
            var parsed = VerificationKey.FromPem(bytes);
            var file = key.Word("file")!;
            _keys.Add(id ?? parsed.Fingerprint);
            return new KeyAuthority(id ?? Path.GetFileNameWithoutExtension(file), file, parsed, tlog, timestamps, period);
        }
        catch (CryptographicException e)
        {
            key.Problem("file", $"The file is not a public key that can be used: {e.Message} Expected PEM 'PUBLIC KEY' of ECDSA on P-256 or P-384.");
            return null;
        }
    }

    private KeylessAuthority? Keyless(YamlFields authority)
    {
        if (authority.Object("keyless", "root", "issuer", "identity", "claims") is not { } keyless)
        {
            return null;
        }

        var root = keyless.Text("root", "the name of a trust root", 64, required: true, Name()) ?? "";
        if (root.Length > 0 && !_roots.Contains(root))
        {
            keyless.Problem("root", $"The trust root '{root}' is not declared under 'trustRoots'.{Spelling.Hint(root, _roots)}");
        }

        var issuer = keyless.Text("issuer", "an https url, exactly as in the certificate", 300, required: true, Https()) ?? "";
        if (!keyless.Has("identity"))
        {
            keyless.Problem("identity", "The key 'identity' is missing: expected {exact: ...} or {glob: ...}. Without it anyone at that issuer would be trusted.");
        }

        var identity = keyless.Object("identity", "exact", "glob");
        var exact = identity?.Text("exact", "an identity", 500, pattern: NoStar());
        var glob = identity?.Text("glob", "an identity that does not begin with *, without **", 500, pattern: IdentityGlob());
        if (identity is not null && identity.Has("exact") == identity.Has("glob"))
        {
            identity.Problem("exact", "'identity' is exactly one of 'exact' and 'glob'.");
        }

        var claims = new Dictionary<string, string>(StringComparer.Ordinal);
        var asked = keyless.Object("claims", _claims);
        foreach (var claim in _claims)
        {
            if (asked?.Text(claim, "a text", 500, pattern: null) is { } value)
            {
                claims[claim] = value;
            }
        }

        return (exact ?? glob) is { } pattern ? new KeylessAuthority(root, issuer, new Glob(pattern), claims) : null;
    }

    private IEnumerable<TrustRevocation> Revocations(YamlFields spec)
    {
        foreach (var entry in spec.Objects("revoked", 1000, "artifact", "key", "identity", "signedAfter", "reason"))
        {
            var named = new[] { "artifact", "key", "identity" }.Count(entry.Has);
            if (named != 1)
            {
                entry.Problem("artifact", "A revocation names exactly one of 'artifact', 'key' and 'identity'.");
            }

            if (entry.Has("signedAfter") && entry.Has("artifact"))
            {
                entry.Problem("signedAfter", "'signedAfter' belongs to a key or an identity; an artifact is revoked as a whole.");
            }

            var key = entry.Text("key", "the id of a key or sha256: and its fingerprint", 80, pattern: KeyReference());
            if (key is not null && !key.StartsWith("sha256:", StringComparison.Ordinal) && !_keys.Contains(key))
            {
                entry.Problem("key", $"No key '{key}' is declared in this policy.{Spelling.Hint(key, _keys)} To revoke a key that is no longer listed, give its fingerprint sha256:hex.");
            }

            var identity = entry.Text("identity", "an identity that does not begin with *, without **", 500, pattern: IdentityGlob());
            yield return new TrustRevocation(
                entry.Text("artifact", "sha256: and 64 hex digits", 71, pattern: Digest()), key, identity is null ? null : new Glob(identity),
                entry.Time("signedAfter"), entry.Text("reason", "a reason", 300, required: true) ?? "");
        }
    }

    private static IEnumerable<TrustException> Exceptions(YamlFields spec)
    {
        foreach (var entry in spec.Objects("exceptions", 200, "artifact", "approvedBy", "expires", "ticket"))
        {
            var approvers = entry.Texts("approvedBy", "a user name", 10, UserName());
            if (approvers.Distinct(StringComparer.OrdinalIgnoreCase).Count() < 2)
            {
                entry.Problem("approvedBy", "An exception needs two different people in 'approvedBy'.");
            }

            yield return new TrustException(
                entry.Text("artifact", "sha256: and 64 hex digits", 71, required: true, Digest()) ?? "", approvers,
                entry.Time("expires", required: true) ?? default, entry.Text("ticket", "where it is written down", 100, required: true) ?? "");
        }
    }

    /// <summary>The bytes of the file that a mapping names by <c>file</c> and pins by <c>sha256</c>; null after a problem.</summary>
    private byte[]? PinnedFile(YamlFields fields)
    {
        var file = fields.Text("file", "a path inside the data folder such as trust/team.pub", 200, required: true, RelativePath());
        var expected = fields.Text("sha256", "64 lower-case hex digits", 64, required: true, Hex());
        if (file is null || expected is null)
        {
            return null;
        }

        var path = Path.Combine(_dataFolder, file.Replace('/', Path.DirectorySeparatorChar));
        try
        {
            if (!File.Exists(path) || RegularFile.WhatElse(path) is not null || new FileInfo(path).Length > 1024 * 1024)
            {
                fields.Problem("file", $"The file '{file}' is not a regular file of at most 1 MiB in the data folder. Put it there or correct the path.");
                return null;
            }

            var bytes = File.ReadAllBytes(path);
            var found = Convert.ToHexStringLower(SHA256.HashData(bytes));
            if (found == expected)
            {
                return bytes;
            }

            fields.Problem("sha256", $"The file '{file}' has the digest {found}; expected {expected}. It was changed, or the policy names another file.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            fields.Problem("file", $"The file '{file}' could not be read: {e.Message}");
        }

        return null;
    }

    [GeneratedRegex(@"\Asecflow/v1\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex ApiVersion();

    [GeneratedRegex(@"\APluginTrustPolicy\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Kind();

    [GeneratedRegex(@"\Adeny\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Deny();

    [GeneratedRegex(@"\A[a-zA-Z0-9][a-zA-Z0-9_.-]{0,63}\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Name();

    [GeneratedRegex(@"\A[a-z][a-z0-9-]{0,62}\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Team();

    [GeneratedRegex(@"\A[a-z*][a-z0-9.*-]{0,99}\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex PluginGlob();

    [GeneratedRegex(@"\Asha256:[0-9a-f]{64}\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Digest();

    [GeneratedRegex(@"\A[0-9a-f]{64}\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Hex();

    [GeneratedRegex(@"\A(sha256:[0-9a-f]{64}|[a-zA-Z0-9][a-zA-Z0-9_.-]{0,63})\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex KeyReference();

    [GeneratedRegex(@"\Ahttps://[^\s*]+\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Https();

    [GeneratedRegex(@"\A[^*]+\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex NoStar();

    [GeneratedRegex(@"\A[^*\s](\*?[^*\s])*\*?\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex IdentityGlob();

    [GeneratedRegex(@"\A[^\s@]{1,100}(@[^\s@]{1,100})?\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex UserName();

    [GeneratedRegex(@"\A(?!.*(\.\.|//))[A-Za-z0-9_-][A-Za-z0-9._/-]*\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex RelativePath();
}
