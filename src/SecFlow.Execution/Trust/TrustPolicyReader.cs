using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Yaml;
using SecFlow.Sigstore.Bundles;
using SecFlow.Sigstore.Certificates;
using SecFlow.Sigstore.Keys;
using SecFlow.Sigstore.Roots;

namespace SecFlow.Execution.Trust;

/// <summary>A policy that was read: the policy when there is no problem, else all problems at once.</summary>
public sealed record TrustPolicyReading(TrustPolicy? Policy, IReadOnlyList<Diagnostic> Problems);

/// <summary>
/// Reads a trust policy (docs/schemas/trust-policy.schema.json) strictly.
/// 1. Unknown key, missing file, other digest, unreadable key: an error (SF2007; a root that cannot be used: SF2009), and the whole revision is refused.
/// 2. A rule that names neither identity nor key nor artifact is an error, never "anyone".
/// 3. Files are named relative to the data folder; what is hashed is what is parsed.
/// 4. A root that says <c>demoOnly</c> is for rules of the demo's team alone.
/// </summary>
public sealed partial class TrustPolicyReader
{
    /// <summary>The team whose rules may name a root of a mock.</summary>
    public const string DemoTeam = "demo";

    // contracts 5 calls it sourceRepository; the certificate's own name is the same with Uri
    private const string SourceRepository = "sourceRepository";

    private static readonly string[] _claims = [.. CertificateClaims.Names.Select(NameOfClaim)];

    private static readonly Dictionary<string, BundleVersion> _versions = new(StringComparer.Ordinal)
    {
        ["v0.1"] = BundleVersion.V01,
        ["v0.2"] = BundleVersion.V02,
        ["v0.3"] = BundleVersion.V03,
    };

    private readonly string _dataFolder;
    private readonly YamlProblems _problems = new(YamlForm.TrustPolicy);
    private readonly Dictionary<string, PinnedRoot?> _roots = new(StringComparer.Ordinal);
    private readonly HashSet<string> _keys = new(StringComparer.Ordinal);

    private TrustRequirements _require = TrustRequirements.Default;

    private TrustPolicyReader(string dataFolder) => _dataFolder = dataFolder;

    /// <summary>A claim by its name in the policy.</summary>
    public static string NameOfClaim(string claim) => claim == CertificateClaims.SourceRepositoryUri ? SourceRepository : claim;

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
        Head(root);
        if (root.Object("spec", "noMatch", "trustRoots", "require", "rules", "revoked", "exceptions") is not { } spec)
        {
            if (!root.Has("spec"))
            {
                root.Missing("spec", "noMatch, rules and the rest of the policy");
            }

            return null;
        }

        spec.Text("noMatch", "'deny' (nothing else is offered)", 10, required: true, Deny());
        Roots(spec);
        _require = Requirements(spec, TrustRequirements.Default);
        return new TrustPolicy(
            PluginPackage.DigestOf(utf8.Span), Encoding.UTF8.GetString(utf8.Span), [.. _roots.Values.OfType<PinnedRoot>()], _require, Rules(spec), [.. Revocations(spec)], [.. Exceptions(spec)]);
    }

    private static void Head(YamlFields root)
    {
        root.Text("apiVersion", "'secflow/v1'", 20, required: true, ApiVersion());
        root.Text("kind", "'PluginTrustPolicy'", 40, required: true, Kind());
    }

    private List<TrustRule> Rules(YamlFields spec)
    {
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

        return rules;
    }

    private static TrustRequirements Requirements(YamlFields spec, TrustRequirements fallback)
    {
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

        if (_addition)
        {
            OnlyMore(rule, match);
        }

        var additional = _addition || rule.Flag("additional", fallback: false);
        if (additional && authorities.Count == 0)
        {
            rule.Problem("authorities", $"The rule '{name}' is additional and names nobody: it would ask for nothing. Say who must have signed as well.");
        }

        foreach (var root in authorities.Select(RootOf).Where(r => r is { DemoOnly: true } && !(teams is [DemoTeam])))
        {
            rule.Problem("match", $"The rule '{name}' trusts the root '{root!.Name}', which is demoOnly. Limit it by 'match: {{ teams: [{DemoTeam}] }}', or name another root.", Codes.TrustRootRefused);
        }

        return new TrustRule(name, [.. plugins.Select(p => new Glob(p))], teams, artifacts, additional, until, authorities);
    }

    private static PinnedRoot? RootOf(TrustAuthority authority) => authority is KeyAuthority key ? key.Root : ((KeylessAuthority)authority).Root;

    private KeyAuthority? Key(YamlFields authority)
    {
        if (authority.Object("key", "id", "file", "sha256", "root", "tlog", "timestamps", "validFor") is not { } key)
        {
            return null;
        }

        var tlog = (int?)key.Integer("tlog", 0, 5);
        var timestamps = (int?)key.Integer("timestamps", 0, 5);
        Period? period = null;
        if (key.Object("validFor", "start", "end") is { } validFor && validFor.Time("start", required: true) is { } start)
        {
            period = new Period(start, validFor.Time("end"));
            if (period.End < period.Start)
            {
                validFor.Problem("end", "'end' lies before 'start'.");
            }
        }

        var root = (tlog ?? _require.Tlog) > 0 || (timestamps ?? _require.Timestamps) > 0 ? RootOfKey(key) : null;
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
            return new KeyAuthority(id ?? Path.GetFileNameWithoutExtension(file), file, parsed, root, tlog, timestamps, period);
        }
        catch (CryptographicException e)
        {
            key.Problem("file", $"The file is not a public key that can be used: {e.Message} Expected PEM 'PUBLIC KEY' of ECDSA on P-256, P-384 or P-521, RSA of 2048 bits or more, or Ed25519.");
            return null;
        }
    }

    /// <summary>The root that a key's logs and times are checked with: the named one, or the only one that is for everybody.</summary>
    private PinnedRoot? RootOfKey(YamlFields key)
    {
        if (key.Has("root"))
        {
            return NamedRoot(key);
        }

        var candidates = _roots.Values.Where(r => r is { DemoOnly: false }).ToList();
        if (candidates.Count > 1)
        {
            key.Problem("root", $"The key is asked for log entries or times, and there are several trust roots. Name one of {string.Join(", ", _roots.Keys)} by 'root', or set tlog: 0 and timestamps: 0.");
        }

        return candidates is [var only] ? only : null;
    }

    private PinnedRoot? NamedRoot(YamlFields fields)
    {
        var name = fields.Text("root", "the name of a trust root", 64, required: true, Name()) ?? "";
        if (name.Length > 0 && !_roots.ContainsKey(name))
        {
            fields.Problem("root", $"The trust root '{name}' is not declared under 'trustRoots'.{Spelling.Hint(name, _roots.Keys)}");
        }

        return _roots.GetValueOrDefault(name);
    }

    private KeylessAuthority? Keyless(YamlFields authority)
    {
        if (authority.Object("keyless", "root", "issuer", "identity", "claims") is not { } keyless)
        {
            return null;
        }

        var root = NamedRoot(keyless);
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

        return root is not null && (exact ?? glob) is { } pattern ? new KeylessAuthority(root, issuer, new Glob(pattern), claims) : null;
    }
}
