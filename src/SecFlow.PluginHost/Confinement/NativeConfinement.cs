using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace SecFlow.PluginHost.Confinement;

/// <summary>The system calls behind <see cref="SelfConfinement"/>.</summary>
[ExcludeFromCodeCoverage(Justification = "It cannot be undone, so it never runs in a test process; tests observe it from outside, in a child.")]
internal static unsafe partial class NativeConfinement
{
    private const int NoNewPrivileges = 38;
    private const long SysSeccomp = 317;
    private const long SysLandlockCreate = 444;
    private const long SysLandlockAddRule = 445;
    private const long SysLandlockRestrict = 446;
    private const int OpenPath = 0x200000;
    private const int CloseOnExec = 0x80000;

    /// <summary>No later program gains rights; both layers demand it.</summary>
    public static bool DropFutureRights() => Prctl(NoNewPrivileges, 1, 0, 0, 0) == 0;

    /// <summary>Installs a seccomp filter on every thread.</summary>
    public static bool InstallFilter(FilterInstruction[] filter)
    {
        var code = stackalloc SockFilter[filter.Length];
        for (var i = 0; i < filter.Length; i++)
        {
            code[i] = new SockFilter { Code = filter[i].Code, True = filter[i].WhenTrue, False = filter[i].WhenFalse, Operand = filter[i].Operand };
        }

        var program = new SockProgram { Length = (ushort)filter.Length, Filter = code };
        const long SetModeFilter = 1;
        const long AllThreads = 1;
        return Call(SysSeccomp, SetModeFilter, AllThreads, (long)&program, 0) == 0;
    }

    /// <summary>Landlock: read only below these paths, no file access elsewhere, no TCP, no signal or abstract socket out of the domain.</summary>
    public static bool RestrictFiles(IReadOnlyList<string> readable)
    {
        const long AskVersion = 1;
        var abi = Call(SysLandlockCreate, 0, 0, AskVersion, 0);
        if (abi < 1)
        {
            return false;
        }

        var attributes = stackalloc ulong[3];
        attributes[0] = (1UL << (abi >= 5 ? 16 : abi >= 3 ? 15 : abi >= 2 ? 14 : 13)) - 1;
        attributes[1] = abi >= 4 ? 3UL : 0;
        attributes[2] = abi >= 6 ? 3UL : 0;
        var ruleset = Call(SysLandlockCreate, (long)attributes, abi >= 6 ? 24 : abi >= 4 ? 16 : 8, 0, 0);
        if (ruleset < 0)
        {
            return false;
        }

        foreach (var path in readable)
        {
            AllowReading(ruleset, path);
        }

        const long ThreadSync = 1 << 3;
        return Call(SysLandlockRestrict, ruleset, abi >= 8 ? ThreadSync : 0, 0, 0) == 0;
    }

    private static void AllowReading(long ruleset, string path)
    {
        var descriptor = Open(path, OpenPath | CloseOnExec, 0);
        if (descriptor < 0)
        {
            return;
        }

        const ulong Execute = 1;
        const ulong ReadFile = 1 << 2;
        const ulong ReadFolder = 1 << 3;
        const long PathBeneath = 1;
        // struct landlock_path_beneath_attr is packed: u64 rights, s32 descriptor.
        var rule = stackalloc byte[12];
        *(ulong*)rule = Directory.Exists(path) ? Execute | ReadFile | ReadFolder : ReadFile;
        *(int*)(rule + 8) = descriptor;
        _ = Call(SysLandlockAddRule, ruleset, PathBeneath, (long)rule, 0);
        _ = Close(descriptor);
    }

    [LibraryImport("libc", EntryPoint = "prctl", SetLastError = true)]
    private static partial int Prctl(int option, ulong a, ulong b, ulong c, ulong d);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial long Call(long number, long a, long b, long c, long d);

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Open(string path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int descriptor);

    [StructLayout(LayoutKind.Sequential)]
    private struct SockFilter
    {
        public ushort Code;
        public byte True;
        public byte False;
        public uint Operand;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct SockProgram
    {
        public ushort Length;
        public SockFilter* Filter;
    }
}
