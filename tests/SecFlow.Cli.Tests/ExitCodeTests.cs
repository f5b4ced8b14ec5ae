using SecFlow.Data.Runs;
using SecFlow.Execution.Diagnostics;

namespace SecFlow.Cli.Tests;

public sealed class ExitCodeTests
{
    [Theory]
    [InlineData(RunStatus.Succeeded, false, 0)]
    [InlineData(RunStatus.Succeeded, true, 1)]
    [InlineData(RunStatus.Partial, false, 5)]
    [InlineData(RunStatus.Partial, true, 1)]
    [InlineData(RunStatus.Denied, false, 3)]
    [InlineData(RunStatus.Denied, true, 3)]
    [InlineData(RunStatus.Failed, true, 4)]
    [InlineData(RunStatus.TimedOut, false, 4)]
    [InlineData(RunStatus.Cancelled, false, 4)]
    [InlineData(RunStatus.Interrupted, false, 4)]
    public void RunStatus_HasItsCode_WithPrecedence(RunStatus status, bool findingsMatter, int code) => ExitCodes.Of(status, findingsMatter).ShouldBe(code);

    [Theory]
    [InlineData(Codes.OptionInvalid, 2)]
    [InlineData(Codes.TargetInvalid, 2)]
    [InlineData(Codes.RecipeCycle, 1)]
    [InlineData(Codes.ManifestInvalid, 1)]
    [InlineData(Codes.Tampered, 3)]
    [InlineData(Codes.OutOfScope, 3)]
    [InlineData(Codes.SandboxUnavailable, 3)]
    [InlineData(Codes.LimitMemory, 4)]
    [InlineData(Codes.ScriptError, 4)]
    [InlineData(Codes.DataFolderLocked, 4)]
    public void Failure_HasTheCodeOfItsCategory(string code, int expected) => ExitCodes.Of(new SecFlowException(code, "x")).ShouldBe(expected);

    [Theory]
    [InlineData(2, 3, 2)]
    [InlineData(4, 3, 3)]
    [InlineData(1, 4, 4)]
    [InlineData(5, 1, 1)]
    [InlineData(0, 5, 5)]
    [InlineData(0, 0, 0)]
    public void Strongest_FollowsThePrecedence(int one, int other, int strongest) => ExitCodes.Strongest(one, other).ShouldBe(strongest);
}
