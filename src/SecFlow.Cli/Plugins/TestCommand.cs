using System.CommandLine;
using SecFlow.Cli.Plugins.Building;
using SecFlow.Cli.Plugins.Fixtures;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Workflows;

namespace SecFlow.Cli.Plugins;

/// <summary>Runs a plugin's fixtures and unit tests in the real plugin host; what it says is compared with what is expected.</summary>
internal static class TestCommand
{
    public static Command Create(Terminal terminal)
    {
        var folder = BuildCommand.Folder();
        var update = new Option<bool>("--update") { Description = "Write what the fixtures give as what is expected. Read the change before you commit it." };
        var command = new Command("test", "Run fixtures and unit tests in the real plugin host and sandbox, without network; differences on stdout, exit code 1 when there is one.") { folder, update };
        command.SetAction(async (parsed, ct) =>
        {
            var author = AuthorFolder.Open(parsed.GetRequiredValue(folder));
            var script = PluginBuild.Load(author);
            var bench = await DevelopmentBench.OpenAsync(ct);
            var results = new List<(string Name, IReadOnlyList<string> Problems)>();
            results.AddRange((await UnitTests.RunAsync(author, script, bench, ct)).Select(t => ("test " + t.Name, (IReadOnlyList<string>)(t.Problem is null ? [] : [t.Problem]))));
            var run = new FixtureRun(bench, author.Manifest(), script, terminal);
            foreach (var name in Fixture.Names(author))
            {
                results.Add(("fixture " + name, await FixtureAsync(author, run, name, parsed.GetValue(update), ct)));
            }

            if (results.Count == 0)
            {
                throw new SecFlowException(Codes.PackageInvalid, $"Nothing was tested: {Path.GetFileName(author.Path)} has neither fixtures nor index.test.js. Record a fixture with `secflow plugin record --target URL --fixture NAME`.");
            }

            return await SayAsync(terminal, results);
        });
        return command;
    }

    private static async Task<IReadOnlyList<string>> FixtureAsync(AuthorFolder author, FixtureRun run, string name, bool update, CancellationToken ct)
    {
        try
        {
            var fixture = Fixture.Read(author, name);
            var config = await ConfigCheck.ProblemsAsync(author.Text(Execution.Plugins.PluginPackage.ConfigSchemaFile), fixture.Config, ct);
            var result = await run.ReplayAsync(fixture, ct);
            List<string> problems = [.. config.Select(c => $"config: {c}"), .. result.Problems];
            if (update && problems.Count == 0)
            {
                await fixture.WriteExpectedAsync(result.Result, ct);
                return [];
            }

            // a failure that is expected is none
            var expected = fixture.Expected;
            if (expected is null)
            {
                return [.. problems, "there is no expected.json; write it with --update and read it"];
            }

            return [.. problems.Where(p => !IsExpected(p, (string?)expected["error"])), .. JsonDifference.Lines(expected, result.Result)];
        }
        catch (SecFlowException e) when (e.Category is DiagnosticCategory.Input)
        {
            return [.. e.Diagnostics.Select(d => d.Message)];
        }
    }

    private static bool IsExpected(string problem, string? code) => code is not null && problem.Contains(code + ": ", StringComparison.Ordinal);

    private static async Task<int> SayAsync(Terminal terminal, List<(string Name, IReadOnlyList<string> Problems)> results)
    {
        foreach (var (name, problems) in results)
        {
            await terminal.Out.WriteLineAsync(Output.Plain($"{(problems.Count == 0 ? "ok    " : "FAILED")} {name}"));
            foreach (var problem in problems)
            {
                await terminal.Out.WriteLineAsync("         " + Output.Plain(problem));
            }
        }

        var failed = results.Count(r => r.Problems.Count > 0);
        await terminal.Error.WriteLineAsync($"{results.Count - failed} passed, {failed} failed ({Execution.Plugins.DevelopmentSession.Stamp}: unsigned, without network)");
        return failed == 0 ? ExitCodes.Done : ExitCodes.Rejected;
    }
}
