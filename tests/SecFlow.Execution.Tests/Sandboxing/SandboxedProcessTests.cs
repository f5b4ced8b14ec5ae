using System.Diagnostics;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Sandboxing;

namespace SecFlow.Execution.Tests.Sandboxing;

[Trait("Category", "Confinement")]
public sealed class SandboxedProcessTests
{
    [Fact]
    public async Task Run_EchoesInput_ReturnsOutputAndExitCode()
    {
        var (exit, output) = await Payload.RunAsync(Payload.Shell("read -r line; echo \"got $line\"; echo oops >&2; exit 3"), "hello\n");

        output.ShouldBe("got hello\n");
        exit.End.ShouldBe(SandboxEnd.Exited);
        exit.ExitCode.ShouldBe(3);
        exit.StderrHead.ShouldBe("oops\n");
        exit.StderrBytes.ShouldBe(5);
    }

    [Theory]
    [InlineData("$(touch /tmp/x)")]
    [InlineData("a b\tc\nd")]
    [InlineData("'; exit 9; '")]
    [InlineData("--ro-bind")]
    [InlineData("ünïcödé ☃")]
    [InlineData("")]
    public async Task Run_HostileArgument_ArrivesAsItIs(string argument)
    {
        var (exit, output) = await Payload.RunAsync(Payload.Shell("printf '%s|' \"$@\"", argument, "end"));

        output.ShouldBe(argument + "|end|");
        exit.ExitCode.ShouldBe(0);
    }

    [Fact]
    public async Task Start_ArgumentWithNul_IsRefusedAndNotCut() =>
        await Should.ThrowAsync<ArgumentException>(async () => await SandboxedProcess.StartAsync(await Payload.Sandbox, Payload.Shell("true", "a\0b"), CancellationToken.None));

    [Fact]
    public async Task Run_OnlyTheGivenEnvironment_AndNoOtherDescriptor()
    {
        var (_, output) = await Payload.RunAsync(Payload.Shell("export -p; for f in /proc/self/fd/*; do echo \"fd ${f##*/}\"; done; cat /proc/1/environ | tr '\\0' '\\n'"));

        output.ShouldContain("export PATH='/usr/bin'");
        var names = output.Split('\n').Where(line => line.StartsWith("export ", StringComparison.Ordinal)).Select(line => line[7..].Split('=')[0]);
        names.Except(["PATH", "PWD", "OLDPWD", "SHLVL"]).ShouldBeEmpty();
        foreach (System.Collections.DictionaryEntry variable in Environment.GetEnvironmentVariables())
        {
            var text = variable.Key + "=" + variable.Value;
            if (text.Length > 12 && !text.StartsWith("PATH=", StringComparison.Ordinal))
            {
                output.ShouldNotContain(text);
            }
        }

        // 3 is the shell's own, open on /proc/self/fd while it expands the pattern.
        output.Split('\n').Where(line => line.StartsWith("fd ", StringComparison.Ordinal)).Select(line => line[3..]).Except(["0", "1", "2", "3", "*"]).ShouldBeEmpty();
    }

    [Fact]
    public async Task Run_ProgramThatIsNotThere_IsStartFailed()
    {
        var (exit, _) = await Payload.RunAsync(Payload.Program("/usr/bin/no-such-program", []));

        exit.End.ShouldBe(SandboxEnd.StartFailed);
        exit.StderrHead.ShouldContain("no-such-program");
    }

    [Fact]
    public async Task Run_FolderThatIsNotThere_IsStartFailedWithBubblewrapsReason()
    {
        var spec = Payload.Shell("true");
        var (exit, _) = await Payload.RunAsync(spec with { ReadOnly = new Dictionary<string, string>(spec.ReadOnly, StringComparer.Ordinal) { ["/data"] = "/no/such/folder" } });

        exit.End.ShouldBe(SandboxEnd.StartFailed);
        exit.StderrHead.ShouldContain("/no/such/folder");
    }

