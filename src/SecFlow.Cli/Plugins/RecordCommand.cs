using System.CommandLine;
using SecFlow.Cli.Plugins.Building;
using SecFlow.Cli.Plugins.Fixtures;
using SecFlow.Cli.Workflows;
using SecFlow.Execution;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;

namespace SecFlow.Cli.Plugins;

/// <summary>
/// Runs a plugin once against a target on this machine and keeps the conversation as a fixture.
/// What is expected is not what the live run gave but what its replay gives: so nothing that was taken out of the recording can come back by an expectation.
/// </summary>
internal static class RecordCommand
{
    public static Command Create(Terminal terminal)
    {
        var folder = BuildCommand.Folder();
        var target = DevCommand.Target();
        var name = new Option<string>("--fixture") { Description = "Name of the new fixture: a-z, 0-9 and -.", Required = true, HelpName = "NAME" };
        var set = DevCommand.Set();
        var update = new Option<bool>("--update") { Description = "Record a fixture of this name anew." };
        var command = new Command("record", "Run the plugin once against a target on this machine and keep calls and results as a fixture, without credentials.") { folder, target, name, set, update };
        command.SetAction(async (parsed, ct) =>
        {
            var author = AuthorFolder.Open(parsed.GetRequiredValue(folder));
            var fixture = Fixture.CheckName(parsed.GetRequiredValue(name));
            if (Directory.Exists(author.At($"{Fixture.Folder}/{fixture}")) && !parsed.GetValue(update))
            {
                throw new SecFlowException(Codes.OptionInvalid, $"The fixture '{fixture}' is there already. Choose another name, or record it anew with --update.");
            }

            var script = PluginBuild.Load(author);
            var url = LiveRun.Target(parsed.GetRequiredValue(target));
            var config = RunCommand.Parameters(parsed.GetRequiredValue(set));
            var bench = await DevelopmentBench.OpenAsync(ct);
            await terminal.Error.WriteLineAsync(LiveRun.Warning);
            var tape = new RecordingTape();
            var (outcome, _) = await LiveRun.ExecuteAsync(author, script, bench, url, config, tape, TimeSpan.FromSeconds(Limits.NodeWallSeconds.Default), terminal, ct);
            if (outcome.Error is { } error)
            {
                await terminal.Error.WriteLineAsync(LiveRun.Words(script, outcome));
                await terminal.Error.WriteLineAsync("nothing was recorded: the plugin failed");
                return ExitCodes.Of(new SecFlowException(error));
            }

            return await KeepAsync(author, fixture, url, config, tape, new FixtureRun(bench, author.Manifest(), script, new Terminal(TextWriter.Null, TextWriter.Null)), terminal, ct);
        });
        return command;
    }

    private static async Task<int> KeepAsync(
        AuthorFolder author, string name, Uri target, System.Text.Json.Nodes.JsonObject config, RecordingTape tape, FixtureRun run, Terminal terminal, CancellationToken ct)
    {
        var fixture = await Fixture.WriteAsync(author, name, target, config, tape.Calls, ct);
        var replay = await run.ReplayAsync(fixture, ct);
        foreach (var problem in replay.Problems)
        {
            await terminal.Error.WriteLineAsync(Output.Plain(problem));
        }

        await fixture.WriteExpectedAsync(replay.Result, ct);
        await terminal.Out.WriteLineAsync($"{Fixture.Folder}/{name}/{Fixture.RecordingFile}");
        await terminal.Out.WriteLineAsync($"{Fixture.Folder}/{name}/{Fixture.ExpectedFile}");
        await terminal.Error.WriteLineAsync(replay.Problems.Count == 0
            ? $"{tape.Calls.Count} call(s) recorded; credentials in headers were taken out. Look through the bodies for secrets before you commit them."
            : "The replay does not give what the run gave: the plugin asks something else each time, or depends on a credential that was taken out.");
        return replay.Problems.Count == 0 ? ExitCodes.Done : ExitCodes.Rejected;
    }
}
