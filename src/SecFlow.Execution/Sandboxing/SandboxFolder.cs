using System.Security.Cryptography;

namespace SecFlow.Execution.Sandboxing;

/// <summary>
/// A folder of this process for programs that sandboxes must be able to read although they lie in a place that only root can enter (a checkout under root's home).
/// 1. Made only when it is needed; owned by us, mode 0755, never written to by a sandbox.
/// 2. Its lock is held as long as this process lives. A folder whose lock is free belongs to a dead process: the next start removes it.
/// 3. The same lock keeps the system's cleaner of temporary files out.
/// </summary>
internal sealed class SandboxFolder : IDisposable
{
    private const string Prefix = "secflow-sandbox-";
    private readonly int _lock;

    private SandboxFolder(string path, int folderLock)
    {
        Path = path;
        _lock = folderLock;
    }

    public string Path { get; }

    public static SandboxFolder Create(string parent)
    {
        while (true)
        {
            var path = System.IO.Path.Combine(parent, Prefix + RandomNumberGenerator.GetHexString(16, lowercase: true));
            if (!LinuxCalls.MakeFolder(path, 0x1ED))
            {
                throw new IOException($"The folder {path} could not be made; free some space or set TMPDIR to a folder that can be written.");
            }

            var folderLock = LinuxCalls.LockFolder(path);
            if (folderLock >= 0 && Directory.Exists(path))
            {
                File.SetUnixFileMode(path, ReadAndEnter | UnixFileMode.UserWrite);
                return new SandboxFolder(path, folderLock);
            }

            LinuxCalls.Close(folderLock);
        }
    }

    /// <summary>Removes the folders of processes that are dead. Returns how many.</summary>
    public static int Sweep(string parent)
    {
        var removed = 0;
        foreach (var path in Directory.EnumerateDirectories(parent, Prefix + "*"))
        {
            var folderLock = LinuxCalls.LockFolder(path);
            if (folderLock < 0)
            {
                continue;
            }

            try
            {
                Directory.Delete(path, recursive: true);
                removed++;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Another user's folder in a shared temporary folder: theirs to remove.
            }
            finally
            {
                LinuxCalls.Close(folderLock);
            }
        }

        return removed;
    }

    /// <summary>Copies a file or a folder under <paramref name="name"/>, readable for everyone, and returns the new path. A second call for the same name returns the first copy.</summary>
    public string Stage(string source, string name)
    {
        var target = System.IO.Path.Combine(Path, name);
        if (File.Exists(target) || Directory.Exists(target))
        {
            return target;
        }

        if (File.Exists(source))
        {
            CopyFile(source, target);
            return target;
        }

        var half = target + ".half";
        CopyFolder(source, half);
        Directory.Move(half, target);
        return target;
    }

    /// <summary>Whether any user may read this file, or this folder and what lies directly in it, and may reach it through every folder above.</summary>
    public static bool IsReadableByAll(string path)
    {
        var full = System.IO.Path.GetFullPath(path);
        for (var parent = System.IO.Path.GetDirectoryName(full); parent is not null; parent = System.IO.Path.GetDirectoryName(parent))
        {
            if (!File.GetUnixFileMode(parent).HasFlag(UnixFileMode.OtherExecute))
            {
                return false;
            }
        }

        if (!Directory.Exists(full))
        {
            return File.GetUnixFileMode(full).HasFlag(UnixFileMode.OtherRead);
        }

        return File.GetUnixFileMode(full).HasFlag(UnixFileMode.OtherRead | UnixFileMode.OtherExecute)
            && Directory.EnumerateFiles(full).All(file => File.GetUnixFileMode(file).HasFlag(UnixFileMode.OtherRead));
    }

    public void Dispose()
    {
        Directory.Delete(Path, recursive: true);
        LinuxCalls.Close(_lock);
    }

    private static UnixFileMode ReadAndEnter =>
        UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    private static void CopyFolder(string source, string target)
    {
        Directory.CreateDirectory(target);
        File.SetUnixFileMode(target, ReadAndEnter | UnixFileMode.UserWrite);
        foreach (var file in Directory.EnumerateFiles(source))
        {
            CopyFile(file, System.IO.Path.Combine(target, System.IO.Path.GetFileName(file)));
        }

        foreach (var folder in Directory.EnumerateDirectories(source))
        {
            CopyFolder(folder, System.IO.Path.Combine(target, System.IO.Path.GetFileName(folder)));
        }
    }

    private static void CopyFile(string source, string target)
    {
        File.Copy(source, target);
        File.SetUnixFileMode(target, ReadAndEnter | UnixFileMode.UserWrite);
    }
}
