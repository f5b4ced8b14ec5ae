using System.Globalization;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plans;
using SecFlow.Execution.Sandboxing.Network;

namespace SecFlow.Cli.Workflows;

/// <summary>A plan for people: 80 columns, one block for each node, arguments quoted as a shell would take them.</summary>
internal static class PlanText
{
    private const int Width = 80;
    private const int Indent = 14;

    public static async Task WriteAsync(Terminal terminal, RunPlan plan)
    {
        foreach (var line in Lines(plan))
        {
            await terminal.Out.WriteLineAsync(line.TrimEnd());
        }
    }

    private static IEnumerable<string> Lines(RunPlan plan)
    {
        var parts = Field("plan", [$"{plan.Workflow}: {(plan.Allowed ? "could be started now" : "would not go through")}"])
            .Concat(Field("sandbox", [plan.Level is { } level ? $"level {level}" : "the level of the worker that takes it"]))
            .Concat(Field("expected", [Words(plan.Expected)]));
        foreach (var target in plan.Targets)
        {
            parts = parts.Concat([""]).Concat(Target(target));
        }

        foreach (var (node, at) in plan.Nodes.Select((node, at) => (node, at)))
        {
            parts = parts.Concat([""]).Concat(Node(node, at + 1));
        }

        return parts.Concat(plan.Cascades.SelectMany(c => new[] { "" }.Concat(Field("afterwards", [$"starts {c.Workflow} on approved targets that {c.From} names, at most {c.MaxRuns} runs{(c.When is null ? "" : $", when {c.When.Text}")}"]))));
    }

    private static IEnumerable<string> Target(PlannedTarget planned)
    {
        var target = planned.Target;
        return Field("target", [$"{target.Value}"])
            .Concat(Field("", [$"{target.Kind.ToString().ToLowerInvariant()}, plugins up to {target.MaxIntrusiveness.ToString().ToUpperInvariant()}, {target.RequestsPerSecond} requests a second"]))
            .Concat(planned.Addresses.SelectMany(a => Field("", [$"{a.Address} ({Kind(a.Kind.ToString())}{(a.Approved ? "" : ", not approved")}), pinned"])))
            .Concat(planned.Resolves ? [] : Field("", ["does not resolve now: it would be \"not assessed\""]))
            .Concat(planned.Refusal is { } refusal ? Refused(refusal, 1, null) : []);
    }

    private static IEnumerable<string> Node(PlannedNode node, int number)
    {
        var manifest = node.Plugin.Manifest;
        var limits = node.Limits;
        return Field($"{number}. node", [$"{node.NodeId}{(node.Runs == PlannedStart.No ? " (not run)" : "")}"])
            .Concat(Field("plugin", [$"{manifest.Id} {manifest.Version}, {manifest.Intrusiveness.ToString().ToUpperInvariant()}"]))
            .Concat(Field("", [$"{node.Plugin.Row.TrustState}, signed by {node.Signer ?? "nobody"}{(node.TrustRule is null ? "" : $", rule {node.TrustRule}")}"]))
            .Concat(Field("", [node.Plugin.Row.Digest]))
            .Concat(node.When is null ? [] : Field("when", [$"{node.When}{(node.Runs == PlannedStart.Depends ? " (depends on earlier outputs)" : node.Runs == PlannedStart.No ? " (does not hold)" : " (holds)")}"]))
            .Concat(node.Inputs.Count == 0 ? [] : Field("reads", [$"{string.Join(", ", node.Inputs)}: its calls depend on earlier outputs (*)"]))
            .Concat(node.ForEach is { } each ? Field("foreach", [$"{each.Port}, {each.Chunk} records at a time; the plan follows the first chunk"]) : [])
            .Concat(node.From is { } pin ? Field("part of", [$"{pin.Name}, version {pin.Version}"]) : [])
            .Concat(Field("network", node.Network is null ? ["none"] : node.Network.Plan.Allowed.Count == 0 ? [$"{node.Network.Access}: nothing can be reached"] : [.. node.Network.Plan.Allowed.Select(Reached)]))
            .Concat(Field("limits", [$"{Duration(node.Timeout)} in all; script {Duration(limits.Cpu)} of processor, {limits.CallTime.TotalSeconds:0.#} s and {limits.Statements.ToString("N0", CultureInfo.InvariantCulture)} statements a call, {limits.HeapBytes / 1048576} MiB"]))
            .Concat(limits.Tool is { } tool ? Field("", [$"a tool {Duration(TimeSpan.FromSeconds(tool.CpuSeconds))} of processor, {tool.MemoryBytes / 1048576} MiB, {tool.Processes} processes, {tool.ScratchBytes / 1048576} MiB of scratch"]) : [])
            .Concat(node.Tools.SelectMany(t => Field("tool", [t.State.Problem is { } problem ? $"{t.Declared.Name}: {problem.Code}, see below" : $"{t.Declared.Name} {t.State.Version}, {t.State.Path}, {t.State.Digest}"])))
            .Concat(Field("expected", [Words(node.Expected)]))
            .Concat(Requests("http", node.Http))
            .Concat(Requests("tls", node.Tls))
            .Concat(Tools(node.ToolCalls))
            .Concat(node.Secrets.Count == 0 ? [] : Field("secrets", node.Secrets))
            .Concat(node.Resources.Count == 0 ? [] : Field("resources", [.. node.Resources.Select(r => $"{r.Uri} {r.Version} {r.Digest}")]))
            .Concat(node.Http.Count + node.Tls.Count + node.ToolCalls.Count + node.RefusedCalls.Count == 0 && node.Followed == Followed.Whole ? Field("calls", ["none"]) : [])
            .Concat(node.Misused.SelectMany(m => Field("misused", [m])))
            .Concat(node.FollowedWhy is null ? [] : Field(node.Followed == Followed.Not ? "not planned" : "cut", [node.FollowedWhy]))
            .Concat(node.Refusals.SelectMany(r => Refused(r.Refusal, r.Count, r.What)));
    }

