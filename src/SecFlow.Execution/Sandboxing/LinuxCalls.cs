using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace SecFlow.Execution.Sandboxing;

/// <summary>The few libc calls that .NET has no door to. Errors are <see cref="Win32Exception"/> with the errno text.</summary>
internal static unsafe partial class LinuxCalls
{
    public const int SigInterrupt = 2;
    public const int SigKill = 9;
    public const int SigTerminate = 15;
    public const int SigContinue = 18;
    public const int SigStop = 19;
    public const short PollIn = 1;
    private const int CloseOnExec = 0x80000;
    private const int SocketStream = 1;
    private const int FamilyUnix = 1;
    private const int NoHang = 1;
    private const int GetFd = 1;
    private const int SetFd = 2;
    private const int DuplicateCloseOnExec = 1030;
    private const int LockExclusiveNoWait = 2 | 4;
    private const int Directory = 0x10000;

    // The same numbers on every architecture: they are newer than the common table.
    private const long PidfdSendSignal = 424;
    private const long PidfdOpen = 434;

    [StructLayout(LayoutKind.Sequential)]
    public struct PollFd
    {
        public int Fd;
        public short Events;
        public short Revents;
    }

    /// <summary>How a child ended, as wait4 tells.</summary>
    public readonly record struct WaitResult(int ExitCode, TimeSpan Cpu, long MaxRssBytes);

    public static bool IsRoot => geteuid() == 0;

    public static int UserId => (int)geteuid();

    /// <summary>A connected pair: ours and the child's. Both are closed on exec; the child's end is duplicated into place when it is started.</summary>
    public static (int Ours, int Theirs) SocketPair()
    {
        var pair = stackalloc int[2];
        Check(socketpair(FamilyUnix, SocketStream | CloseOnExec, 0, pair), "socketpair");
        return (High(pair[0]), High(pair[1]));
    }

    public static (int Read, int Write) Pipe()
    {
        var pair = stackalloc int[2];
        Check(pipe2(pair, CloseOnExec), "pipe2");
        return (High(pair[0]), High(pair[1]));
    }

    public static void Close(int fd)
    {
        if (fd >= 0)
        {
            _ = close(fd);
        }
    }