    [Fact]
    public async Task Run_ProcessorLoop_EndsAtTheLimit()
    {
        var watch = Stopwatch.StartNew();
        var (exit, _) = await Payload.RunAsync(Payload.Shell("while :; do :; done") with { CpuSeconds = 1 });

        exit.End.ShouldBe(SandboxEnd.CpuLimit);
        exit.Cpu.TotalSeconds.ShouldBeInRange(0.7, 2.5);
        watch.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(15));
    }

    [Fact]
    public async Task Run_ForkBomb_IsStoppedAndLeavesNothing()
    {
        var (exit, output) = await Payload.RunAsync(Payload.Shell("bomb() { bomb | bomb & }; bomb; sleep 0.3; i=0; while [ $i -lt 100 ]; do (sleep 5) & i=$((i+1)); done; echo free") with { Processes = 16 });

        output.ShouldNotContain("free");
        exit.End.ShouldNotBe(SandboxEnd.Killed);
        await LeftOvers.ShouldBeNoneAsync();
    }

    [Fact]
    public async Task Run_NativeMemoryBomb_IsDenied()
    {
        var (exit, output) = await Payload.RunAsync(Payload.Python("b=[]\ntry:\n  while True: b.append(bytearray(1<<20))\nexcept MemoryError: print('denied after', len(b) < 64)") with { DataBytes = 64L << 20 });

        output.ShouldBe("denied after True\n");
        exit.PeakBytes.ShouldBeLessThan(96L << 20);
    }

    [Fact]
    public async Task Run_FillsItsScratch_OtherPlacesAreReadOnly()
    {
        const string Script = "dd if=/dev/zero of=/tmp/fill bs=1M count=32 2>/dev/null; wc -c </tmp/fill; for f in / /dev /usr /proc /sys /etc; do (echo x >$f/x) 2>/dev/null && echo wrote $f; done; echo end";
        var (_, output) = await Payload.RunAsync(Payload.Shell(Script) with { ScratchBytes = 1 << 20 });

        output.ShouldBe("1048576\nend\n");
    }

    [Fact]
    public async Task Run_OpensManyFiles_StopsAtTheLimit()
    {
        var (_, output) = await Payload.RunAsync(Payload.Python("f=[]\ntry:\n  for i in range(500): f.append(open('/dev/null'))\n  print('free')\nexcept OSError as e: print('denied', e.errno)") with { OpenFiles = 32 });

        output.ShouldBe("denied 24\n");
    }

    [Theory]
    [InlineData("import socket; socket.socket()", "PermissionError")]
    [InlineData("import socket; socket.socket(socket.AF_UNIX)", "PermissionError")]
    [InlineData("import socket; socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)", "PermissionError")]
    [InlineData("open('/etc/passwd')", "FileNotFoundError")]
    [InlineData("open('/root/x','w')", "FileNotFoundError")]
    [InlineData("open('/proc/sys/kernel/hostname','w')", "Error")]
    [InlineData("open('/proc/sysrq-trigger','w')", "Error")]
    [InlineData("import os; os.mkdir('/new')", "OSError")]
    [InlineData("import os; os.setuid(0)", "OSError: [Errno 22]")]
    [InlineData("import os; os.chroot('/tmp')", "PermissionError")]
    [InlineData("import os; os.kill(-1, 0); os.listdir('/proc/2')", "Error")]
    [InlineData("import ctypes; assert ctypes.CDLL(None).unshare(0x10000000) == 0", "AssertionError")]
    [InlineData("import ctypes; assert ctypes.CDLL(None).syscall(425, 8, 0) >= 0", "AssertionError")]
    public async Task Run_EscapeAttempt_IsDenied(string script, string error)
    {
        var (exit, output) = await Payload.RunAsync(Payload.Python(script + "\nprint('ESCAPED')"));

        output.ShouldNotContain("ESCAPED");
        exit.StderrHead.ShouldContain(error);
        exit.ExitCode.ShouldBe(1);
    }

    [Theory]
    [InlineData("ptrace(0, 0, 0, 0)")]
    [InlineData("mount(b'none', b'/tmp', b'tmpfs', 0, None)")]
    [InlineData("syscall(321, 0, 0, 0)")]
    [InlineData("setns(0, 0)")]
    public async Task Run_SystemCallThatNobodyNeeds_IsAViolation(string call)
    {
        var (exit, output) = await Payload.RunAsync(Payload.Python($"import ctypes\nctypes.CDLL(None).{call}\nprint('ESCAPED')"));

        exit.End.ShouldBe(SandboxEnd.ForbiddenSystemCall);
        output.ShouldBe("");
    }

    [Fact]
    public async Task Run_FloodsStandardError_IsDrainedAndOnlyTheHeadIsKept()
    {
        var (exit, output) = await Payload.RunAsync(Payload.Shell("head -c 8000000 /dev/zero | tr '\\0' 'e' >&2; echo finished"));

        output.ShouldBe("finished\n");
        exit.StderrBytes.ShouldBe(8_000_000);
        exit.StderrHead.Length.ShouldBe(8 * 1024);
    }

    [Fact]
    public async Task Run_NobodyReadsItsOutput_WaitsAndIsKilled()
    {
        await using var process = await SandboxedProcess.StartAsync(await Payload.Sandbox, Payload.Shell("head -c 100000000 /dev/zero"), CancellationToken.None);
        await Task.Delay(200);
        process.Exit.IsCompleted.ShouldBeFalse();

        process.Kill();

        (await process.Exit.WaitAsync(TimeSpan.FromSeconds(5))).End.ShouldBe(SandboxEnd.Killed);
    }

    [Fact]
    public async Task Kill_TreeOfChildrenThatIgnoreSignals_NothingIsLeft()
    {
        await using var process = await SandboxedProcess.StartAsync(await Payload.Sandbox, Payload.Shell("trap '' TERM INT HUP; for i in 1 2 3 4; do (trap '' TERM; sleep 300; sleep 300) & done; echo up; wait"), CancellationToken.None);
        var buffer = new byte[3];
        await process.StandardOutput.ReadExactlyAsync(buffer);

        process.Kill();
        process.Kill();
        var exit = await process.Exit.WaitAsync(TimeSpan.FromSeconds(5));

        exit.End.ShouldBe(SandboxEnd.Killed);
        await LeftOvers.ShouldBeNoneAsync();
    }

    [Fact]
    public async Task Kill_AtOnceAfterTheStart_NothingIsLeft()
    {
        for (var i = 0; i < 20; i++)
        {
            await using var process = await SandboxedProcess.StartAsync(await Payload.Sandbox, Payload.Shell("sleep 300"), CancellationToken.None);
            process.Kill();
            (await process.Exit.WaitAsync(TimeSpan.FromSeconds(5))).End.ShouldBe(SandboxEnd.Killed);
        }

        await LeftOvers.ShouldBeNoneAsync();
    }

    [Fact]
    public async Task Run_PeakAndProcessorTime_AreMeasured()
    {
        var (exit, _) = await Payload.RunAsync(Payload.Python("b=bytearray(100<<20)\nimport time\nt=time.process_time()\nwhile time.process_time()-t < 0.5: pass"));

        exit.PeakBytes.ShouldBeInRange(100L << 20, 160L << 20);
        exit.Cpu.TotalSeconds.ShouldBeInRange(0.5, 3);
    }

    [Fact]
    public async Task Write_AfterTheEnd_IsAnIoException()
    {
        await using var process = await SandboxedProcess.StartAsync(await Payload.Sandbox, Payload.Shell("exit 0"), CancellationToken.None);
        await process.Exit;

        await Should.ThrowAsync<IOException>(async () =>
        {
            for (var i = 0; i < 10; i++)
            {
                await process.StandardInput.WriteAsync(new byte[1024]);
            }
        });
    }

    [Fact]
    public async Task Start_Cancelled_StartsNothing() =>
        await Should.ThrowAsync<OperationCanceledException>(async () => await SandboxedProcess.StartAsync(await Payload.Sandbox, Payload.Shell("true"), new CancellationToken(canceled: true)));

    [Fact]
    public async Task Start_AHundredTimes_LeavesNoProcessZombieDescriptorOrFile()
    {
        await Payload.RunAsync(Payload.Shell("true"));
        var descriptors = LeftOvers.Descriptors();
        var files = LeftOvers.TemporaryFiles();

        for (var i = 0; i < 25; i++)
        {
            var runs = await Task.WhenAll(Enumerable.Range(0, 4).Select(n => Payload.RunAsync(Payload.Shell($"exit {n}"))));
            runs.Select(run => run.Exit.ExitCode).ShouldBe([0, 1, 2, 3]);
        }

        await LeftOvers.ShouldBeNoneAsync();
        // Other tests of this process open a few of their own meanwhile; a leak of one per start would be 100 and more.
        LeftOvers.Descriptors().ShouldBeLessThan(descriptors + 60);
        LeftOvers.TemporaryFiles().ShouldBe(files);
    }

    [Fact]
    public async Task Sandboxes_SideBySide_DoNotDisturbEachOther()
    {
        var loop = Payload.RunAsync(Payload.Shell("while :; do :; done") with { CpuSeconds = 1 });
        var bomb = Payload.RunAsync(Payload.Python("b=[]\nwhile True: b.append(bytearray(1<<20))") with { DataBytes = 64L << 20 });
        var calm = Payload.RunAsync(Payload.Shell("sleep 0.5; echo calm"));

        (await calm).Output.ShouldBe("calm\n");
        (await calm).Exit.ExitCode.ShouldBe(0);
        (await loop).Exit.End.ShouldBe(SandboxEnd.CpuLimit);
        (await bomb).Exit.ExitCode.ShouldBe(1);
    }
}
