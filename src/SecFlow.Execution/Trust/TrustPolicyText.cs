using System.Text;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Yaml;
using YamlDotNet.Core;

namespace SecFlow.Execution.Trust;

/// <summary>
/// Small changes to a policy's text that leave everything else, comments included, as its author wrote it.
/// The result is read like any other policy before it counts: what is done here has to be right only for policies that are.
/// </summary>
public static class TrustPolicyText
{
    /// <summary>Puts an element first into <c>spec.LIST</c>.</summary>
    /// <param name="yaml">A policy without problems.</param>
    /// <param name="list"><c>rules</c>, <c>revoked</c> or <c>exceptions</c>.</param>
    /// <param name="item">The element as one line that begins with <c>- </c>.</param>
    public static string WithItem(string yaml, string list, string item)
    {
        var spec = Spec(yaml);
        if (spec.Find(list) is YamlList existing)
        {
            var at = Index(yaml, existing.At);
            return yaml[at] == '['
                ? yaml.Insert(at + 1, " " + item[2..] + (existing.Items.Count == 0 ? " " : ","))
                : yaml.Insert(at, item + "\n" + new string(' ', (int)existing.At.Column - 1));
        }

        return IsFlow(yaml, spec.At)
            ? Before(yaml, spec, $"{list}: [ {item[2..]} ], ")
            : Entry(yaml, spec, list, item);
    }

    /// <summary>Names a file and its digest for the root <paramref name="name"/>, which may be new.</summary>
    public static string WithRoot(string yaml, string name, string file, string sha256, bool demoOnly)
    {
        var spec = Spec(yaml);
        var entry = $"{name}: {{ file: {file}, sha256: \"{sha256}\"{(demoOnly ? ", demoOnly: true" : "")} }}";
        if (spec.Find("trustRoots") is not YamlMap { Entries.Count: > 0 } roots)
        {
            return IsFlow(yaml, spec.At)
                ? Before(yaml, spec, $"trustRoots: {{ {entry} }}, ")
                : Entry(yaml, spec, "trustRoots", entry);
        }

        if (roots.Find(name) is not YamlMap known)
        {
            return Before(yaml, roots, IsFlow(yaml, roots.At) ? entry + ", " : $"{entry}\n{Indent(roots)}");
        }

        // the later text first, so that the other's place stays where it is
        foreach (var (key, value) in new[] { ("file", file), ("sha256", sha256) }.OrderByDescending(c => known.Find(c.Item1)!.At.Index))
        {
            var text = (YamlText)known.Find(key)!;
            var at = Index(yaml, text.At);
            var length = text.Plain ? text.Value.Length : yaml.IndexOf(yaml[at], at + 1) + 1 - at;
            yaml = yaml.Remove(at, length).Insert(at, text.Plain ? value : $"\"{value}\"");
        }

        return yaml;
    }

    private static YamlMap Spec(string yaml)
    {
        var problems = new YamlProblems(YamlForm.TrustPolicy);
        return YamlTree.Read(yaml, problems)?.Find("spec") as YamlMap is { Entries.Count: > 0 } spec
            ? spec
            : throw new SecFlowException(problems.Count > 0 ? problems.All : [new Diagnostic(Codes.TrustPolicyInvalid, "The trust policy has no mapping 'spec'. Correct it first.")]);
    }

    /// <summary>Puts an entry first into a mapping; a line that has the key and no value is replaced.</summary>
    private static string Entry(string yaml, YamlMap map, string key, string value)
    {
        if (map.Entries.FirstOrDefault(e => e.Key == key) is { } empty)
        {
            var start = Index(yaml, empty.KeyAt);
            var end = yaml.IndexOf('\n', start);
            return yaml.Remove(start, (end < 0 ? yaml.Length : end) - start).Insert(start, $"{key}:\n{Indent(map)}  {value}");
        }

        return yaml.Insert(Index(yaml, map.Entries[0].KeyAt), $"{key}:\n{Indent(map)}  {value}\n{Indent(map)}");
    }

    private static string Before(string yaml, YamlMap map, string text) => yaml.Insert(Index(yaml, map.Entries[0].KeyAt), text);

    private static bool IsFlow(string yaml, Mark at) => yaml[Index(yaml, at)] == '{';

    private static string Indent(YamlMap map) => new(' ', (int)map.Entries[0].KeyAt.Column - 1);

    /// <summary>Counted by lines and columns: what the parser counts as one character differs at the ends of lines.</summary>
    private static int Index(string yaml, Mark mark)
    {
        var at = 0;
        for (var line = 1; line < mark.Line; line++)
        {
            at = yaml.IndexOf('\n', at) + 1;
        }

        return at + (int)mark.Column - 1;
    }
}
