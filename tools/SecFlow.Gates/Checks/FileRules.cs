using System.Text.RegularExpressions;
using SecFlow.Gates.Running;

namespace SecFlow.Gates.Checks;

/// <summary>A pattern that no line of the named files may match.</summary>
/// <param name="Name">Short name, shown with each hit.</param>
/// <param name="Pattern">What is refused.</param>
/// <param name="AppliesTo">Relative path -> looked at.</param>
/// <param name="Remedy">What to do instead.</param>
internal sealed record LineRule(string Name, Regex Pattern, Func<string, bool> AppliesTo, string Remedy);

/// <summary>Rules about files that no compiler knows. The patterns are written so that this file does not match them.</summary>
internal static partial class FileRules
{
    private const int LongestFile = 350;
    private static readonly string[] Text = [".cs", ".razor", ".ts", ".js", ".css", ".md", ".yml", ".yaml", ".json", ".csproj", ".props", ".targets", ".sh", ".txt", ".runsettings", ""];
    private static readonly string[] KindFolders = ["Models", "Interfaces", "Services", "Helpers", "Utils", "Utilities", "Common", "Managers", "Misc"];

    private static readonly LineRule[] Rules =
    [
        new("machine path", MachinePath(), _ => true, "use a path relative to the repository, the data folder or a temporary folder"),
        new("private key", PrivateKey(), _ => true, "never commit a key; generate it in the test"),
        new("unfinished mark", Unfinished(), IsCode, "finish it, or write an issue and leave the code without it"),
        new("test switched off", SwitchedOff(), f => f.StartsWith("tests/", StringComparison.Ordinal) && IsCode(f), "mend or delete the test; a test that lacks something on this machine says so at run time"),
        new("swallowed exception", Swallowed(), f => f.EndsWith(".cs", StringComparison.Ordinal) && !f.StartsWith("tests/", StringComparison.Ordinal), "handle it, or let it pass; a comment inside the block says why nothing is to be done"),
        new("word with a better one", Words(), f => f.EndsWith(".md", StringComparison.Ordinal) || IsCode(f), "say allow list, deny list, check (docs/glossary.md)"),
        new("registry in a lock file", LockedHost(), f => f.EndsWith("package-lock.json", StringComparison.Ordinal), "remove the `resolved` entries: npm finds the package in the registry that is configured"),
        new("reference to a folder outside", OutsideFolder(), f => f.StartsWith("src/", StringComparison.Ordinal) || f.StartsWith("demo/", StringComparison.Ordinal), "nothing that ships may read from outside of the repository"),
    ];

    public static IEnumerable<string> Check(Repository repository)
    {
        foreach (var file in repository.Files().Where(f => Text.Contains(Path.GetExtension(f), StringComparer.Ordinal)))
        {
            var kind = file.Split('/')[..^1].FirstOrDefault(p => KindFolders.Contains(p, StringComparer.Ordinal));
            if (kind is not null && file.StartsWith("src/", StringComparison.Ordinal))
            {
                yield return $"{file}: folder `{kind}` names a kind; a folder is a subject (Runs, Plugins, ...)";
            }

            var text = File.ReadAllText(repository.At(file));
            if (text.Contains('\0', StringComparison.Ordinal))
            {
                continue;
            }

            foreach (var problem in CheckText(file, text))
            {
                yield return problem;
            }
        }
    }

    internal static IEnumerable<string> CheckText(string file, string text)
    {
        var lines = text.Split('\n');
        if (lines.Length > LongestFile && file.EndsWith(".cs", StringComparison.Ordinal) && !file.Contains("/Migrations/", StringComparison.Ordinal) && !lines.Take(40).Any(l => l.Contains("// long: ", StringComparison.Ordinal)))
        {
            yield return $"{file}: {lines.Length} lines, at most {LongestFile}; split it by subject, or give the reason in a line `// long: why` near the top";
        }

        foreach (var rule in Rules.Where(r => r.AppliesTo(file)))
        {
            foreach (Match match in rule.Pattern.Matches(text))
            {
                var line = text.AsSpan(0, match.Index).Count('\n') + 1;
                yield return $"{file}:{line}: {rule.Name}: `{match.Value.Trim().ReplaceLineEndings(" ")}`; {rule.Remedy}";
            }
        }
    }

    private static bool IsCode(string file) => Path.GetExtension(file) is ".cs" or ".razor" or ".ts" or ".css" || (file.EndsWith(".js", StringComparison.Ordinal) && !file.EndsWith("/index.js", StringComparison.Ordinal));

    [GeneratedRegex(@"(?<![A-Za-z0-9_.~$}])(/(work|farm|home|Users)/[A-Za-z0-9._-]+|[A-Z]:\\Users\\)", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex MachinePath();

    [GeneratedRegex(@"-----BEGIN [A-Z ]*PRIVATE[ ]KEY", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex PrivateKey();

    [GeneratedRegex(@"((//|/\*+|@\*)\s*(TO[D]O|FIX[M]E|HAC[K]|XX[X])\b|\bnew NotImplemented[E]xception\b)", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Unfinished();

    [GeneratedRegex(@"\[(Fact|Theory)\([^)\]]*\bSkip *= *""", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex SwitchedOff();

    [GeneratedRegex(@"catch\b *(\([^)]*\))? *(when *\([^{]*\))?\s*\{\s*\}", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Swallowed();

    [GeneratedRegex(@"\b(white[l]ist|black[l]ist|sanity[ ]check|dummy[ ]value)\w*", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase, 1000)]
    private static partial Regex Words();

    [GeneratedRegex(@"""resolved"": *""https?:[^""]*""", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex LockedHost();

    [GeneratedRegex(@"\.\./shared[/""]", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex OutsideFolder();
}
