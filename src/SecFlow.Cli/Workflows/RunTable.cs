using System.Globalization;
using SecFlow.Data.Findings;
using SecFlow.Data.Runs;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Runs;

namespace SecFlow.Cli.Workflows;

internal static class RunTable
{
    public static void Write(Terminal terminal, RunDetail run, IReadOnlyList<Finding> findings)
    {
        Output.WriteTable(
            terminal,
            ["node", "plugin", "status", "findings", "requests"],
            run.Nodes.Select(n => (IReadOnlyList<string>)[n.NodeId, $"{n.PluginId} {n.PluginVersion}", n.Status.ToString(), Number(n.Findings), Number(n.HttpRequests)]));
        Output.WriteTable(terminal, ["node", "provenance"], run.Nodes.Select(n => (IReadOnlyList<string>)[n.NodeId, Provenance.Of(n).ToString()]));
        Output.WriteTable(
            terminal,
            ["target", "plugin", "verdict", "reason"],
            run.Assessments.Select(a => (IReadOnlyList<string>)[a.Target, a.PluginId, a.Verdict is Verdict.Completed ? "assessed" : $"not assessed ({a.Verdict})", a.Reason]));
        Output.WriteTable(
            terminal,
            ["severity", "rule", "title", "location"],
            findings.OrderByDescending(f => f.Severity).ThenBy(f => f.Location, StringComparer.Ordinal).Select(f => (IReadOnlyList<string>)[f.Severity.ToString(), f.RuleId, f.Title, f.Location]));
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
