using System.CommandLine;
using System.Text.Json.Nodes;
using SecFlow.Cli.Plugins.Building;
using SecFlow.Cli.Plugins.Fixtures;
using SecFlow.Cli.Workflows;
using SecFlow.Execution;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;

namespace SecFlow.Cli.Plugins;

/// <summary>Builds and runs a plugin against a target on this machine each time its folder changes.</summary>
internal static class DevCommand
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(400);

    public static Option<string> Target() => new("--target") { Description = "A url on this machine, such as http://127.0.0.1:8000/.", Required = true, HelpName = "URL" };

    public static Option<string[]> Set() => new("--set") { Description = "A setting of the plugin's config; may be repeated.", HelpName = "k=v", DefaultValueFactory = _ => [] };

    public static Command Create(Terminal terminal)
    {
        var folder = BuildCommand.Folder();
        var target = Target();
        var set = Set();
        var once = new Option<bool>("--once") { Description = "Build and run once, then end (for scripts)." };
        var format = Options.Format("table", "json");
        var command = new Command("dev", "Build and run the plugin against a target on this machine, again at each change; loopback only, no secrets, stamped Development.") { folder, target, set, once, format };
        command.SetAction(async (parsed, ct) =>
        {
            var author = AuthorFolder.Open(parsed.GetRequiredValue(folder));
            var url = LiveRun.Target(parsed.GetRequiredValue(target));
            var config = RunCommand.Parameters(parsed.GetRequiredValue(set));
            var bench = await DevelopmentBench.OpenAsync(ct);
            await terminal.Error.WriteLineAsync(LiveRun.Warning);
            Task<int> Round() => RoundAsync(author, bench, url, config, terminal, parsed.GetRequiredValue(format), ct);
            if (parsed.GetValue(once))
            {
                return await Round();
            }

            while (true)
            {
                var seen = Look(author);
                await SafelyAsync(Round, terminal);
                await terminal.Error.WriteLineAsync($"waiting for changes in {Path.GetFileName(author.Path)} (Ctrl-C ends)");
                while (Look(author) == seen)
                {
                    await Task.Delay(BetweenLooks, TimeProvider.System, ct);
                }
            }
        });
        return command;
    }

    private static async Task<int> RoundAsync(AuthorFolder author, DevelopmentBench bench, Uri target, JsonObject config, Terminal terminal, string format, CancellationToken ct)
    {
        var problems = await BuildCommand.RunAsync(author, bench, ct);
        if (problems.Count > 0)
        {
            await FileProblem.WriteAsync(terminal, problems);
            return ExitCodes.Rejected;
        }

        var script = PluginBuild.Read(author);
        var (outcome, collector) = await LiveRun.ExecuteAsync(author, script, bench, target, config.DeepClone().AsObject(), null, TimeSpan.FromSeconds(Limits.NodeWallSeconds.Default), terminal, ct);
        List<string> wrong = [.. FixtureRun.Rejections(author.Manifest(), collector)];
        if (outcome.Error is not null)
        {
            wrong.Insert(0, LiveRun.Words(script, outcome));
        }

        await WriteAsync(terminal, collector, outcome, wrong, format);
        var assessed = collector.Verdicts.Count > 0 && collector.Verdicts.All(v => (string?)v!["verdict"] == "completed");
        return outcome.Error is { } error ? ExitCodes.Of(new SecFlowException(error))
            : wrong.Count > 0 ? ExitCodes.Rejected
            : assessed ? ExitCodes.Done : ExitCodes.NotAssessed;
    }

    private static async Task WriteAsync(Terminal terminal, PluginCollector collector, PluginOutcome outcome, IReadOnlyList<string> wrong, string format)
    {
        if (format == "json")
        {
            await Output.WriteJsonAsync(terminal, new JsonObject
            {
                ["stamp"] = DevelopmentSession.Stamp,
                ["findings"] = collector.Findings.DeepClone(),
                ["records"] = collector.Records.DeepClone(),
                ["verdicts"] = collector.Verdicts.DeepClone(),
                ["problems"] = new JsonArray([.. wrong.Select(w => (JsonNode)w)]),
                ["location"] = outcome.Location,
            });
        }
        else
        {
            Output.WriteTable(terminal, ["severity", "rule", "title", "location"], collector.Findings.Select(f => (IReadOnlyList<string>)[Text(f, "severity"), Text(f, "ruleId"), Text(f, "title"), Text(f, "location")]));
            foreach (var verdict in collector.Verdicts)
            {
                await terminal.Out.WriteLineAsync(Output.Plain($"{Text(verdict, "verdict")}: {Text(verdict, "reason")}"));
            }
        }

        foreach (var problem in wrong)
        {
            await terminal.Error.WriteLineAsync(Output.Plain(problem));
        }

        var silent = collector.Verdicts.Count == 0 ? "; no verdict: the target counts as not assessed" : "";
        await terminal.Error.WriteLineAsync($"{collector.Findings.Count} finding(s), {outcome.HttpRequests} request(s), {outcome.RefusedCalls} refused, {outcome.Wall.TotalMilliseconds:0} ms{silent}");
    }

    /// <summary>A mistake of the author is shown and waits for the next change; only Ctrl-C ends.</summary>
    private static async Task SafelyAsync(Func<Task<int>> round, Terminal terminal)
    {
        try
        {
            await round();
        }
        catch (SecFlowException e)
        {
            await CliApp.SayAsync(terminal, e);
        }
        catch (IOException e)
        {
            // an editor that saves in two steps: the file is there at the next look
            await terminal.Error.WriteLineAsync(e.Message);
        }
    }

    /// <summary>Names, sizes and times of what an author changes; what the build writes does not count.</summary>
    private static string Look(AuthorFolder author)
    {
        string[] written = author.IsTypeScript ? [AuthorFolder.Script, AuthorFolder.Map] : [];
        return string.Join('\n', new DirectoryInfo(author.Path)
            .EnumerateFiles("*", new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 4, IgnoreInaccessible = true, AttributesToSkip = FileAttributes.ReparsePoint })
            .Where(f => !f.FullName.Contains("/node_modules/", StringComparison.Ordinal) && !written.Contains(f.Name, StringComparer.Ordinal) && !f.Name.EndsWith(".new", StringComparison.Ordinal))
            .Select(f => $"{f.FullName} {f.Length} {f.LastWriteTimeUtc.Ticks}")
            .Order(StringComparer.Ordinal));
    }

    private static string Text(JsonNode? record, string name) => (record as JsonObject)?[name]?.ToString() ?? "";
}
