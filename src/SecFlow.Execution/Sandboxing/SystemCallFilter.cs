using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace SecFlow.Execution.Sandboxing;

/// <summary>What a payload may do with sockets.</summary>
internal enum SocketRule
{
    /// <summary>None of any kind.</summary>
    None,

    /// <summary>Those of an ordinary network program: TCP, UDP, local ones, and reading its own routes. What they reach is decided by the rules of its namespace.</summary>
    Network,

    /// <summary>All: the program loads those rules.</summary>
    Rules,
}

/// <summary>
/// The seccomp program that bubblewrap loads before it starts the payload: raw <c>struct sock_filter[]</c>, 8 bytes an instruction.
/// 1. The architecture is compared first; a foreign one (or x32) is killed.
/// 2. What no payload of ours ever does kills the process (SIGSYS, exit code 159): a violation.
/// 3. What an honest program may try is denied with EPERM (sockets, new namespaces) or ENOSYS (io_uring, clone3, so that libc falls back to clone).
/// 4. Everything else is allowed; execve must be, because bubblewrap executes the payload afterwards (the plugin host denies it to itself).
/// </summary>
internal static class SystemCallFilter
{
    private const ushort Load = 0x20;
    private const ushort JumpEqual = 0x15;
    private const ushort JumpGreaterOrEqual = 0x35;
    private const ushort JumpSet = 0x45;
    private const ushort Return = 0x06;
    private const uint Allow = 0x7fff0000;
    private const uint Kill = 0x80000000;
    private const uint Deny = 0x00050000 | 1;
    private const uint Absent = 0x00050000 | 38;
    private const uint X32Bit = 0x40000000;
    private const int NumberOffset = 0;
    private const int ArchitectureOffset = 4;
    private const int FirstArgumentOffset = 16;

    // CLONE_NEW* of clone(2): cgroup, uts, ipc, user, pid, net, mount, time
    private const uint NewNamespaces = 0x02000000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000 | 0x40000000 | 0x00020000 | 0x00000080;

    /// <summary>System calls of one architecture.</summary>
    private sealed record Table(uint Architecture, bool HasX32, uint CloneCall, uint[] Killed, uint[] Denied, uint[] Missing, uint[] Sockets);

    // Killed: ptrace, process_vm_readv, process_vm_writev, bpf, perf_event_open, userfaultfd, add_key, request_key, keyctl, mount, umount2, pivot_root, setns, kexec_load,
    //   kexec_file_load, init_module, finit_module, delete_module, reboot, swapon, swapoff, acct, settimeofday, clock_settime, open_by_handle_at, pidfd_getfd,
    //   open_tree, move_mount, fsopen, fsconfig, fsmount, fspick, mount_setattr (and iopl, ioperm, modify_ldt on x86)
    // Denied: unshare, chroot, personality, syslog, quotactl, name_to_handle_at, adjtimex, clock_adjtime, sethostname, setdomainname
    // Missing: io_uring_setup, io_uring_enter, io_uring_register, clone3
    // Sockets: socket, socketpair, bind, listen, accept, accept4, connect
    private static readonly Table X64 = new(
        0xC000003E,
        HasX32: true,
        56,
        [101, 310, 311, 321, 298, 323, 248, 249, 250, 165, 166, 155, 308, 246, 320, 175, 313, 176, 169, 167, 168, 163, 164, 227, 304, 438, 428, 429, 430, 431, 432, 433, 442, 172, 173, 154],
        [272, 161, 135, 103, 179, 303, 159, 305, 170, 171],
        [425, 426, 427, 435],
        [41, 53, 49, 50, 43, 288, 42]);

    private static readonly Table Arm64 = new(
        0xC00000B7,
        HasX32: false,
        220,
        [117, 270, 271, 280, 241, 282, 217, 218, 219, 40, 39, 41, 268, 104, 294, 105, 273, 106, 142, 224, 225, 89, 170, 112, 265, 438, 428, 429, 430, 431, 432, 433, 442],
        [97, 51, 92, 116, 60, 264, 171, 266, 161, 162],
        [425, 426, 427, 435],
        [198, 199, 200, 201, 202, 242, 203]);

    /// <summary>Whether this machine's architecture has a table; without one there is no filter and no sandbox.</summary>
    public static bool Supported => RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.Arm64;

    /// <summary>The program for this machine.</summary>
    public static byte[] Build(SocketRule sockets = SocketRule.None) => Build(RuntimeInformation.ProcessArchitecture, sockets);

    internal static byte[] Build(Architecture architecture, SocketRule sockets = SocketRule.None)
    {
        var table = architecture switch
        {
            Architecture.X64 => X64,
            Architecture.Arm64 => Arm64,
            _ => throw new PlatformNotSupportedException($"There is no system call table for {architecture}."),
        };
        var program = new List<(ushort Code, byte True, byte False, uint Value)>
        {
            (Load, 0, 0, ArchitectureOffset),
            (JumpEqual, 1, 0, table.Architecture),
            (Return, 0, 0, Kill),
            (Load, 0, 0, NumberOffset),
        };
        if (table.HasX32)
        {
            program.Add((JumpGreaterOrEqual, 0, 1, X32Bit));
            program.Add((Return, 0, 0, Kill));
        }

        Answer(program, table.Killed, Kill);
        Answer(program, table.Denied, Deny);
        Answer(program, table.Missing, Absent);
        AddSockets(program, table, sockets);
        program.Add((JumpEqual, 0, 3, table.CloneCall));
        program.Add((Load, 0, 0, FirstArgumentOffset));
        program.Add((JumpSet, 0, 1, NewNamespaces));
        program.Add((Return, 0, 0, Deny));
        program.Add((Return, 0, 0, Allow));

        var bytes = new byte[program.Count * 8];
        for (var i = 0; i < program.Count; i++)
        {
            var at = bytes.AsSpan(i * 8);
            BinaryPrimitives.WriteUInt16LittleEndian(at, program[i].Code);
            at[2] = program[i].True;
            at[3] = program[i].False;
            BinaryPrimitives.WriteUInt32LittleEndian(at[4..], program[i].Value);
        }

        return bytes;
    }

    private static void AddSockets(List<(ushort Code, byte True, byte False, uint Value)> program, Table table, SocketRule sockets)
    {
        if (sockets == SocketRule.None)
        {
            Answer(program, table.Sockets, Deny);
        }
        else if (sockets == SocketRule.Network)
        {
            // socket(family, type, protocol): families AF_UNIX, AF_INET, AF_INET6, and AF_NETLINK with protocol NETLINK_ROUTE.
            program.Add((JumpEqual, 0, 12, table.Sockets[0]));
            program.Add((Load, 0, 0, FirstArgumentOffset));
            Answer(program, [1, 2, 10], Allow);
            program.Add((JumpEqual, 0, 3, 16));
            program.Add((Load, 0, 0, FirstArgumentOffset + 16));
            program.Add((JumpEqual, 0, 1, 0));
            program.Add((Return, 0, 0, Allow));
            program.Add((Return, 0, 0, Deny));
        }
    }

    private static void Answer(List<(ushort Code, byte True, byte False, uint Value)> program, uint[] numbers, uint answer)
    {
        foreach (var number in numbers)
        {
            program.Add((JumpEqual, 0, 1, number));
            program.Add((Return, 0, 0, answer));
        }
    }
}
