using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Tools;

namespace SecFlow.Execution.Tests.Tools;

[Trait("Category", "Confinement")]
public sealed class ToolRunnerTests
{
    [Fact]
    public async Task Run_Tool_GivesExitCodeStdoutStderrAndFiles()
    {
        await using var result = await ToolRuns.RunAsync(ToolRuns.Script("echo out; echo err >&2; pwd; echo $HOME; mkdir sub; echo content > report.xml; echo more > sub/b.txt; exit 7") with { Files = ["report.xml", "sub/b.txt", "missing"] });

        result.ExitCode.ShouldBe(7);
        result.Stdout.Text().ShouldBe("out\n/out\n/tmp/home\n");
        result.Stderr.Text().ShouldBe("err\n");
        result.Files.Keys.Order().ShouldBe(["report.xml", "sub/b.txt"]);
        result.Files["report.xml"].Text().ShouldBe("content\n");
        result.Files["sub/b.txt"].Text().ShouldBe("more\n");
        (result.TimedOut, result.Truncated, result.Limit).ShouldBe((false, false, null));
    }

    [Fact]
    public async Task Run_InputsAndStdin_ReachTheTool()
    {
        using var words = ToolRuns.File("a\nb\n");
        using var stdin = ToolRuns.File("from outside\n");
        await using var result = await ToolRuns.RunAsync(
            ToolRuns.Script("cat /in/words.txt; cat; (echo x > /in/words.txt) 2>/dev/null || echo read-only") with
            {
                Stdin = stdin,
                Inputs = new Dictionary<string, FileStream>(StringComparer.Ordinal) { ["words.txt"] = words },
            });

        result.Stdout.Text().ShouldBe("a\nb\nfrom outside\nread-only\n");
    }

    [Fact]
    public async Task Run_WithoutStdin_ReadsNothing()
    {
        await using var result = await ToolRuns.RunAsync("cat; echo end");

        result.Stdout.Text().ShouldBe("end\n");
    }

    [Theory]
    [InlineData("$(touch /out/x)")]
    [InlineData("a b\tc")]
    [InlineData("'; exit 9; '")]
    [InlineData("--ro-bind")]
    [InlineData("ünïcödé ☃")]
    [InlineData("")]
    public async Task Run_HostileArgument_ArrivesAsItIs(string argument)
    {
        await using var result = await ToolRuns.RunAsync("printf '%s|' \"$@\"", argument, "end");

        result.Stdout.Text().ShouldBe(argument + "|end|");
    }

    [Fact]
    public async Task Run_ToolThatListensToInterrupt_EndsInOrderWithItsFiles()
    {
        await using var result = await ToolRuns.RunAsync(ToolRuns.Script("trap 'echo stopping; echo done > late.txt; exit 4' INT; echo ready; while :; do sleep 0.1; done") with
        {
            Timeout = TimeSpan.FromSeconds(2),
            Files = ["late.txt"],
        });

        result.TimedOut.ShouldBeTrue();
        result.Limit!.Code.ShouldBe(Codes.LimitWall);
        result.ExitCode.ShouldBe(4);
        result.Stdout.Text().ShouldBe("ready\nstopping\n");
        result.Files["late.txt"].Text().ShouldBe("done\n");
    }

    [Fact]
    public async Task Run_ToolThatIgnoresInterrupt_IsKilledWithItsTreeAndItsFilesAreKept()
    {
        var before = DateTime.UtcNow;
        await using var result = await ToolRuns.RunAsync(ToolRuns.Script("trap '' INT; echo half > report.txt; (trap '' INT; while :; do sleep 1; done) & while :; do sleep 1; done") with
        {
            Timeout = TimeSpan.FromSeconds(1),
            Files = ["report.txt"],
        });

        result.TimedOut.ShouldBeTrue();
        result.ExitCode.ShouldBe(137);
        result.Files["report.txt"].Text().ShouldBe("half\n");
        result.Wall.ShouldBeLessThan(TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task Run_Cancelled_EndsTheToolAndThrows()
    {
        using var cancel = new CancellationTokenSource();
        var seen = new TaskCompletionSource();
        var run = ToolRuns.RunAsync(
            ToolRuns.Script("echo ready; sleep 600") with
            {
                OnLines = (_, _) =>
                {
                    seen.TrySetResult();
                    return Task.CompletedTask;
                },
            },
            cancel.Token);
        await seen.Task.WaitAsync(TimeSpan.FromSeconds(60));
        await cancel.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(() => run);
    }

    [Fact]
    public async Task Run_ProcessThatIsLeftBehind_DoesNotHoldTheEnd()
    {
        await using var result = await ToolRuns.RunAsync("(sleep 600 &) ; echo end");

        result.Stdout.Text().ShouldBe("end\n");
        result.ExitCode.ShouldBe(0);
    }

    [Fact]
    public async Task Run_Lines_ComeWhileTheToolRuns()
    {
        var lines = new List<string>();
        using var cancel = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await using var result = await ToolRuns.RunAsync(
            ToolRuns.Script("echo one; echo; echo two; printf '\\033[31mthree\\033[0m\\r\\nlast'; [ -e /in/x ] || sleep 0.2") with
            {
                OnLines = (some, _) =>
                {
                    lines.AddRange(some);
                    return Task.CompletedTask;
                },
            },
            cancel.Token);

        lines.ShouldBe(["one", "two", "three", "last"]);
        result.Stdout.Text().ShouldBe("one\n\ntwo\nthree\r\nlast");
    }
}
