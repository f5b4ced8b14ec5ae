using SecFlow.Execution.Sandboxing;

namespace SecFlow.Execution.Tools;

/// <summary>Which file this is and since when it is as it is. The change time cannot be set without the system's clock: an equal identity means the same bytes.</summary>
internal readonly record struct FileIdentity(ulong Device, ulong Inode, long Size, long ModifiedNanoseconds, long ChangedNanoseconds)
{
    /// <summary>Of the file behind any links. Throws <see cref="FileNotFoundException"/>.</summary>
    public static FileIdentity Of(string path) => LinuxCalls.Identity(path) ?? throw new FileNotFoundException($"{path} is not there any more.", path);
}
