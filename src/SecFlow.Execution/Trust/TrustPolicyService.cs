using System.Text;
using System.Text.Json.Nodes;
using SecFlow.Data.Audit;
using SecFlow.Data.Teams;
using SecFlow.Data.Trust;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;

namespace SecFlow.Execution.Trust;

/// <summary>
/// The trust policy in force.
/// 1. Its file is <c>trust/policy.yaml</c> of the data folder; a changed file is read at the next question and recorded as a revision, audited.
/// 2. An erroneous file is refused with all problems, audited once, and the revision before stays in force. So is a file that was removed or cannot be read:
///    trust is withdrawn by a policy that says so, never by a file that is gone.
/// 3. No file and no revision: a policy without rules, which trusts nobody.
/// 4. When the revision before cannot be used either (its key files are gone), nobody is trusted, and <see cref="Problems"/> says so.
/// </summary>
public sealed class TrustPolicyService(string dataFolder, TrustPolicyStore store, TeamStore teams, AuditLog audit, TimeProvider time) : IDisposable
{
    public const string PolicyFile = "trust/policy.yaml";

    private static readonly byte[] _empty = Encoding.UTF8.GetBytes("apiVersion: secflow/v1\nkind: PluginTrustPolicy\nspec:\n  noMatch: deny\n");

    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly VerdictCache _verdicts = new();
    private TrustPolicy? _current;
    private TrustPolicy? _untold;
    private string? _seen;

    /// <summary>A new revision is in force. Raised after the fact and outside of any lock; a handler is quick and does not throw.</summary>
    public event Action<TrustPolicy>? Changed;

    /// <summary>Problems of the newest file, when it was refused; empty otherwise.</summary>
    public IReadOnlyList<Diagnostic> Problems { get; private set; } = [];

    private string FilePath => Path.Combine(dataFolder, "trust", "policy.yaml");

    /// <summary>The policy in force.</summary>
    public async Task<TrustPolicy> CurrentAsync(CancellationToken ct)
    {
        await _gate.WaitAsync(ct);
        try
        {
            var (bytes, problem) = ReadFile();
            var seen = bytes is null ? problem!.Message : PluginPackage.DigestOf(bytes);
            if (_current is null || seen != _seen)
            {
                await LoadAsync(bytes, problem, Actor.System(), ct);
                _seen = seen;
            }

            return _current!;
        }
        finally
        {
            _gate.Release();
            Tell();
        }
    }

    /// <summary>What the policy in force says about these bytes, now. Every path to a plugin asks here.</summary>
    /// <param name="package">The bytes that would run.</param>
    /// <param name="pluginId">Id from their manifest.</param>
    /// <param name="teamId">For which team; <see cref="Guid.Empty"/> = for any.</param>
    /// <param name="ct">Cancels.</param>
    public async Task<TrustVerdict> VerifyAsync(PluginPackage package, string pluginId, Guid teamId, CancellationToken ct)
    {
        var policy = await CurrentAsync(ct);
        var team = teamId == Guid.Empty ? null : (await teams.FindAsync(teamId, ct))?.Slug;
        return _verdicts.Verify(package, pluginId, policy, team, time.GetUtcNow());
    }

    /// <summary>Puts a new policy in force: writes the file and records the revision. Throws every problem (SF2007) and changes nothing when it has one.</summary>
    public async Task<TrustPolicy> ReplaceAsync(Actor actor, string yaml, CancellationToken ct)
    {
        var bytes = Encoding.UTF8.GetBytes(yaml);
        var reading = TrustPolicyReader.Read(bytes, dataFolder);
        if (reading.Policy is null)
        {
            await RefuseAsync(actor, bytes, reading.Problems, ct);
            throw new SecFlowException(reading.Problems);
        }

        await _gate.WaitAsync(ct);
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(FilePath)!);
            await File.WriteAllBytesAsync(FilePath + ".new", bytes, ct);
            File.Move(FilePath + ".new", FilePath, overwrite: true);
            await LoadAsync(bytes, null, actor, ct);
            _seen = PluginPackage.DigestOf(bytes);
            return _current!;
        }
        finally
        {
            _gate.Release();
            Tell();
        }
    }

    public void Dispose() => _gate.Dispose();

    private async Task LoadAsync(byte[]? bytes, Diagnostic? unread, Actor actor, CancellationToken ct)
    {
        var stored = bytes is null ? await store.FindCurrentAsync(Guid.Empty, ct) : null;
        if (bytes is null && (stored is null || stored.Yaml == Encoding.UTF8.GetString(_empty)))
        {
            // there never was one
            (bytes, unread) = (_empty, null);
        }

        var reading = unread is null ? TrustPolicyReader.Read(bytes!, dataFolder) : new TrustPolicyReading(null, [unread]);
        Problems = reading.Problems;
        if (reading.Policy is { } policy)
        {
            await store.AddAsync(actor with { TeamId = Guid.Empty }, policy.Yaml, ct);
            _untold = _current?.Revision == policy.Revision ? _untold : policy;
            _current = policy;
            return;
        }

        await RefuseAsync(actor, bytes, reading.Problems, ct);
        if (_current is null && await store.FindCurrentAsync(Guid.Empty, ct) is { } before)
        {
            var again = TrustPolicyReader.Read(Encoding.UTF8.GetBytes(before.Yaml), dataFolder);
            _current = again.Policy;
            if (again.Policy is null)
            {
                Problems = [.. Problems, new Diagnostic(Codes.TrustPolicyInvalid, $"Revision {before.Number}, which was in force, cannot be used either, so that no plugin is trusted: {again.Problems[0].Message}"), .. again.Problems];
            }
        }

        _current ??= TrustPolicyReader.Read(_empty, dataFolder).Policy;
    }

    private void Tell()
    {
        if (Interlocked.Exchange(ref _untold, null) is { } policy)
        {
            Changed?.Invoke(policy);
        }
    }

    private Task RefuseAsync(Actor actor, byte[]? bytes, IReadOnlyList<Diagnostic> problems, CancellationToken ct) => audit.AppendAsync(
        new AuditEntry(actor with { TeamId = Guid.Empty }, "change.trust-policy", "trust-policy", bytes is null ? "no file" : PluginPackage.DigestOf(bytes), PolicyFile)
        {
            Outcome = AuditOutcome.Denied,
            ReasonCode = Codes.TrustPolicyInvalid,
            Details = new JsonObject { ["problems"] = new JsonArray([.. problems.Take(20).Select(p => (JsonNode)p.ToString())]) },
        },
        ct);

    private (byte[]? Bytes, Diagnostic? Problem) ReadFile()
    {
        try
        {
            // one byte more than the reader allows, so that it can say that the file is too large
            using var file = File.OpenRead(FilePath);
            var bytes = new byte[Math.Min(file.Length, 1024 * 1024)];
            file.ReadExactly(bytes);
            return (bytes, null);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return (null, new Diagnostic(Codes.TrustPolicyInvalid, $"The trust policy {PolicyFile} was removed. The revision before stays in force; put the file back, or write a policy without rules to trust nobody."));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return (null, new Diagnostic(Codes.TrustPolicyInvalid, $"The trust policy {PolicyFile} cannot be read ({e.GetType().Name}). The revision before stays in force; make it a file that SecFlow may read."));
        }
    }
}
