using System.Globalization;
using System.Text.RegularExpressions;
using SecFlow.Gates.Running;

namespace SecFlow.Gates.Checks;

/// <summary>Rules for .github/workflows: every action at a pinned major version, by commit where the workflow can sign or write, artifacts at v4 or newer, least permissions, one job per check.</summary>
internal static partial class WorkflowRules
{
    private const int OldestUploadArtifact = 4;

    public static IEnumerable<string> Check(Repository repository) =>
        repository.Files().Where(f => f.StartsWith(".github/workflows/", StringComparison.Ordinal)).SelectMany(f => CheckText(f, File.ReadAllText(repository.At(f))));

    internal static IEnumerable<string> CheckText(string file, string text)
    {
        var mighty = Mighty().IsMatch(text);
        foreach (Match use in Uses().Matches(text))
        {
            var action = use.Groups["action"].Value;
            var isCommit = use.Groups["comment"].Success && Commit().IsMatch(use.Groups["version"].Value);
            var version = Major().Match(use.Groups[isCommit ? "comment" : "version"].Value);
            var line = text.AsSpan(0, use.Index).Count('\n') + 1;
            if (mighty && !isCommit)
            {
                yield return $"{file}:{line}: {action} runs in a workflow that can sign or write: pin it by commit, `@` and 40 hex digits, with its version behind it (`# v4.2.2`)";
            }
            else if (!version.Success)
            {
                yield return $"{file}:{line}: {action} has no pinned version: write `@v` and its major version";
            }
            else if (action is "actions/upload-artifact" or "actions/download-artifact" && int.Parse(version.Groups[1].Value, CultureInfo.InvariantCulture) < OldestUploadArtifact)
            {
                yield return $"{file}:{line}: {action}@{use.Groups["version"].Value} is switched off; use v{OldestUploadArtifact} or newer";
            }
        }

        if (!text.Contains("\npermissions:", StringComparison.Ordinal))
        {
            yield return $"{file}: no top-level `permissions`; write `permissions: {{ contents: read }}`";
        }
    }

    [GeneratedRegex(@"^\s*(-\s*)?uses:\s*(?<action>[^@\s#]+)(@(?<version>\S+)([ \t]+#[ \t]*(?<comment>\S+))?)?", RegexOptions.CultureInvariant | RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Uses();

    [GeneratedRegex(@"^[0-9a-f]{40}$", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Commit();

    [GeneratedRegex(@"^\s+[a-z-]+:[ \t]*write\b", RegexOptions.CultureInvariant | RegexOptions.Multiline, 1000)]
    private static partial Regex Mighty();

    [GeneratedRegex(@"^v?(\d+)", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Major();
}
