using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace SecFlow.Execution.Sandboxing;

/// <summary>
/// Starts a program with exactly these arguments, this environment and these descriptors.
/// 1. Only from one thread that never ends: a sandboxed process dies with the *thread* that created it (parent death signal).
/// 2. No shell and no inherited descriptor: posix_spawn with a list of (ours -> number in the child).
/// 3. Every signal has its default action in the child (.NET ignores SIGPIPE) and none is blocked.
/// </summary>
internal static unsafe partial class Spawn
{
    // Generous room for opaque types: 336 and 80 bytes in glibc.
    private const int OpaqueBytes = 1024;
    private const short SetSignalDefaults = 0x04;
    private const short SetSignalMask = 0x08;
    private const short SetSession = 0x80;
    private const int SignalSetBytes = 128;

    private static readonly BlockingCollection<Action> Work = [];

    static Spawn() => new Thread(Run, 512 * 1024) { IsBackground = true, Name = "secflow sandbox starter" }.Start();

    /// <summary>Runs the work on the thread that starts processes.</summary>
    public static Task<T> OnThread<T>(Func<T> work)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        Work.Add(() =>
        {
            try
            {
                done.SetResult(work());
            }
            catch (Exception e)
            {
                done.SetException(e);
            }
        });
        return done.Task;
    }

    /// <summary>Process id of the new process. Call on <see cref="OnThread"/>.</summary>
    public static int Start(string program, IReadOnlyList<string> arguments, IReadOnlyList<string> environment, IReadOnlyList<(int From, int To)> descriptors)
    {
        var actions = stackalloc byte[OpaqueBytes];
        var attributes = stackalloc byte[OpaqueBytes];
        var signals = stackalloc byte[SignalSetBytes];
        Check(posix_spawn_file_actions_init(actions), "posix_spawn_file_actions_init");
        Check(posix_spawnattr_init(attributes), "posix_spawnattr_init");
        nint[] argv = [], envp = [];
        try
        {
            foreach (var (from, to) in descriptors)
            {
                Check(posix_spawn_file_actions_adddup2(actions, from, to), "posix_spawn_file_actions_adddup2");
            }

            Check(posix_spawn_file_actions_addchdir_np(actions, "/"), "posix_spawn_file_actions_addchdir_np");
            new Span<byte>(signals, SignalSetBytes).Clear();
            Check(posix_spawnattr_setsigmask(attributes, signals), "posix_spawnattr_setsigmask");
            new Span<byte>(signals, SignalSetBytes).Fill(0xff);
            Check(posix_spawnattr_setsigdefault(attributes, signals), "posix_spawnattr_setsigdefault");
            Check(posix_spawnattr_setflags(attributes, SetSignalDefaults | SetSignalMask | SetSession), "posix_spawnattr_setflags");
            argv = Strings([program, .. arguments]);
            envp = Strings(environment);
            int pid;
            fixed (nint* a = argv)
            fixed (nint* e = envp)
            {
                Check(posix_spawn(&pid, program, actions, attributes, a, e), program);
            }

            return pid;
        }
        finally
        {
            foreach (var text in argv.Concat(envp))
            {
                Marshal.FreeCoTaskMem(text);
            }

            _ = posix_spawn_file_actions_destroy(actions);
            _ = posix_spawnattr_destroy(attributes);
        }
    }

    private static void Run()
    {
        LinuxCalls.CloseInheritedOnExec();
        foreach (var work in Work.GetConsumingEnumerable())
        {
            work();
        }
    }

    private static nint[] Strings(IReadOnlyList<string> texts)
    {
        foreach (var text in texts)
        {
            if (text.Contains('\0', StringComparison.Ordinal))
            {
                throw new ArgumentException("An argument or variable of a process holds a NUL character.", nameof(texts));
            }
        }

        return [.. texts.Select(Marshal.StringToCoTaskMemUTF8), 0];
    }

    private static void Check(int errno, string call)
    {
        if (errno != 0)
        {
            throw LinuxCalls.Error(call, errno);
        }
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int posix_spawn(int* pid, string path, byte* actions, byte* attributes, nint* argv, nint* envp);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_init(byte* actions);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_destroy(byte* actions);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_adddup2(byte* actions, int from, int to);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int posix_spawn_file_actions_addchdir_np(byte* actions, string path);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_init(byte* attributes);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_destroy(byte* attributes);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_setflags(byte* attributes, short flags);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_setsigmask(byte* attributes, byte* signals);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_setsigdefault(byte* attributes, byte* signals);
}