    private static IEnumerable<string> Requests(string name, PlannedCalls<PlannedRequest> calls) => calls.Count == 0
        ? []
        : Field(name, [Count(calls.Count, calls.First.Count, "request"), .. calls.First.Select(call => $"{Mark(call.Basis)}{call.Method} {call.Url}")]);

    private static IEnumerable<string> Tools(PlannedCalls<PlannedToolCall> calls) => calls.Count == 0
        ? []
        : Field("tool calls", [Count(calls.Count, calls.First.Count, "call"), .. calls.First.Select(call => $"{Mark(call.Basis)}{call.Line}")]);

    private static string Count(int count, int shown, string what) => $"{count} {what}{(count == 1 ? "" : "s")} with empty answers{(count > shown ? $", the first {shown}:" : ":")}";

    // "*" = earlier outputs decide, "~" = an answer came before it.
    private static string Mark(CallBasis basis) => basis switch { CallBasis.EarlierOutputs => "* ", CallBasis.Answers => "~ ", _ => "= " };

    private static IEnumerable<string> Refused(Diagnostic refusal, int count, string? what) =>
        Field("REFUSED", [$"{refusal.Code}{(refusal.Rule is null ? "" : $" by the rule {refusal.Rule}")}{(count > 1 ? $", {count} times" : "")}{(what is null ? "" : $", {what}")}", refusal.Message])
            .Concat(refusal.Remedy is null || refusal.Message.Contains(refusal.Remedy, StringComparison.Ordinal) ? [] : Field("", [refusal.Remedy]));

    private static string Words(ExpectedDuration expected) => expected.BasedOn > 0
        ? $"{Duration(expected.Time)} (median of {expected.BasedOn} earlier run{(expected.BasedOn == 1 ? "" : "s")})"
        : $"at most {Duration(expected.Time)} (the limit; there is no earlier run)";

    private static string Duration(TimeSpan time) => time.TotalSeconds < 120
        ? string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.#} s")
        : string.Create(CultureInfo.InvariantCulture, $"{time.TotalMinutes:0.#} min");

    private static string Kind(string kind) => kind switch { "OwnTargetOnly" => "link-local or metadata", "Never" => "no host", _ => kind.ToLowerInvariant() };

    private static string Reached(NetworkRule rule) => $"{rule.Network}, tcp {rule.FromPort}{(rule.ToPort > rule.FromPort ? $" to {rule.ToPort}" : "")}";

    /// <summary>A name and its values, one below the other; long ones continue indented, words that are longer than a line are cut into lines.</summary>
    private static IEnumerable<string> Field(string name, IReadOnlyList<string> values)
    {
        var first = name.PadRight(Indent - 1);
        foreach (var value in values)
        {
            var hanging = 0;
            foreach (var line in Wrap(Output.Plain(value), Width - Indent - 2))
            {
                yield return $"{first} {new string(' ', hanging)}{line}";
                first = new string(' ', Indent - 1);
                hanging = 2;
            }
        }
    }

    private static IEnumerable<string> Wrap(string text, int width)
    {
        var line = "";
        foreach (var word in text.Split(' '))
        {
            if (line.Length > 0 && line.Length + 1 + word.Length > width)
            {
                yield return line;
                line = word;
            }
            else
            {
                line = line.Length == 0 ? word : $"{line} {word}";
            }

            while (line.Length > width)
            {
                yield return line[..width];
                line = line[width..];
            }
        }

        yield return line;
    }
}
