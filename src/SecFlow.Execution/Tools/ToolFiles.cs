using System.Collections.Concurrent;
using System.Security.Cryptography;
using SecFlow.Execution.Diagnostics;

namespace SecFlow.Execution.Tools;

/// <summary>
/// The files of tools.
/// 1. A tool is looked for in the system's program folders only, never in a PATH that somebody could have set.
/// 2. It is a regular file that can be executed and that nobody but its owner can write.
/// 3. It is hashed once, and again whenever its inode, size, modification or change time differ.
/// </summary>
internal sealed class ToolFiles
{
    public static readonly IReadOnlyList<string> Folders = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

    private readonly ConcurrentDictionary<string, (FileIdentity Identity, string Digest)> _digests = new(StringComparer.Ordinal);

    public static string? Find(string name) => Folders.Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);

    /// <summary>The program with its digest. Throws SF5004 when the file is not fit.</summary>
    public async Task<ToolProgram> OpenAsync(string name, string path, CancellationToken ct)
    {
        RequireFit(path);
        var identity = FileIdentity.Of(path);
        if (!_digests.TryGetValue(path, out var known) || known.Identity != identity)
        {
            await using var file = new FileStream(path, new FileStreamOptions { Options = FileOptions.Asynchronous | FileOptions.SequentialScan });
            known = (identity, "sha256:" + Convert.ToHexStringLower(await SHA256.HashDataAsync(file, ct)));
            if (FileIdentity.Of(path) != identity)
            {
                throw new SecFlowException(Codes.ToolChanged, $"{path} was changed while it was being read. Run the node again when its installation has ended.");
            }

            _digests[path] = known;
        }

        return new ToolProgram(name, path, "", known.Digest) { Identity = identity };
    }

    private static void RequireFit(string path)
    {
        var mode = File.GetUnixFileMode(path);
        if ((mode & (UnixFileMode.GroupWrite | UnixFileMode.OtherWrite)) != UnixFileMode.None)
        {
            throw Unfit(path, "others than its owner can write to it", $"chmod go-w {path}");
        }

        if ((mode & UnixFileMode.OtherExecute) == UnixFileMode.None || (mode & UnixFileMode.OtherRead) == UnixFileMode.None)
        {
            throw Unfit(path, "the sandbox's user cannot read and execute it", $"chmod o+rx {path}");
        }
    }

    private static SecFlowException Unfit(string path, string what, string remedy) =>
        new(new Diagnostic(Codes.ToolUnusable, $"{path} is not fit to be run: {what}. Correct it: {remedy}") { Remedy = remedy });
}
