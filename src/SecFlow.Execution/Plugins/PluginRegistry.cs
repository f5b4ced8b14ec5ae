using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using SecFlow.Data;
using SecFlow.Data.Audit;
using SecFlow.Data.Plugins;
using SecFlow.Data.Teams;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Policies;
using SecFlow.Execution.Teams;
using SecFlow.Execution.Trust;

namespace SecFlow.Execution.Plugins;

/// <summary>An installed plugin version with its parsed manifest and config schema.</summary>
public sealed record InstalledPlugin(PluginVersion Row, PluginManifest Manifest, string ConfigSchema)
{
    /// <summary>The pin of its id, in lists; null when there is none.</summary>
    public PluginPin? Pin { get; init; }
}

/// <summary>
/// The plugins that this installation knows, and their life (contracts 1). Folders <c>plugins/ID/VERSION</c> of the data folder are watched by looking: at start,
/// on <see cref="DiscoverAsync"/>, and when a look-up misses. Adding one takes no C# line and no restart.
/// 1. What is discovered is listed with its trust state, also when it is unsigned or tampered; it runs only after approval, and never when trust refuses it.
/// 2. A version is its package digest: other bytes are another version.
/// 3. Life moves only along <see cref="PluginLife"/>; approval and enabling ask Trust again (<c>PluginRegistry.Life.cs</c>).
/// 4. From outside packages come in by <c>PluginRegistry.Submit.cs</c>; which of several versions runs is <c>PluginRegistry.Versions.cs</c>.
/// </summary>
public sealed partial class PluginRegistry(string dataFolder, PluginStore store, TeamStore teams, TrustPolicyService policies, PolicyEvaluator evaluator, Access access, AuditLog audit, TimeProvider time) : IDisposable
{
    private const int MostReason = 500;

    private static readonly TimeSpan _betweenMisses = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly ConcurrentDictionary<string, string> _refused = new(StringComparer.Ordinal);
    private DateTimeOffset _lastMiss;

    private string PluginsFolder => Path.Combine(dataFolder, "plugins");

