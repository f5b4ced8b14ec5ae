using SecFlow.PluginHost.Confinement;
using SecFlow.PluginProtocol;

namespace SecFlow.PluginHost.Tests.Confinement;

[Trait("Category", "Confinement")]
public sealed class SelfConfinementTests
{
    private const int BadSystemCall = 128 + 31;

    [Fact]
    public async Task Host_ConfinesItselfAndStillWorks()
    {
        using var host = HostProcess.Start(required: "seccomp");
        var start = EngineSide.Start("module.exports.execute = function (ctx) { var a = []; for (var i = 0; i < 100000; i++) { a.push({ i: i }); } };");

        (await host.Run(start))!.Outcome.ShouldBe(HostOutcome.Completed);
        (await host.ExitCode()).ShouldBe(HostExitCodes.Normal);
    }

    [Fact]
    public async Task Host_LayerThatDoesNotExistIsRequired_Exits78()
    {
        using var host = HostProcess.Start(required: "seccomp, vault");

        (await host.ReadToEnd()).ShouldBe(("", HostExitCodes.NotConfined));
    }

    [Fact]
    public async Task Probe_EveryEscape_IsBlocked()
    {
        using var host = HostProcess.Start(null, "probe");

        var (output, exit) = await host.ReadToEnd();

        output.ShouldContain("seccomp");
        foreach (var name in new[] { "socket", "fork", "read-environ", "write-tmp" })
        {
            // Without Landlock in the kernel the file attempts are the outer sandbox's to stop.
            if (output.Contains("landlock", StringComparison.Ordinal) || name is "socket" or "fork")
            {
                output.ShouldContain(name + " blocked");
            }
        }

        if (output.Contains("landlock", StringComparison.Ordinal))
        {
            exit.ShouldBe(0);
        }
    }

    [Theory]
    [InlineData("exec")]
    [InlineData("ptrace")]
    [InlineData("mount")]
    public async Task Probe_ViolationThatIsNoAccident_KillsTheProcess(string attempt)
    {
        using var host = HostProcess.Start(null, "probe", attempt);

        (await host.ReadToEnd()).ExitCode.ShouldBe(BadSystemCall);
    }

    [Fact]
    public void Probe_UnknownAttempt_CountsAsOpen()
    {
        var output = new StringWriter();

        EscapeAttempts.Run(["x"], ["nonsense"], output).ShouldBe(1);
        output.ToString().ShouldContain("nonsense open");
    }

    [Fact]
    public void Probe_WithoutConfinement_SaysWhatIsOpen()
    {
        var output = new StringWriter();

        EscapeAttempts.Run([], ["read-passwd", "write-tmp", "socket"], output).ShouldBe(1);

        output.ToString().ShouldContain("read-passwd open");
    }
}
