using System.Diagnostics;
using System.Text.RegularExpressions;
using SecFlow.Gates.Reporting;
using SecFlow.Gates.Running;

namespace SecFlow.Gates.Checks;

/// <summary>Links and anchors lead somewhere, code fences are closed, the commands in them exist, every code is explained.</summary>
internal static partial class DocsGate
{
    public const string Name = "docs-health";
    private static readonly string[] FrontDoor = ["start", "test", "bench", "secflow", ".ci/run"];

    public static GateResult Run(Repository repository)
    {
        var watch = Stopwatch.StartNew();
        var pages = repository.Files(".md").ToList();
        List<string> problems = [.. pages.SelectMany(p => CheckPage(repository, p, File.ReadAllText(repository.At(p)))), .. CheckCodes(repository)];
        return GateResult.Check(Name, problems, watch.Elapsed, $"{pages.Count} pages");
    }

    internal static IEnumerable<string> CheckPage(Repository repository, string page, string text)
    {
        var prose = Fence().Replace(text, m => new string('\n', m.Value.AsSpan().Count('\n')));
        if (prose.Contains("\n```", StringComparison.Ordinal) || prose.StartsWith("```", StringComparison.Ordinal))
        {
            yield return $"{page}: a code fence is opened and never closed";
        }

        foreach (Match link in Link().Matches(InlineCode().Replace(prose, "")))
        {
            if (BrokenLink(repository, page, link.Groups["to"].Value) is { } problem)
            {
                yield return $"{page}:{text.AsSpan(0, Math.Min(link.Index, text.Length)).Count('\n') + 1}: {problem}";
            }
        }

        foreach (Match fence in Fence().Matches(text).Where(f => f.Groups["language"].Value is "sh" or "bash" or "console"))
        {
            foreach (var problem in fence.Groups["body"].Value.Split('\n').Select(l => BrokenCommand(repository, l)).OfType<string>())
            {
                yield return $"{page}: {problem}";
            }
        }

        foreach (var problem in Fence().Matches(text).Where(f => f.Groups["language"].Value is "mermaid").Select(f => BrokenDiagram(f.Groups["body"].Value)).OfType<string>())
        {
            yield return $"{page}: {problem}";
        }
    }

    private static string? BrokenLink(Repository repository, string page, string to)
    {
        if (to.Contains("://", StringComparison.Ordinal) || to.StartsWith("mailto:", StringComparison.Ordinal))
        {
            return null;
        }

        var parts = to.Split('#', 2);
        var target = parts[0].Length == 0 ? page : Path.GetRelativePath(repository.Root, repository.At(Path.GetDirectoryName(page) ?? "", Uri.UnescapeDataString(parts[0]))).Replace('\\', '/');
        if (!File.Exists(repository.At(target)) && !Directory.Exists(repository.At(target)))
        {
            return $"link to `{to}`: there is no `{target}`";
        }

        if (parts.Length == 2 && target.EndsWith(".md", StringComparison.Ordinal) && !Anchors(File.ReadAllText(repository.At(target))).Contains(parts[1], StringComparer.Ordinal))
        {
            return $"link to `{to}`: `{target}` has no heading `#{parts[1]}`";
        }

        return null;
    }

    /// <summary>Headings as the web view of a repository turns them into anchors.</summary>
    private static IEnumerable<string> Anchors(string text) =>
        Heading().Matches(Fence().Replace(text, "")).Select(m => NotInAnchor().Replace(m.Groups["title"].Value.Trim().ToLowerInvariant(), "").Replace(' ', '-'));

    /// <summary>Commands of ours must be there; commands of others are not judged.</summary>
    private static string? BrokenCommand(Repository repository, string line)
    {
        var words = line.Trim().TrimStart('$').Split(' ', StringSplitOptions.RemoveEmptyEntries).SkipWhile(w => w is "sudo" || w.Contains('=', StringComparison.Ordinal)).ToList();
        if (words.Count == 0 || !words[0].StartsWith("./", StringComparison.Ordinal))
        {
            return null;
        }

        var program = words[0][2..];
        if (!File.Exists(repository.At(program)))
        {
            return $"command `{line.Trim()}`: there is no `{program}`" + (FrontDoor.Contains(program, StringComparer.Ordinal) ? " yet" : "");
        }

        var only = words.IndexOf("--only");
        return program is "test" && only >= 0 && only + 1 < words.Count && !Suites.IsKnown(repository, words[only + 1]) ? $"command `{line.Trim()}`: `./test --only` does not know `{words[only + 1]}`" : null;
    }

    private static string? BrokenDiagram(string body)
    {
        var depth = 0;
        foreach (var c in Quoted().Replace(body, ""))
        {
            depth += c is '[' or '(' or '{' ? 1 : c is ']' or ')' or '}' ? -1 : 0;
            if (depth < 0)
            {
                break;
            }
        }

        return depth == 0 ? null : "a mermaid diagram has brackets that do not match";
    }

    /// <summary>Codes.cs and docs/diagnostics.md say the same; the contract test compares category and retry as well.</summary>
    private static IEnumerable<string> CheckCodes(Repository repository)
    {
        const string List = "docs/diagnostics.md";
        if (!File.Exists(repository.At(List)))
        {
            yield return $"{List} is missing: it lists every code";
            yield break;
        }

        var inCode = Code().Matches(File.ReadAllText(repository.At("src", "SecFlow.Execution", "Diagnostics", "Codes.cs"))).Select(m => m.Groups["code"].Value).ToHashSet(StringComparer.Ordinal);
        var listed = Listed().Matches(File.ReadAllText(repository.At(List))).Select(m => m.Groups["code"].Value).ToHashSet(StringComparer.Ordinal);
        foreach (var code in inCode.Except(listed).Order(StringComparer.Ordinal))
        {
            yield return $"{List}: {code} of Codes.cs is not explained";
        }

        foreach (var code in listed.Except(inCode).Order(StringComparer.Ordinal))
        {
            yield return $"{List}: {code} is explained and no longer exists";
        }
    }

    [GeneratedRegex(@"^(?<mark>```+)(?<language>[A-Za-z0-9-]*)[^\n]*\n(?<body>.*?)^\k<mark>[ \t]*$\n?", RegexOptions.CultureInvariant | RegexOptions.Multiline | RegexOptions.Singleline | RegexOptions.ExplicitCapture, 2000)]
    private static partial Regex Fence();

    [GeneratedRegex(@"\]\((?<to>[^)\s]+)(\s+""[^""]*"")?\)", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 2000)]
    private static partial Regex Link();

    [GeneratedRegex("`[^`\n]*`", RegexOptions.CultureInvariant, 2000)]
    private static partial Regex InlineCode();

    [GeneratedRegex(@"^#{1,6} (?<title>.+)$", RegexOptions.CultureInvariant | RegexOptions.Multiline | RegexOptions.ExplicitCapture, 2000)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\w\- ]", RegexOptions.CultureInvariant, 2000)]
    private static partial Regex NotInAnchor();

    [GeneratedRegex("\"[^\"\n]*\"", RegexOptions.CultureInvariant, 2000)]
    private static partial Regex Quoted();

    [GeneratedRegex(@"= ""(?<code>SF\d{4})""", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 2000)]
    private static partial Regex Code();

    [GeneratedRegex(@"^\| *`?(?<code>SF\d{4})`? *\|", RegexOptions.CultureInvariant | RegexOptions.Multiline | RegexOptions.ExplicitCapture, 2000)]
    private static partial Regex Listed();
}
