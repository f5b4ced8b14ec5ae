using System.Collections.Concurrent;
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
    private readonly ConcurrentDictionary<Guid, KnownAddition> _additions = new();
    private TrustPolicy? _current;
    private TrustPolicy? _untold;
    private string? _seen;

    /// <summary>A new revision is in force. Called after the fact and outside of any lock; a handler is quick and does not throw.</summary>
    public Action<TrustPolicy>? Changed { get; set; }

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
        return _verdicts.Verify(package, pluginId, await ForTeamAsync(policy, teamId, ct), team, time.GetUtcNow());
    }

    /// <summary>A policy with what the team asks for on top. SF2007 when the team's addition cannot be used any more: nobody could tell what it refuses.</summary>
    public async Task<TrustPolicy> ForTeamAsync(TrustPolicy policy, Guid teamId, CancellationToken ct)
    {
        if (teamId == Guid.Empty || await store.FindCurrentAsync(teamId, ct) is not { } stored)
        {
            return policy;
        }

        var known = _additions.GetValueOrDefault(teamId);
        if (known is null || known.Revision != policy.Revision || known.Addition?.Revision != stored.Digest)
        {
            var reading = TrustPolicyReader.ReadAddition(Encoding.UTF8.GetBytes(stored.Yaml), dataFolder, policy, inForce: true);
            known = reading.Addition is { } addition
                ? new KnownAddition(policy.Revision, addition)
                : throw new SecFlowException([.. reading.Problems.Select(p => p with { Message = $"The team's addition to the trust policy cannot be used: {p.Message}" })]);
            _additions[teamId] = known;
        }

        return policy.With(known.Addition);
    }

    /// <summary>Puts additions in force for the actor's team. Throws every problem (SF2007, SF2010) and changes nothing when there is one.</summary>
    public async Task<TrustAddition> ReplaceAdditionAsync(Actor actor, string yaml, CancellationToken ct)
    {
        var policy = await CurrentAsync(ct);
        var bytes = Encoding.UTF8.GetBytes(yaml);
        var reading = TrustPolicyReader.ReadAddition(bytes, dataFolder, policy);
        if (reading.Addition is not { } addition)
        {
            await RefuseAsync(actor, actor.TeamId, bytes, reading.Problems, ct);
            throw new SecFlowException(reading.Problems);
        }

        await store.AddAsync(actor, yaml, ct: ct);
        Changed?.Invoke(policy);
        return addition;
    }

    /// <summary>Puts a new policy in force: writes the file and records the revision. Throws every problem (SF2007) and changes nothing when it has one.</summary>
    /// <param name="actor">Who does. A program's own steps never bring a mock's root in.</param>
    /// <param name="yaml">The whole text.</param>
    /// <param name="ct">Cancels before it is in force.</param>
    /// <param name="also">What else is audited in the transaction of the revision.</param>
    public async Task<TrustPolicy> ReplaceAsync(Actor actor, string yaml, CancellationToken ct, AuditEntry? also = null)
    {
        var bytes = Encoding.UTF8.GetBytes(yaml);
        var reading = TrustPolicyReader.Read(bytes, dataFolder);
        var problems = reading.Policy is null ? reading.Problems : await MocksAsync(actor, reading.Policy, ct);
        if (problems.Count > 0)
        {
            await RefuseAsync(actor, Guid.Empty, bytes, problems, ct);
            throw new SecFlowException(problems);
        }

        await _gate.WaitAsync(ct);
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(FilePath)!);
            await File.WriteAllBytesAsync(FilePath + ".new", bytes, ct);
            File.Move(FilePath + ".new", FilePath, overwrite: true);
            await LoadAsync(bytes, null, actor, ct, also);
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

    private async Task LoadAsync(byte[]? bytes, Diagnostic? unread, Actor actor, CancellationToken ct, AuditEntry? also = null)
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
            await store.AddAsync(actor with { TeamId = Guid.Empty }, policy.Yaml, also, ct);
            _untold = _current?.Revision == policy.Revision ? _untold : policy;
            _current = policy;
            return;
        }

        await RefuseAsync(actor, Guid.Empty, bytes, reading.Problems, ct);
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

    /// <summary>Roots of mocks that a step of the program, not a person, would bring in.</summary>
    private async Task<IReadOnlyList<Diagnostic>> MocksAsync(Actor actor, TrustPolicy policy, CancellationToken ct)
    {
        if (actor.Kind != ActorKind.System)
        {
            return [];
        }

        var known = (await CurrentAsync(ct)).Roots.Select(r => r.Digest).ToHashSet(StringComparer.Ordinal);
        return [.. policy.Roots.Where(r => r.MockSign is not null && !known.Contains(r.Digest))
            .Select(r => new Diagnostic(Codes.TrustRootRefused, $"The trust root '{r.Name}' is a mock's: {r.MockSign}. Only a person can bring it in, and it never belongs to the policy that set-up writes.") { Path = $"spec.trustRoots.{r.Name}" })];
    }

    private Task RefuseAsync(Actor actor, Guid teamId, byte[]? bytes, IReadOnlyList<Diagnostic> problems, CancellationToken ct) => audit.AppendAsync(
        new AuditEntry(actor with { TeamId = teamId }, "change.trust-policy", "trust-policy", bytes is null ? "no file" : PluginPackage.DigestOf(bytes), PolicyFile)
        {
            Outcome = AuditOutcome.Denied,
            ReasonCode = problems[0].Code,
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

    private sealed record KnownAddition(string Revision, TrustAddition Addition);
}