    /// <summary>Writes everything; for small contents that fit into a pipe.</summary>
    public static void WriteAll(int fd, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* p = bytes)
        {
            var done = 0;
            while (done < bytes.Length)
            {
                var n = write(fd, p + done, bytes.Length - done);
                Check((int)n, "write");
                done += (int)n;
            }
        }
    }

    /// <summary>A file without a name that holds these bytes.</summary>
    public static SafeFileHandle Memory(ReadOnlySpan<byte> bytes)
    {
        const uint closeOnExec = 1;
        var fd = memfd_create("secflow", closeOnExec);
        Check(fd, "memfd_create");
        var file = new SafeFileHandle(fd, ownsHandle: true);
        try
        {
            WriteAll(fd, bytes);
            return file;
        }
        catch (Win32Exception)
        {
            file.Dispose();
            throw;
        }
    }

    public static int Read(int fd, Span<byte> into)
    {
        fixed (byte* p = into)
        {
            return (int)read(fd, p, into.Length);
        }
    }

    public static int Poll(Span<PollFd> fds, int milliseconds)
    {
        fixed (PollFd* p = fds)
        {
            return poll(p, (nuint)fds.Length, milliseconds);
        }
    }

    /// <summary>A descriptor for the process; -1 on kernels without it or when it is gone.</summary>
    public static int OpenProcess(int pid) => (int)syscall(PidfdOpen, pid, 0, 0, 0);

    public static bool SignalProcess(int pidfd, int signal) => syscall(PidfdSendSignal, pidfd, signal, 0, 0) == 0;

    public static bool Kill(int pid, int signal) => kill(pid, signal) == 0;

    /// <summary>Reaps the child when it has ended (null: not yet); blocks when asked to.</summary>
    public static WaitResult? Wait(int pid, bool block)
    {
        int status;
        var usage = stackalloc long[18];
        int result;
        do
        {
            result = wait4(pid, &status, block ? 0 : NoHang, usage);
        }
        while (result < 0 && Marshal.GetLastPInvokeError() == 4);

        if (result == 0)
        {
            return null;
        }

        Check(result, "wait4");
        var signal = status & 0x7f;
        var cpu = TimeSpan.FromMicroseconds(((usage[0] + usage[2]) * 1_000_000) + usage[1] + usage[3]);
        return new WaitResult(signal == 0 ? (status >> 8) & 0xff : 128 + signal, cpu, usage[4] * 1024);
    }

    /// <summary>Whatever this process inherited from the one that started it must not reach a sandbox: .NET opens its own descriptors close-on-exec, others do not.</summary>
    public static void CloseInheritedOnExec()
    {
        foreach (var entry in System.IO.Directory.EnumerateFileSystemEntries("/proc/self/fd"))
        {
            if (int.TryParse(Path.GetFileName(entry), out var fd) && fd > 2 && fcntl(fd, GetFd, 0) == 0)
            {
                _ = fcntl(fd, SetFd, 1);
            }
        }
    }

    /// <summary>Creates a folder that did not exist; false when something of that name is there.</summary>
    public static bool MakeFolder(string path, uint mode) => mkdir(path, mode) == 0;

    /// <summary>rmdir: .NET's own deletes the files first, which a control group does not allow.</summary>
    public static bool RemoveFolder(string path) => rmdir(path) == 0;

    /// <summary>Opens a folder and takes its exclusive lock, which the kernel lets go when this process ends; -1 when it is gone or someone else's.</summary>
    public static int LockFolder(string path)
    {
        var fd = open(path, Directory | CloseOnExec, 0);
        if (fd < 0)
        {
            return -1;
        }

        if (flock(fd, LockExclusiveNoWait) == 0)
        {
            return fd;
        }

        Close(fd);
        return -1;
    }

    /// <summary>Throws with the errno of the failed call.</summary>
    private static void Check(int result, string call)
    {
        if (result < 0)
        {
            throw Error(call, Marshal.GetLastPInvokeError());
        }
    }

    public static Win32Exception Error(string call, int errno) => new(errno, $"{call}: {Marshal.GetPInvokeErrorMessage(errno)}");

    /// <summary>What statx tells of the file behind any links; null when there is none.</summary>
    public static Tools.FileIdentity? Identity(string path)
    {
        // struct statx: 256 bytes; ino 32, size 40, ctime 96 (seconds, nanoseconds), mtime 112, device major 136 and minor 140
        const int currentFolder = -100;
        const uint basicStats = 0x7ff;
        var buffer = stackalloc byte[256];
        return statx(currentFolder, path, 0, basicStats, buffer) < 0
            ? null
            : new Tools.FileIdentity(
                ((ulong)*(uint*)(buffer + 136) << 32) | *(uint*)(buffer + 140), *(ulong*)(buffer + 32), *(long*)(buffer + 40), Nanoseconds(buffer + 112), Nanoseconds(buffer + 96));

        static long Nanoseconds(byte* time) => (*(long*)time * 1_000_000_000) + *(uint*)(time + 8);
    }

    /// <summary>A second descriptor of the same open file, at its beginning, close-on-exec.</summary>
    public static int Again(Microsoft.Win32.SafeHandles.SafeFileHandle file)
    {
        var held = false;
        file.DangerousAddRef(ref held);
        try
        {
            var fd = open($"/proc/self/fd/{(int)file.DangerousGetHandle()}", CloseOnExec, 0);
            Check(fd, "open");
            return High(fd);
        }
        finally
        {
            file.DangerousRelease();
        }
    }

    // Above the numbers that a child gets (0 to 47), so that no duplication overwrites another's source.
    private static int High(int fd)
    {
        if (fd >= 64)
        {
            return fd;
        }

        var high = fcntl(fd, DuplicateCloseOnExec, 64);
        Check(high, "fcntl");
        Close(fd);
        return high;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int socketpair(int family, int type, int protocol, int* pair);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int pipe2(int* pair, int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int memfd_create(string name, uint flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int close(int fd);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint write(int fd, byte* buffer, nint count);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint read(int fd, byte* buffer, nint count);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int poll(PollFd* fds, nuint count, int milliseconds);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fcntl(int fd, int command, long argument);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int kill(int pid, int signal);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int wait4(int pid, int* status, int options, long* usage);

    [LibraryImport("libc", SetLastError = true)]
    private static partial long syscall(long number, long a, long b, long c, long d);

    [LibraryImport("libc")]
    private static partial uint geteuid();

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mkdir(string path, uint mode);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int rmdir(string path);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags, uint mode);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int statx(int folder, string path, int flags, uint mask, byte* into);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int flock(int fd, int operation);
}
