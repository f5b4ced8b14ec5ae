using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;
using SecFlow.Data.Audit;

namespace SecFlow.Execution.Plugins;

/// <summary>
/// Finds packages that are put into <c>plugins/ID/VERSION</c> while the engine runs.
/// 1. Names, sizes and times are compared often and cheaply; only when they differ are packages read. They decide when to look, never what is trusted: what runs is hashed and verified right before.
/// 2. A folder that still changes is looked at when it has been quiet for one turn, so that a copy in progress is not taken for a broken package.
/// </summary>
public sealed partial class PluginWatch(string dataFolder, PluginRegistry registry, ILogger<PluginWatch> logger)
{
    private static readonly TimeSpan _every = TimeSpan.FromSeconds(2);

    private string? _known;
    private string? _before;

    /// <summary>What is there now is known: called right before it is discovered.</summary>
    public void Remember() => _known = _before = Outline();

    /// <summary>Looks until it is stopped; a failure is logged and the next turn tries again.</summary>
    public async Task WatchForeverAsync(CancellationToken ct)
    {
        using var timer = new PeriodicTimer(_every);
        try
        {
            while (await timer.WaitForNextTickAsync(ct))
            {
                await TurnAsync(ct);
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // stopped
        }
    }

    /// <summary>One look; true when packages were read.</summary>
    internal async Task<bool> TurnAsync(CancellationToken ct)
    {
        try
        {
            var now = Outline();
            var (quiet, different) = (now == _before, now != _known);
            _before = now;
            if (!quiet || !different)
            {
                return false;
            }

            await registry.DiscoverAsync(Actor.System(), ct);
            _known = now;
            return true;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            LookFailed(logger, e);
            return false;
        }
    }

    /// <summary>Digest of what the plugin folders look like from outside.</summary>
    private string Outline()
    {
        var root = new DirectoryInfo(Path.Combine(dataFolder, "plugins"));
        var text = new StringBuilder();
        if (root.Exists)
        {
            foreach (var entry in root.EnumerateFileSystemInfos("*", new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 4, AttributesToSkip = FileAttributes.ReparsePoint }).OrderBy(e => e.FullName, StringComparer.Ordinal))
            {
                text.Append(entry.FullName).Append('\0').Append(entry.LastWriteTimeUtc.Ticks).Append('\0').Append(entry is FileInfo file ? file.Length : -1).Append('\n');
            }
        }

        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The plugin folders could not be looked at; tried again in a moment")]
    private static partial void LookFailed(ILogger logger, Exception error);
}
