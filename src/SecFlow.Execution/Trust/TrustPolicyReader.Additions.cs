using System.Text;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Yaml;

namespace SecFlow.Execution.Trust;

/// <summary>A team's addition that was read: the addition when there is no problem, else all problems at once.</summary>
public sealed record TrustAdditionReading(TrustAddition? Addition, IReadOnlyList<Diagnostic> Problems);

// What a team asks for on top: the same form, without anything that could allow more. Roots are those of the installation, named by their names.
public sealed partial class TrustPolicyReader
{
    private bool _addition;
    private bool _inForce;

    /// <summary>Reads a team's addition to <paramref name="installation"/>, at most 64 KiB. Whatever would loosen is SF2010.</summary>
    /// <param name="utf8">The YAML.</param>
    /// <param name="dataFolder">Where its key files are.</param>
    /// <param name="installation">The policy that it adds to.</param>
    /// <param name="inForce">It was accepted before: the installation may ask for more by now, and the higher of the two counts.</param>
    public static TrustAdditionReading ReadAddition(ReadOnlyMemory<byte> utf8, string dataFolder, TrustPolicy installation, bool inForce = false)
    {
        var reader = new TrustPolicyReader(dataFolder) { _addition = true, _inForce = inForce, _require = installation.Require };
        foreach (var root in installation.Roots)
        {
            reader._roots[root.Name] = root;
        }

        foreach (var key in installation.Rules.SelectMany(r => r.Authorities).OfType<KeyAuthority>())
        {
            reader._keys.Add(key.Id);
        }

        var top = YamlTree.Read(utf8, reader._problems);
        var addition = top is null ? null : reader.Addition(new YamlFields(top, "", reader._problems, "apiVersion", "kind", "spec"), utf8, installation);
        return new TrustAdditionReading(reader._problems.Count == 0 ? addition : null, reader._problems.All);
    }

    private TrustAddition? Addition(YamlFields root, ReadOnlyMemory<byte> utf8, TrustPolicy installation)
    {
        Head(root);
        if (root.Object("spec", "noMatch", "trustRoots", "require", "rules", "revoked", "exceptions") is not { } spec)
        {
            if (!root.Has("spec"))
            {
                root.Missing("spec", "require, rules and revoked");
            }

            return null;
        }

        spec.Text("noMatch", "'deny' (nothing else is offered)", 10, pattern: Deny());
        foreach (var key in new[] { "trustRoots", "exceptions" }.Where(spec.Has))
        {
            spec.Problem(key, $"'{key}' belongs to the installation's policy: a team can ask for more, never allow more.", Codes.TrustAdditionLoosens);
        }

        var require = Requirements(spec, installation.Require);
        var least = installation.Require;
        if (!_inForce && (require.Tlog < least.Tlog || require.Sct < least.Sct || require.Timestamps < least.Timestamps || require.Bundles.Except(least.Bundles).Any()))
        {
            spec.Problem("require", $"'require' asks for less than the installation's policy (tlog {least.Tlog}, sct {least.Sct}, timestamps {least.Timestamps}, bundles {string.Join(", ", least.Bundles)}). A team can only ask for more.", Codes.TrustAdditionLoosens);
        }

        return new TrustAddition(PluginPackage.DigestOf(utf8.Span), Encoding.UTF8.GetString(utf8.Span), require, Rules(spec), [.. Revocations(spec)]);
    }

    /// <summary>What a rule of an addition may not say.</summary>
    private static void OnlyMore(YamlFields rule, YamlFields? match)
    {
        if (rule.Has("mode"))
        {
            rule.Problem("mode", "A team's rules are always enforced; 'mode' belongs to the installation's policy.", Codes.TrustAdditionLoosens);
        }

        if (rule.Has("additional") && !rule.Flag("additional", fallback: true))
        {
            rule.Problem("additional", "A team's rules are always additional: they hold as well as the installation's.", Codes.TrustAdditionLoosens);
        }

        if (match?.Has("teams") == true)
        {
            match.Problem("teams", "These rules are for this team alone; remove 'teams'.", Codes.TrustAdditionLoosens);
        }
    }
}
