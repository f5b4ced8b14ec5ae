namespace SecFlow.PluginHost.Confinement;

/// <summary>One instruction of classic BPF (<c>struct sock_filter</c>).</summary>
public readonly record struct FilterInstruction(ushort Code, byte WhenTrue, byte WhenFalse, uint Operand);

/// <summary>
/// The system calls that a plugin host never needs (x86_64 numbers). An attempt to run a program, to look into or change another process,
/// or to change the system's shape is no accident: it kills the process, so that the engine sees a violation. What the runtime may try
/// in passing is refused with EPERM.
/// </summary>
public static class SystemCallFilter
{
    internal const uint Allow = 0x7fff0000;
    internal const uint Kill = 0x80000000;
    internal const uint Refuse = 0x00050001; // EPERM
    internal const uint NotImplemented = 0x00050000 | 38; // ENOSYS: the C library falls back to clone

    private const uint AuditArchX64 = 0xC000003E;
    private const uint X32Bit = 0x40000000;
    private const uint CloneThread = 0x00010000;

    private const ushort Load = 0x20;
    private const ushort JumpEqual = 0x15;
    private const ushort JumpAtLeast = 0x35;
    private const ushort JumpAnyBit = 0x45;
    private const ushort Return = 0x06;

    private const int Clone = 56;
    private const int Clone3 = 435;
    private const int ThreadKill = 234;

    /// <summary>execve, execveat, ptrace, process_vm_readv/writev, bpf, mount family, pivot_root, chroot, kernel modules, kexec, reboot, namespaces, keys, perf, userfaultfd, io_uring, handles of other processes.</summary>
    internal static readonly int[] Killed =
    [
        59, 322, 101, 310, 311, 321, 165, 166, 155, 161, 175, 313, 176, 246, 320, 169, 272, 308, 248, 249, 250, 298, 323, 425, 426, 427,
        304, 428, 429, 430, 431, 432, 433, 442, 434, 438, 440,
    ];

    /// <summary>socket family, fork, vfork, kill, tkill, personality, syslog, change of identity, owner, mode, links, devices, swap, clock, System V IPC, quota.</summary>
    internal static readonly int[] Refused =
    [
        41, 53, 42, 49, 50, 43, 288, 44, 46, 307, 57, 58, 62, 200, 135, 103, 303, 105, 106, 113, 114, 117, 119, 122, 123, 116, 126,
        90, 91, 268, 92, 93, 94, 260, 86, 88, 265, 266, 133, 259, 167, 168, 164, 227, 159, 305, 179, 29, 30, 31, 64, 68, 170, 171, 172, 173, 163, 312,
    ];

    /// <summary>The filter for the process with this id (it may send signals to its own threads only). An array: a list of these would be compiled anew at each start.</summary>
    public static FilterInstruction[] Build(int processId)
    {
        const uint ArchOffset = 4;
        const uint NumberOffset = 0;
        const uint FirstArgument = 16;
        FilterInstruction[] before =
        [
            new(Load, 0, 0, ArchOffset),
            new(JumpEqual, 1, 0, AuditArchX64),
            new(Return, 0, 0, Kill),
            new(Load, 0, 0, NumberOffset),
            new(JumpAtLeast, 0, 1, X32Bit),
            new(Return, 0, 0, Kill),
        ];
        FilterInstruction[] after =
        [
            new(JumpEqual, 0, 1, Clone3),
            new(Return, 0, 0, NotImplemented),
            new(JumpEqual, 0, 4, Clone),
            new(Load, 0, 0, FirstArgument),
            new(JumpAnyBit, 1, 0, CloneThread),
            new(Return, 0, 0, Refuse),
            new(Return, 0, 0, Allow),
            new(JumpEqual, 0, 4, ThreadKill),
            new(Load, 0, 0, FirstArgument),
            new(JumpEqual, 1, 0, (uint)processId),
            new(Return, 0, 0, Refuse),
            new(Return, 0, 0, Allow),
            new(Return, 0, 0, Allow),
        ];
        var filter = new FilterInstruction[before.Length + (2 * (Killed.Length + Refused.Length)) + after.Length];
        before.CopyTo(filter, 0);
        var at = before.Length;
        foreach (var (numbers, answer) in new[] { (Killed, Kill), (Refused, Refuse) })
        {
            foreach (var number in numbers)
            {
                filter[at++] = new(JumpEqual, 0, 1, (uint)number);
                filter[at++] = new(Return, 0, 0, answer);
            }
        }

        after.CopyTo(filter, at);
        return filter;
    }
}
