using System.Security.Cryptography;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Sandboxing;

namespace SecFlow.Execution.Tools;

/// <summary>
/// Folders of targets for the tools of one node. The sandbox's user must be able to reach what is bound: it is the engine's own user, or, under root, one without rights.
/// Under root a folder that only root can enter (an uploaded archive in the data folder) is copied once, to a place that nobody can list, and removed with the node. Links are copied as links.
/// </summary>
internal sealed class TargetCopies : IDisposable
{
    private const long MostBytes = 1024L * 1024 * 1024;
    private const int MostFiles = 200_000;
    private const UnixFileMode EnterOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
    private const UnixFileMode Open = EnterOnly | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private readonly Dictionary<string, string> _copies = new(StringComparer.Ordinal);
    private SandboxFolder? _folder;
    private long _bytes;
    private int _files;

    /// <summary>The folder itself, or its copy. Throws SF3021 when it is too large to be copied.</summary>
    public string Readable(string path)
    {
        if (!LinuxCalls.IsRoot || IsOpenToAll(path))
        {
            return path;
        }

        if (_copies.TryGetValue(path, out var known))
        {
            return known;
        }

        _folder ??= SandboxFolder.Create(Path.GetTempPath());
        File.SetUnixFileMode(_folder.Path, EnterOnly);
        var copy = Path.Combine(_folder.Path, RandomNumberGenerator.GetHexString(32, lowercase: true));
        Copy(path, copy);
        return _copies[path] = copy;
    }

    public void Dispose() => _folder?.Dispose();

    // The whole tree: a file that only its owner may read would be missing without a word.
    private static bool IsOpenToAll(string path)
    {
        if (!SandboxFolder.IsReadableByAll(path))
        {
            return false;
        }

        foreach (var entry in new DirectoryInfo(path).EnumerateFileSystemInfos("*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.None, IgnoreInaccessible = false }))
        {
            if (entry.LinkTarget is null && (!entry.UnixFileMode.HasFlag(UnixFileMode.OtherRead) || (entry is DirectoryInfo && !entry.UnixFileMode.HasFlag(UnixFileMode.OtherExecute))))
            {
                return false;
            }
        }

        return true;
    }

    private void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var entry in new DirectoryInfo(from).EnumerateFileSystemInfos())
        {
            var target = Path.Combine(to, entry.Name);
            if (entry.LinkTarget is { } link)
            {
                File.CreateSymbolicLink(target, link);
            }
            else if (entry is DirectoryInfo)
            {
                Copy(entry.FullName, target);
            }
            else if (Plugins.RegularFile.WhatElse(entry.FullName) is null)
            {
                Count(((FileInfo)entry).Length);
                File.Copy(entry.FullName, target);
                File.SetUnixFileMode(target, Open);
            }
        }

        File.SetUnixFileMode(to, Open);
    }

    private void Count(long bytes)
    {
        _bytes += bytes;
        if (_bytes > MostBytes || ++_files > MostFiles)
        {
            const string remedy = "Let everybody read the folder (chmod -R o+rX), or run SecFlow as a user without rights: then nothing is copied.";
            throw new SecFlowException(new Diagnostic(Codes.FolderNotAllowed, $"The folder of the target is readable for root only and larger than what is copied for a sandbox ({MostBytes >> 20} MiB, {MostFiles} files). {remedy}") { Rule = "target.folder", Remedy = remedy });
        }
    }
}
