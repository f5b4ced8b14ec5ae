using SecFlow.PluginHost.Confinement;

namespace SecFlow.PluginHost.Tests.Confinement;

public sealed class SystemCallFilterTests
{
    private const uint X64 = 0xC000003E;
    private const int Self = 4242;

    [Theory]
    [InlineData("execve", 59, 0, SystemCallFilter.Kill)]
    [InlineData("ptrace", 101, 0, SystemCallFilter.Kill)]
    [InlineData("mount", 165, 0, SystemCallFilter.Kill)]
    [InlineData("bpf", 321, 0, SystemCallFilter.Kill)]
    [InlineData("io_uring_setup", 425, 0, SystemCallFilter.Kill)]
    [InlineData("x32 execve", 0x40000000 + 520, 0, SystemCallFilter.Kill)]
    [InlineData("socket", 41, 2, SystemCallFilter.Refuse)]
    [InlineData("fork", 57, 0, SystemCallFilter.Refuse)]
    [InlineData("clone of a process", 56, 0x11, SystemCallFilter.Refuse)]
    [InlineData("clone of a thread", 56, 0x3d0f00, SystemCallFilter.Allow)]
    [InlineData("clone3", 435, 0, SystemCallFilter.NotImplemented)]
    [InlineData("tgkill of itself", 234, Self, SystemCallFilter.Allow)]
    [InlineData("tgkill of another", 234, 1, SystemCallFilter.Refuse)]
    [InlineData("read", 0, 0, SystemCallFilter.Allow)]
    [InlineData("mmap", 9, 0, SystemCallFilter.Allow)]
    [InlineData("futex", 202, 0, SystemCallFilter.Allow)]
    public void Filter_SystemCall_IsAnswered(string name, int number, int firstArgument, uint answer) =>
        Evaluate(X64, (uint)number, (uint)firstArgument).ShouldBe(answer, name);

    [Fact]
    public void Filter_OtherArchitecture_Kills() => Evaluate(0x40000003, 0, 0).ShouldBe(SystemCallFilter.Kill);

    [Fact]
    public void Filter_HasNoCallTwice() => SystemCallFilter.Killed.Concat(SystemCallFilter.Refused).ShouldBeUnique();

    /// <summary>A classic BPF machine for the four instructions that the filter uses.</summary>
    private static uint Evaluate(uint architecture, uint number, uint firstArgument)
    {
        var filter = SystemCallFilter.Build(Self);
        uint accumulator = 0;
        for (var at = 0; ; at++)
        {
            var (code, whenTrue, whenFalse, operand) = filter[at];
            switch (code)
            {
                case 0x20: accumulator = operand switch { 0 => number, 4 => architecture, 16 => firstArgument, _ => throw new InvalidOperationException() }; break;
                case 0x15: at += accumulator == operand ? whenTrue : whenFalse; break;
                case 0x35: at += accumulator >= operand ? whenTrue : whenFalse; break;
                case 0x45: at += (accumulator & operand) != 0 ? whenTrue : whenFalse; break;
                case 0x06: return operand;
                default: throw new InvalidOperationException($"Instruction {code:x}");
            }
        }
    }
}