    /// <summary>Looks at the plugin folders: new ones become Discovered, changed ones are verified again, vanished ones Disabled.</summary>
    public async Task<IReadOnlyList<PluginVersion>> DiscoverAsync(Actor actor, CancellationToken ct)
    {
        await _gate.WaitAsync(ct);
        try
        {
            var known = await store.ListAsync(Guid.Empty, ct);
            var seen = new HashSet<Guid>();
            foreach (var folder in Folders())
            {
                if (await LookAsync(actor, folder, known, ct) is { } row)
                {
                    seen.Add(row.Id);
                }
            }

            foreach (var gone in known.Where(row => !seen.Contains(row.Id) && row.State == PluginState.Enabled && !Directory.Exists(FolderOf(row))))
            {
                await MoveAsync(actor, gone, PluginState.Disabled, "its folder is no longer there", ct);
            }

            return await store.ListAsync(Guid.Empty, ct);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>The newest enabled version for an id or alias and an optional range (<c>scan.nuclei@^1.2</c>); null when there is none.</summary>
    public async Task<InstalledPlugin?> FindAsync(string idOrAlias, CancellationToken ct)
    {
        var at = idOrAlias.IndexOf('@', StringComparison.Ordinal);
        var name = at < 0 ? idOrAlias : idOrAlias[..at];
        var range = at < 0 ? null : VersionRange.TryParse(idOrAlias[(at + 1)..]);
        if (!ManifestReader.IdPattern().IsMatch(name) || (at >= 0 && range is null))
        {
            return null;
        }

        if (await NewestAsync(name, range, ct) is { } found)
        {
            return found;
        }

        var now = time.GetUtcNow();
        if (now - _lastMiss < _betweenMisses)
        {
            return null;
        }

        _lastMiss = now;
        await DiscoverAsync(Actor.System(), ct);
        return await NewestAsync(name, range, ct);
    }

    /// <summary>The version with this package digest, whatever its state; null when the team can see none.</summary>
    public async Task<InstalledPlugin?> FindByDigestAsync(Guid teamId, string digest, CancellationToken ct) =>
        await store.FindByDigestAsync(teamId, digest, ct) is { } row ? Installed(row) : null;

    /// <summary>Every version that is known, also those that may not run, with the pin of its id.</summary>
    public async Task<IReadOnlyList<InstalledPlugin>> ListAsync(CancellationToken ct)
    {
        var pins = (await store.ListPinsAsync(ct)).ToDictionary(pin => pin.PluginId, StringComparer.Ordinal);
        return [.. (await store.ListAsync(Guid.Empty, ct)).Select(row => Installed(row) with { Pin = pins.GetValueOrDefault(row.PluginId) })];
    }

    /// <summary>Unpacks a package (.zip or folder) into the plugin folder and discovers it. Role Admin. A version that somebody has decided for keeps its bytes (SF1503).</summary>
    public async Task<PluginVersion> InstallAsync(Actor actor, string packagePath, CancellationToken ct)
    {
        await access.RequireAsync(actor, Permission.ManagePlugins, null, "plugin/new", ct);
        var package = PluginPackage.Read(packagePath);
        await RequireSameBytesAsync(package, ct);
        return await InstallAsync(actor, package, ct);
    }

    /// <summary>Folder of a version's package.</summary>
    internal string FolderOf(PluginVersion row) => Path.Combine(dataFolder, row.Folder.Replace('/', Path.DirectorySeparatorChar));

    /// <summary>The package of a version, when its folder still holds the bytes that the version is; else null and why.</summary>
    internal PluginPackage? TryRead(PluginVersion row, out string? problem)
    {
        try
        {
            var package = PluginPackage.ReadFolder(FolderOf(row));
            problem = IdentityOf(package) != row.Digest || (package.Digest is not null && Checksums.Compare(package).Count > 0) ? "its files are not those that were looked at" : null;
            return problem is null ? package : null;
        }
        catch (SecFlowException e)
        {
            problem = e.Diagnostics[0].Message;
            return null;
        }
    }

    /// <summary>Writes the bytes into the plugin folder and discovers them.</summary>
    internal async Task<PluginVersion> InstallAsync(Actor actor, PluginPackage package, CancellationToken ct)
    {
        var manifest = package.ReadManifest();
        CheckEntry(package);
        var folder = Path.Combine(PluginsFolder, manifest.Id, manifest.Version);
        PackageWriter.WriteFolder(package, folder);
        await DiscoverAsync(actor, ct);
        var digest = IdentityOf(package);
        return await store.FindByDigestAsync(Guid.Empty, digest, ct)
            ?? throw new SecFlowException(Codes.StorageFailed, $"The plugin '{manifest.Id}' was written but is not there any more. Install it again.");
    }

    public void Dispose() => _gate.Dispose();

    private static void CheckEntry(PluginPackage package)
    {
        package.Required(PluginPackage.EntryFile);
        package.Required(PluginPackage.ConfigSchemaFile);
    }

    /// <summary>The package digest, or for a package without SHA256SUMS the digest that it would have.</summary>
    private static string IdentityOf(PluginPackage package) => package.Digest ?? PluginPackage.DigestOf(Checksums.Write(package.Files));

    private IEnumerable<string> Folders() => !Directory.Exists(PluginsFolder)
        ? []
        : Directory.EnumerateDirectories(PluginsFolder).Order(StringComparer.Ordinal)
            .SelectMany(id => Directory.EnumerateDirectories(id).Order(StringComparer.Ordinal))
            .Where(folder => !Path.GetFileName(folder).Contains(".new-", StringComparison.Ordinal));

    private async Task<PluginVersion?> LookAsync(Actor actor, string folder, IReadOnlyList<PluginVersion> known, CancellationToken ct)
    {
        var relative = Path.GetRelativePath(dataFolder, folder).Replace(Path.DirectorySeparatorChar, '/');
        try
        {
            var package = PluginPackage.ReadFolder(folder);
            var manifest = package.ReadManifest();
            CheckEntry(package);
            var verdict = await policies.VerifyAsync(package, manifest.Id, Guid.Empty, ct);
            Count(verdict, "discovery");
            var digest = IdentityOf(package);
            var row = known.FirstOrDefault(k => k.Digest == digest) ?? await AddAsync(actor, package, manifest, relative, digest, verdict, ct);
            return await RecordAsync(actor, row, verdict, ct);
        }
        catch (SecFlowException e)
        {
            return await RefuseAsync(actor, relative, e, known, ct);
        }
    }

    private async Task<PluginVersion> AddAsync(
        Actor actor, PluginPackage package, PluginManifest manifest, string relative, string digest, TrustVerdict verdict, CancellationToken ct)
    {
        var row = RowOf(package, manifest, relative, digest, verdict);
        try
        {
            return await store.AddAsync(actor with { TeamId = Guid.Empty }, row, ct);
        }
        catch (ConflictException)
        {
            // another instance discovered it in the same moment
            return (await store.FindByDigestAsync(Guid.Empty, digest, ct))!;
        }
    }

    private async Task<PluginVersion> RecordAsync(Actor actor, PluginVersion row, TrustVerdict verdict, CancellationToken ct)
    {
        var same = row.TrustState == verdict.State.ToString() && row.Signer == verdict.Signer && row.TrustRule == verdict.Rule && row.VerifiedAt is not null;
        return same
            ? row
            : await store.RecordVerificationAsync(actor, row.Id, new PluginVerification(verdict.State.ToString(), verdict.Signer, verdict.Rule), ct) ?? row;
    }

    /// <summary>A folder that is not a package any more: its version is Tampered. One that never was: audited, once per reason and process.</summary>
    private async Task<PluginVersion?> RefuseAsync(Actor actor, string relative, SecFlowException e, IReadOnlyList<PluginVersion> known, CancellationToken ct)
    {
        var row = known.FirstOrDefault(k => k.Folder == relative);
        if (row is not null)
        {
            return row.TrustState == nameof(TrustState.Tampered)
                ? row
                : await store.RecordVerificationAsync(actor, row.Id, new PluginVerification(nameof(TrustState.Tampered), null, null), ct);
        }

        if (_refused.TryAdd(relative, e.Message) || (_refused.TryGetValue(relative, out var before) && before != e.Message))
        {
            _refused[relative] = e.Message;
            await audit.AppendAsync(
                new AuditEntry(actor with { TeamId = Guid.Empty }, "discover.plugin", "plugin", relative, relative)
                {
                    Outcome = AuditOutcome.Denied,
                    ReasonCode = e.Code,
                    Details = new JsonObject { ["problem"] = Short(e.Message) },
                },
                ct);
        }

        return null;
    }

    private async Task<InstalledPlugin?> NewestAsync(string name, VersionRange? range, CancellationToken ct)
    {
        var rows = await store.FindEnabledAsync(Guid.Empty, name, ct);
        return rows.Select(row => (Row: row, Version: SemanticVersion.TryParse(row.Version)))
            .Where(r => r.Version is not null && (range is null || range.Includes(r.Version)))
            .OrderByDescending(r => r.Row.PluginId == name)
            .ThenByDescending(r => r.Version!, SemanticVersion.Order)
            .ThenByDescending(r => r.Row.DiscoveredAt)
            .Select(r => Installed(r.Row))
            .FirstOrDefault();
    }

    private static InstalledPlugin Installed(PluginVersion row)
    {
        var stored = JsonSerializer.Deserialize<StoredManifest>(row.Manifest)!;
        return new InstalledPlugin(row, stored.Manifest, stored.ConfigSchema);
    }

    /// <summary>What is kept of a package in its row: the page and the recipe check need no file.</summary>
    private sealed record StoredManifest(PluginManifest Manifest, string ConfigSchema);
}
