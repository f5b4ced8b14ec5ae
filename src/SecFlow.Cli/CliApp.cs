using System.CommandLine;
using System.CommandLine.Help;
using SecFlow.Cli.Api;
using SecFlow.Cli.Audit;
using SecFlow.Cli.Plugins;
using SecFlow.Cli.Sandboxing;
using SecFlow.Cli.Trust;
using SecFlow.Cli.Workflows;
using SecFlow.Execution.Diagnostics;

namespace SecFlow.Cli;

/// <summary>Where a command writes: machine output to <see cref="Out"/>, words to <see cref="Error"/>.</summary>
internal sealed record Terminal(TextWriter Out, TextWriter Error)
{
    /// <summary>Whether somebody watches: colours and wide tables only then.</summary>
    public bool IsPerson { get; init; }
}

/// <summary>The command line. Never throws: every failure is said on stderr and has its exit code.</summary>
public static class CliApp
{
    public static async Task<int> RunAsync(IReadOnlyList<string> args, TextWriter stdout, TextWriter stderr, CancellationToken ct = default)
    {
        var terminal = new Terminal(stdout, stderr) { IsPerson = ReferenceEquals(stdout, Console.Out) && !Console.IsOutputRedirected };
        try
        {
            var parsed = Root(terminal).Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
            if (parsed.Errors.Count > 0 && parsed.Action is not HelpAction)
            {
                foreach (var error in parsed.Errors)
                {
                    await stderr.WriteLineAsync($"secflow: {error.Message}");
                }

                await stderr.WriteLineAsync($"Try `secflow {string.Join(' ', Path(parsed.CommandResult.Command).Skip(1).Append("--help"))}`.");
                return ExitCodes.Usage;
            }

            return await parsed.InvokeAsync(new InvocationConfiguration { Output = stdout, Error = stderr, EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null }, ct);
        }
        catch (SecFlowException error)
        {
            await SayAsync(terminal, error);
            return ExitCodes.Of(error);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            await stderr.WriteLineAsync("secflow: stopped");
            return ExitCodes.Failed;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            await stderr.WriteLineAsync($"secflow: {error.Message}");
            return ExitCodes.Failed;
        }
    }

    internal static async Task SayAsync(Terminal terminal, SecFlowException error)
    {
        foreach (var problem in error.Diagnostics)
        {
            await SayAsync(terminal, problem);
        }
    }

    internal static async Task SayAsync(Terminal terminal, Diagnostic problem)
    {
        await terminal.Error.WriteLineAsync(problem.ToString());
        if (problem.Remedy is not null && !problem.Message.Contains(problem.Remedy, StringComparison.Ordinal))
        {
            await terminal.Error.WriteLineAsync($"  {problem.Remedy}");
        }
    }

    internal static Command Root(Terminal terminal)
    {
        // Not a RootCommand: that one names itself after the assembly.
        var root = new Command("secflow", "SecFlow without a portal, and the plugin author's bench.") { new HelpOption(), new VersionOption() };
        root.Add(new Command("workflow", "Begin, validate, plan and run recipes.") { NewWorkflowCommand.Create(terminal), ValidateCommand.Create(terminal), PlanCommand.Create(terminal), RunCommand.Create(terminal) });
        root.Add(Runs.RunCommands.Create(terminal));
        root.Add(new Command("plugin", "Write, try, sign and install plugins.")
        {
            NewCommand.Create(terminal),
            BuildCommand.Create(terminal),
            LintCommand.Create(terminal),
            TestCommand.Create(terminal),
            DevCommand.Create(terminal),
            RecordCommand.Create(terminal),
            ExecCommand.Create(terminal),
            PackCommand.Create(terminal),
            KeyCommand.Create(terminal),
            SignCommand.Create(terminal),
            VerifyCommand.Create(terminal),
            SubmitCommand.Create(terminal),
            InstallCommand.Create(terminal),
            ListCommand.Create(terminal),
            ParseCommand.Create(terminal),
        });
        root.Add(new Command("resource", "What plugins work with: wordlists, data sets of CVEs, templates.") { Resources.ImportCommand.Create(terminal), Resources.ListCommand.Create(terminal) });
        root.Add(new Command("audit", "The audit log of an installation.") { AuditVerifyCommand.Create(terminal) });
        root.Add(VerifyBundleCommand.Create(terminal));
        root.Add(ApiCommand.Create(terminal));
        root.Add(DoctorCommand.Create(terminal));
        root.Add(BenchCommand(terminal));
        return root;
    }

    /// <summary>What is measured includes ./start and the build itself, so it belongs to a working copy.</summary>
    private static Command BenchCommand(Terminal terminal)
    {
        var command = new Command("bench", "Where the benchmarks are: ./bench in a working copy.");
        command.SetAction(async (_, _) =>
        {
            await terminal.Error.WriteLineAsync("secflow: the benchmarks measure a working copy. Run ./bench there; ./bench --help says what it measures.");
            return ExitCodes.Usage;
        });
        return command;
    }

    private static IEnumerable<string> Path(Command command) =>
        command.Parents.OfType<Command>().FirstOrDefault() is { } parent ? Path(parent).Append(command.Name) : [command.Name];
}
