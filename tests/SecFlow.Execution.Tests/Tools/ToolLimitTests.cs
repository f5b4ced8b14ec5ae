using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Tools;

namespace SecFlow.Execution.Tests.Tools;

/// <summary>Each limit of a tool is an outcome with its own code, and hostile output harms nobody.</summary>
[Trait("Category", "Confinement")]
public sealed class ToolLimitTests
{
    private const int MiB = 1024 * 1024;

    [Fact]
    public async Task Cpu_Spent_IsItsLimit()
    {
        await using var result = await ToolRuns.RunAsync(ToolRuns.Script("echo begin; while :; do :; done") with { Limits = ToolLimits.Default with { CpuSeconds = 1 } });

        result.Limit!.Code.ShouldBe(Codes.LimitCpu);
        result.Stdout.Text().ShouldBe("begin\n");
    }

    [Fact]
    public async Task Scratch_Filled_IsItsLimitAndNothingBeyondIsWritten()
    {
        await using var result = await ToolRuns.RunAsync(ToolRuns.Script("head -c 50000000 /dev/zero > big 2>/dev/null; head -c 50000000 /dev/zero > /tmp/big 2>/dev/null; stat -c %s big /tmp/big") with { Limits = ToolLimits.Default with { ScratchBytes = 8 * MiB } });

        result.Limit!.Code.ShouldBe(Codes.LimitScratch);
        result.Stdout.Text().Split('\n', StringSplitOptions.RemoveEmptyEntries).Sum(long.Parse).ShouldBeLessThanOrEqualTo(8 * MiB);
    }

    [Fact]
    public async Task ForkBomb_Ends_AndIsToldWhereTheKernelCounts()
    {
        await using var result = await ToolRuns.RunAsync(ToolRuns.Script("i=0; while [ $i -lt 300 ]; do sleep 60 & i=$((i+1)); done 2>/dev/null; echo started") with { Limits = ToolLimits.Default with { Processes = 20 }, Timeout = TimeSpan.FromSeconds(60) });

        var sandbox = await ToolRuns.SandboxAsync();
        if (sandbox.Report.Level == SecFlow.Execution.Sandboxing.SandboxLevel.L3)
        {
            result.Limit!.Code.ShouldBe(Codes.LimitProcesses);
        }
        else
        {
            result.ExitCode.ShouldNotBe(0);
        }

        result.Stdout.Text().ShouldNotContain("started");
    }

    [Fact]
    public async Task Memory_MoreThanAllowed_IsNotGiven()
    {
        await using var result = await ToolRuns.RunAsync(ToolRuns.Script("head -c 300000000 /dev/zero | tail -c 300000000 > /dev/null; echo $?") with { Limits = ToolLimits.Default with { MemoryBytes = 64 * MiB } });

        (result.Limit?.Code == Codes.LimitMemory || result.Stdout.Text() == "1\n").ShouldBeTrue(result.Stdout.Text() + result.Limit);
    }

    [Fact]
    public async Task Output_BeyondTheLimit_IsDrainedAndSaidToBeTruncated()
    {
        await using var result = await ToolRuns.RunAsync(ToolRuns.Script("head -c 100000000 /dev/zero | tr '\\0' a; head -c 3000000 /dev/zero >&2; echo done > end.txt; head -c 3000000 /dev/zero > big.bin") with
        {
            Files = ["end.txt", "big.bin"],
            Limits = ToolLimits.Default with { OutputBytes = MiB },
        });

        (result.ExitCode, result.Truncated, result.Limit).ShouldBe((0, true, null));
        (result.Stdout.Length, result.Stderr.Length).ShouldBe((MiB, MiB));
        result.Files["end.txt"].Text().ShouldBe("done\n");
        result.Files["big.bin"].Length.ShouldBe(MiB - 5);
    }

    [Fact]
    public async Task Output_EndlessLineWithInvalidText_IsCutForLines()
    {
        var lengths = new List<int>();
        await using var result = await ToolRuns.RunAsync(ToolRuns.Script("head -c 3000000 /dev/zero | tr '\\0' a; printf '\\n\\377\\376\\n'") with
        {
            OnLines = (lines, _) =>
            {
                lengths.AddRange(lines.Select(line => line.Length));
                return Task.CompletedTask;
            },
        });

        lengths.ShouldBe([(int)Limits.FindingBytes.Default, 2]);
        result.Stdout.Length.ShouldBe(3_000_004);
    }

