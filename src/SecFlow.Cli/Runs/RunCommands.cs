using System.CommandLine;
using System.Text.Json.Nodes;
using SecFlow.Cli.Api;
using SecFlow.Cli.Workflows;

namespace SecFlow.Cli.Runs;

/// <summary>Runs of a portal: start, watch, and what may be done with one that was accepted. The portal checks and audits it as if it were done on the page.</summary>
internal static class RunCommands
{
    public static Command Create(Terminal terminal) => new("run", $"Start and control runs of a portal. The token comes from {ApiCommand.TokenVariable}.")
    {
        Start(terminal),
        Watch(terminal),
        Act(terminal, "cancel", "Cancel a run: its processes are dead within two seconds.", waits: true),
        Pause(terminal),
        Act(terminal, "resume", "Let a paused run go on. It is refused when the run could not be started now.", waits: true),
        Skip(terminal),
        Retry(terminal),
        Act(terminal, "rerun", "Run again what has ended, with the same recipe version, plugin versions, parameters and targets.", waits: true),
        ReparseCommand.Create(terminal),
    };

    private static Command Start(Terminal terminal)
    {
        var workflow = new Argument<string>("WORKFLOW") { Description = "Name or id of a workflow." };
        var target = new Option<string[]>("--target") { Description = "Name or id of a target; may be repeated.", HelpName = "T", DefaultValueFactory = _ => [] };
        var tag = new Option<string[]>("--tag") { Description = "Every target with this tag; may be repeated.", HelpName = "TAG", DefaultValueFactory = _ => [] };
        var set = Options.Set();
        var priority = new Option<int?>("--priority") { Description = "0 (lowest) to 9; 5 is usual.", HelpName = "N" };
        var key = new Option<string?>("--idempotency-key") { Description = "The same key starts one run, however often it is sent.", HelpName = "KEY" };
        var shared = new SharedOptions(waits: true);
        var command = new Command("start", "Start a saved workflow.") { workflow, target, tag, set, priority, key };
        shared.AddTo(command);
        command.SetAction(async (parsed, ct) =>
        {
            var portal = new PortalRun(terminal, parsed.GetRequiredValue(shared.Url), parsed.GetRequiredValue(shared.Format));
            var (failed, id) = await portal.FindWorkflowAsync(parsed.GetRequiredValue(workflow), ct);
            if (id is null)
            {
                return failed;
            }

            var targets = parsed.GetRequiredValue(target);
            var body = new JsonObject
            {
                ["workflowId"] = id,
                ["targetIds"] = List(targets.Where(t => Guid.TryParse(t, out _))),
                ["targetNames"] = List(targets.Where(t => !Guid.TryParse(t, out _))),
                ["targetTags"] = List(parsed.GetRequiredValue(tag)),
                ["parameters"] = RunCommand.Parameters(parsed.GetRequiredValue(set)),
                ["priority"] = parsed.GetValue(priority),
            };
            return await portal.SendAsync("runs", body, shared.WaitOf(parsed), ct, parsed.GetValue(key));
        });
        return command;
    }

    private static Command Watch(Terminal terminal)
    {
        var id = Id();
        var shared = new SharedOptions(waits: false);
        var failOn = SharedOptions.FailOn();
        var command = new Command("watch", "Say what the nodes of a run do until it has ended.") { id, failOn };
        shared.AddTo(command);
        command.SetAction((parsed, ct) =>
            new PortalRun(terminal, parsed.GetRequiredValue(shared.Url), parsed.GetRequiredValue(shared.Format)).WatchAsync(parsed.GetRequiredValue(id), parsed.GetValue(failOn), ct));
        return command;
    }

    private static Command Act(Terminal terminal, string name, string description, bool waits)
    {
        var id = Id();
        var shared = new SharedOptions(waits);
        var command = new Command(name, description) { id };
        shared.AddTo(command);
        command.SetAction((parsed, ct) => shared.Portal(terminal, parsed).SendAsync($"runs/{parsed.GetRequiredValue(id)}/{name}", null, shared.WaitOf(parsed), ct));
        return command;
    }

    private static Command Pause(Terminal terminal)
    {
        var id = Id();
        var reason = new Option<string?>("--reason") { Description = "Shown on the run's page, at most 500 characters.", HelpName = "TEXT" };
        var shared = new SharedOptions(waits: false);
        var command = new Command("pause", "Pause a run at once: its tools are frozen, nothing new begins.") { id, reason };
        shared.AddTo(command);
        command.SetAction((parsed, ct) => shared.Portal(terminal, parsed).SendAsync($"runs/{parsed.GetRequiredValue(id)}/pause", new JsonObject { ["reason"] = parsed.GetValue(reason) }, null, ct));
        return command;
    }

    private static Command Skip(Terminal terminal)
    {
        var id = Id();
        var node = new Argument<string>("NODE") { Description = "Id of the node, running or still to come." };
        var shared = new SharedOptions(waits: true);
        var command = new Command("skip", "Skip a node: nothing of it counts, and the run is Partial at best.") { id, node };
        shared.AddTo(command);
        command.SetAction((parsed, ct) => shared.Portal(terminal, parsed).SendAsync($"runs/{parsed.GetRequiredValue(id)}/skip", new JsonObject { ["node"] = parsed.GetRequiredValue(node) }, shared.WaitOf(parsed), ct));
        return command;
    }

    private static Command Retry(Terminal terminal)
    {
        var id = Id();
        var from = new Option<string?>("--from") { Description = "Node to begin at (default: the first that did not come to its whole result).", HelpName = "NODE" };
        var shared = new SharedOptions(waits: true);
        var command = new Command("retry", "Run an ended run again from a node; what was done before is taken over.") { id, from };
        shared.AddTo(command);
        command.SetAction((parsed, ct) => shared.Portal(terminal, parsed).SendAsync($"runs/{parsed.GetRequiredValue(id)}/retry", new JsonObject { ["from"] = parsed.GetValue(from) }, shared.WaitOf(parsed), ct));
        return command;
    }

    private static Argument<Guid> Id() => new("ID") { Description = "Id of the run." };

    private static JsonArray List(IEnumerable<string> texts) => new([.. texts.Select(t => (JsonNode?)t)]);

    /// <summary>What all of them have.</summary>
    private sealed class SharedOptions(bool waits)
    {
        private readonly Option<bool> _wait = new("--wait") { Description = "Wait until the run has ended; the exit code is then that of the run." };
        private readonly Option<string?> _failOn = FailOn();

        public Option<string> Url { get; } = PortalClient.UrlOption();

        public Option<string> Format { get; } = Options.Format("text", "json");

        public static Option<string?> FailOn() =>
            new Option<string?>("--fail-on") { Description = "Exit code 1 when the run has a finding at or above this severity; waits for its end." }.AcceptOnlyFromAmong("info", "low", "medium", "high", "critical");

        public void AddTo(Command command)
        {
            command.Add(Url);
            command.Add(Format);
            if (waits)
            {
                command.Add(_wait);
                command.Add(_failOn);
            }
        }

        public PortalRun Portal(Terminal terminal, ParseResult parsed) => new(terminal, parsed.GetRequiredValue(Url), parsed.GetRequiredValue(Format));

        /// <summary>Null = it is not waited for.</summary>
        public Wait? WaitOf(ParseResult parsed) => parsed.GetValue(_wait) || parsed.GetValue(_failOn) is not null ? new Wait(parsed.GetValue(_failOn)) : null;
    }
}

/// <summary>The end of a run is waited for.</summary>
/// <param name="FailOn">Severity from which on findings matter; null = none does.</param>
internal sealed record Wait(string? FailOn);
