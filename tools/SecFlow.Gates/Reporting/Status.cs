using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using SecFlow.Gates.Checks;
using SecFlow.Gates.Running;

namespace SecFlow.Gates.Reporting;

/// <summary>One line of the checklist: what works, and the tests that say so (part of the name).</summary>
internal sealed record ChecklistItem(string What, IReadOnlyList<string> Tests);

/// <summary>
/// docs/status.md: written by a whole `./test`, from what the tests said, never by hand.
/// Only what is the same on each run stands in it (coverage in steps of 5 %, no times), so that a green run leaves a clean tree.
/// </summary>
internal static partial class Status
{
    private const int CoverageStep = 5;
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    public static void Refresh(Repository repository, IReadOnlyList<GateResult> results, IReadOnlyList<TestOutcome> tests)
    {
        var path = repository.At("docs", "status.md");
        var text = Write(repository, results, tests);
        if (File.Exists(path) && File.ReadAllText(path) == text)
        {
            return;
        }

        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        Console.WriteLine("docs/status.md was refreshed: commit it.");
    }

    private static string Write(Repository repository, IReadOnlyList<GateResult> results, IReadOnlyList<TestOutcome> tests)
    {
        var page = new StringBuilder();
        page.Append("# Status\n\nWritten by `./test` from its results; changes by hand are lost.\n\n## What works\n\n");
        page.Append("| what | state | shown by |\n|---|---|---|\n");
        foreach (var item in Checklist(repository))
        {
            page.Append(CultureInfo.InvariantCulture, $"| {item.What} | {StateOf(item, tests)} | {string.Join(", ", item.Tests.Select(t => $"`{t}`"))} |\n");
        }

        page.Append("\n## Checks\n\n| check | state |\n|---|---|\n");
        foreach (var result in results)
        {
            page.Append(CultureInfo.InvariantCulture, $"| {result.Name} | {(result.IsRed ? "red" : result.Passed == 0 ? "skipped" : "green")} |\n");
        }

        page.Append("\n## Coverage\n\nLines, union of all test runs, rounded down to steps of 5 %.\n\n| project | at least |\n|---|---|\n");
        foreach (var project in CoverageGate.Measure(repository))
        {
            page.Append(CultureInfo.InvariantCulture, $"| {project.Project} | {(int)project.Percent / CoverageStep * CoverageStep} % |\n");
        }

        page.Append("\n## Open security findings\n\n");
        var open = OpenFindings(repository);
        page.Append(open.Count == 0 ? "None known. How they are recorded: [threat model](security/threat-model.md).\n" : string.Concat(open.Select(f => $"- {f}\n")));
        return page.ToString();
    }

    private static IReadOnlyList<ChecklistItem> Checklist(Repository repository)
    {
        var path = repository.At("docs", "checklist.json");
        return File.Exists(path) ? JsonSerializer.Deserialize<List<ChecklistItem>>(File.ReadAllText(path), Json) ?? [] : [];
    }

    /// <summary>Works only when each named test exists and all of them passed.</summary>
    private static string StateOf(ChecklistItem item, IReadOnlyList<TestOutcome> tests)
    {
        var outcomes = item.Tests.Select(name => tests.Where(t => t.Name.Contains(name, StringComparison.Ordinal)).ToList()).ToList();
        return outcomes.Exists(found => found.Count == 0) ? "not yet"
            : outcomes.TrueForAll(found => found.TrueForAll(t => t.Outcome is "Passed")) ? "works"
            : outcomes.Exists(found => found.Exists(t => t.Outcome is not ("Passed" or "NotExecuted"))) ? "broken" : "not shown on this machine";
    }

    /// <summary>Rows of the table under "Open findings" in docs/security/threat-model.md.</summary>
    private static List<string> OpenFindings(Repository repository)
    {
        var path = repository.At("docs", "security", "threat-model.md");
        var section = File.Exists(path) ? Section().Match(File.ReadAllText(path)) : Match.Empty;
        return !section.Success ? [] : [.. section.Groups["body"].Value.Split('\n').Where(l => l.StartsWith("| ", StringComparison.Ordinal)).Skip(1).Select(l => string.Join(" - ", l.Trim('|', ' ').Split('|', StringSplitOptions.TrimEntries)))];
    }

    [GeneratedRegex(@"^## Open findings\n(?<body>.*?)(?=^## |\z)", RegexOptions.CultureInvariant | RegexOptions.Multiline | RegexOptions.Singleline | RegexOptions.ExplicitCapture, 2000)]
    private static partial Regex Section();
}