    [Fact]
    public async Task Files_ThatAreNoRegularFiles_AreLeftOut()
    {
        await using var result = await ToolRuns.RunAsync(ToolRuns.Script("ln -s /proc/1/environ link; mkdir folder; mkfifo pipe; ln -s /etc dir; echo fine > fine") with { Files = ["link", "folder", "pipe", "dir/passwd", "fine"] });

        result.Files.Keys.ShouldBe(["fine"]);
        result.Truncated.ShouldBeFalse();
    }

    [Fact]
    public async Task Files_SparseGiant_IsCut()
    {
        await using var result = await ToolRuns.RunAsync(ToolRuns.Script("truncate -s 200M giant; echo x") with { Files = ["giant"], Limits = ToolLimits.Default with { OutputBytes = MiB } });

        result.Files["giant"].Length.ShouldBe(MiB);
        result.Truncated.ShouldBeTrue();
    }

    [Fact]
    public async Task Report_ForgedByTheTool_IsItsOwnAffair()
    {
        // The tool has not the descriptor, and cannot open a socket by its path.
        await using var result = await ToolRuns.RunAsync(ToolRuns.Script("(echo 'exit 0' >&7) 2>/dev/null || echo closed; (echo 'exit 0' > /proc/1/fd/7) 2>/dev/null || echo no way; exit 5"));

        result.ExitCode.ShouldBe(5);
        result.Stdout.Text().ShouldBe("closed\nno way\n");
    }

    [Fact]
    public async Task System_IsReadOnlyAndBare()
    {
        await using var result = await ToolRuns.RunAsync("ls /etc | tr '\\n' ' '; echo; env | cut -d= -f1 | sort | tr '\\n' ' '; echo; id -u; for d in / /usr /etc /dev /in /proc; do (: > $d/x) 2>/dev/null && echo writable $d; done; ls /proc | grep -c '^[0-9]'; hostname");

        var lines = result.Stdout.Text().Split('\n');
        lines[0].Split(' ', StringSplitOptions.RemoveEmptyEntries).Except(["alternatives", "ld.so.cache", "ld.so.conf", "ld.so.conf.d"]).ShouldBeEmpty();
        lines[1].Split(' ', StringSplitOptions.RemoveEmptyEntries).Except(["PWD", "OLDPWD", "SHLVL", "_"]).ShouldBe(["HOME", "LANG", "PATH", "TMPDIR"]);
        lines[2].ShouldBe("65534");
        int.Parse(lines[3]).ShouldBeLessThan(8);
        lines[4].ShouldBe("sandbox");
    }

    [Fact]
    public async Task TargetFolder_IsReadOnlyAndLinksOutOfItLeadNowhere()
    {
        var folder = Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), "secflow-test-folder-" + Guid.NewGuid().ToString("N")));
        try
        {
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "app.js"), "code\n");
            File.CreateSymbolicLink(Path.Combine(folder.FullName, "out"), "/etc/passwd");
            File.SetUnixFileMode(folder.FullName, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            using var copies = new TargetCopies();
            var outside = copies.Readable(folder.FullName);
            await using var result = await ToolRuns.RunAsync(ToolRuns.Script("cat /target/shop/app.js; cat /target/shop/out 2>/dev/null || echo nowhere; (: > /target/shop/x) 2>/dev/null || echo read-only") with
            {
                TargetFolders = new Dictionary<string, string>(StringComparer.Ordinal) { ["/target/shop"] = outside },
            });

            result.Stdout.Text().ShouldBe("code\nnowhere\nread-only\n");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task ForbiddenSystemCall_KillsTheTool()
    {
        // mount(2): an unprivileged program has no business with it
        await using var result = await ToolRuns.RunAsync("mount -t tmpfs none /out; echo $?");

        result.Stdout.Text().ShouldBeOneOf("159\n", "32\n", "1\n");
    }
}
