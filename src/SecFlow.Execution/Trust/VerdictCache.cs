using System.Collections.Concurrent;
using SecFlow.Execution.Plugins;

namespace SecFlow.Execution.Trust;

/// <summary>
/// Stands in front of the verifier, so that a signature is checked once.
/// 1. The bytes are hashed at every question. An entry belongs to one digest of all bytes (signatures included), one policy revision with the team's addition, and the digests of the
///    policy's roots; never to a path or a time.
/// 2. What depends on the time (periods of keys, exceptions, audit mode, revocations) is not kept: rules are asked anew, with what the signatures prove.
/// 3. Bounded: at most <see cref="MostEntries"/>, then it starts anew.
/// </summary>
public sealed class VerdictCache
{
    private const int MostEntries = 256;

    private readonly ConcurrentDictionary<string, EvidenceMemo> _known = new(StringComparer.Ordinal);
    private int _misses;

    /// <summary>Questions whose signatures had to be checked.</summary>
    public int Misses => _misses;

    /// <summary>As <see cref="PluginVerifier.Verify(PluginPackage, string, TrustPolicy, string?, DateTimeOffset)"/>.</summary>
    public TrustVerdict Verify(PluginPackage package, string pluginId, TrustPolicy policy, string? team, DateTimeOffset now)
    {
        var key = string.Join('|', [PackageEvidence.ContentDigest(package), policy.Revision, policy.Addition?.Revision ?? "", .. policy.Roots.Select(r => r.Digest)]);
        if (!_known.TryGetValue(key, out var memo))
        {
            Interlocked.Increment(ref _misses);
            if (_known.Count >= MostEntries)
            {
                _known.Clear();
            }

            memo = _known.GetOrAdd(key, _ => new EvidenceMemo());
        }

        return PluginVerifier.Verify(new PackageEvidence(package, memo), pluginId, policy, team, now);
    }
}
