using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using SecFlow.Data.Audit;
using SecFlow.Data.Plugins;
using SecFlow.Data.Runs;
using SecFlow.Data.Teams;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Metrics;
using SecFlow.Execution.Plans;
using SecFlow.Execution.Policies;
using SecFlow.Execution.Resources;
using SecFlow.Execution.Sandboxing;
using SecFlow.Execution.Targets;
using SecFlow.Execution.Tools;
using SecFlow.Execution.Trust;
using SecFlow.PluginProtocol;

namespace SecFlow.Execution.Plugins;

/// <summary>
/// The only way to a running plugin.
/// 1. The package is read once; these bytes are hashed, compared with the pinned digest, verified by Trust, and handed to the session from memory.
/// 2. Order: pinned digest, signature and trust policy, then life, sandbox level, authorisation and intrusiveness (<see cref="PolicyEvaluator"/>).
///    Every decision is audited and counted; a refusal is audited before it is thrown.
/// 3. A session may serve several works: trust and policy are asked again before each that does not follow the verification at once, about the same bytes in memory.
/// 4. While a work runs, a new revision of the trust policy and a revoked or quarantined version end it within 2 s (<see cref="SessionWatch"/>), audited.
/// 5. Throws SF2xxx (trust), SF3xxx (policy), SF4030/4031 (sandbox), SF7003 (host).
/// </summary>
public sealed class PluginRunner(
    PluginRegistry registry, PluginStore plugins, TrustPolicyService policies, PolicyEvaluator evaluator, HostPool pool, TargetHttp http, TargetTls tls, ResourceService resources, ToolCatalogue tools, ToolRunner runner,
    SecretReader secrets, AuditLog audit, TimeProvider time)
{
    private static readonly TimeSpan _stillVerified = TimeSpan.FromSeconds(1);

    private readonly HostProcess _hosts = pool.Hosts;

    /// <summary>The version with this digest as the registry knows it; null = none that the team can see. Nothing is verified.</summary>
    public Task<InstalledPlugin?> FindAsync(Guid teamId, string digest, CancellationToken ct) => registry.FindByDigestAsync(teamId, digest, ct);

    /// <summary>Verifies and opens. The caller disposes of the session at the end of the run.</summary>
    public Task<PluginSession> OpenAsync(PluginRequest request, CancellationToken ct) => JudgeAsync(request, judged => OpenAsync(request, judged, ct), ct);

    /// <summary>The same questions without a session: for what the plugin said earlier and is used again. Where it would not be opened, that is not believed either. Throws what <see cref="OpenAsync(PluginRequest, CancellationToken)"/> throws.</summary>
    public Task<PluginProvenance> VerifyAsync(PluginRequest request, CancellationToken ct) => JudgeAsync(
        request,
        async judged =>
        {
            await AuditAsync(request, judged.Row, judged.Verdict, null, CancellationToken.None, judged.Provenance);
            return judged.Provenance;
        },
        ct);

    private sealed record Judged(PluginVersion Row, PluginPackage Package, PluginManifest Manifest, TrustVerdict Verdict, PluginProvenance Provenance);

    private async Task<T> JudgeAsync<T>(PluginRequest request, Func<Judged, Task<T>> then, CancellationToken ct)
    {
        var row = await plugins.FindByDigestAsync(request.Actor.TeamId, request.PluginDigest, ct);
        TrustVerdict? verdict = null;
        try
        {
            if (row is null)
            {
                throw new SecFlowException(Codes.PluginNotEnabled, $"No plugin with the digest {request.PluginDigest} is installed. Install it, or let the run use an installed one.");
            }

            var package = ReadPinned(row);
            var manifest = package.ReadManifest();
            verdict = await VerifyAsync(package, manifest, request.Actor.TeamId, ct);
            RequireAllowed(row, manifest, verdict, []);
            return await then(new Judged(row, package, manifest, verdict, new PluginProvenance(
                manifest.Id, manifest.Version, row.Digest, verdict.Signer ?? verdict.Tolerated ?? "", verdict.Rule ?? "", verdict.PolicyRevision, _hosts.Level)
            {
                TrustRoot = verdict.TrustRootDigest,
                SignerIdentity = verdict.Identity?.Name,
                SignerKey = verdict.KeyFingerprint,
            }));
        }
        catch (SecFlowException e)
        {
            if (row is not null && e.Code == Codes.Tampered)
            {
                await plugins.RecordVerificationAsync(Actor.System(), row.Id, new PluginVerification(nameof(TrustState.Tampered), null, null), CancellationToken.None);
            }

            await AuditAsync(request, row, verdict, e.Diagnostics[0], CancellationToken.None);
            throw;
        }
    }

    private async Task<PluginSession> OpenAsync(PluginRequest request, Judged judged, CancellationToken ct)
    {
        var (row, package, manifest, verdict, provenance) = judged;
        var source = SourceOf(package);
        var limits = SessionLimits.For(manifest);
        var hosts = HostsOf(request);
        var taking = hosts.TakeAsync(limits, ct);
        try
        {
            await AuditAsync(request, row, verdict, null, CancellationToken.None, provenance);
        }
        catch
        {
            // nobody would own it: without its audit event it is not handed out
            await EndAsync(taking);
            throw;
        }

        var grant = new BrokerGrant(request, provenance, manifest, PolicySubject.Of(row, manifest), evaluator, http, tls, new ToolServices(tools, runner), request.Planned ? null : audit)
        {
            Resources = resources,
            Secrets = secrets,
            Redaction = request.Hosts?.Secrets ?? new SecretValues(),
        };
        var (first, verifiedAt) = (true, time.GetTimestamp());
        return new PluginSession(
            hosts, await taking, provenance, manifest, source, limits,
            work =>
            {
                var verified = first && time.GetElapsedTime(verifiedAt) < _stillVerified;
                first = false;
                return verified ? AdmitFirstAsync(request, row, manifest, verdict, work) : AdmitAsync(request, row.Id, package, manifest, work);
            },
            (work, output) => request.Planned && work.Planned is null ? throw new InvalidOperationException("A planned work must not reach the world.") : new Broker(grant, work, output),
            violation => QuarantineAsync(request, row, violation))
        {
            Redaction = grant.Redaction,
            Look = Look(request, row, package, manifest, verdict),
            Ended = refusal => AuditEndAsync(request, row, verdict, refusal),
        };
    }

    /// <summary>The bytes as they are now, which must be those that the run pinned. A folder that is no package any more was changed as well.</summary>
    private PluginPackage ReadPinned(PluginVersion row)
    {
        PluginPackage package;
        try
        {
            package = PluginPackage.ReadFolder(registry.FolderOf(row));
        }
        catch (SecFlowException e)
        {
            throw Changed(row, e.Diagnostics[0].Message, e);
        }

        return package.Digest == row.Digest ? package : throw Changed(row, $"{package.Digest ?? "no SHA256SUMS"}.");
    }

    private static SecFlowException Changed(PluginVersion row, string found, Exception? inner = null) => new(
        new Diagnostic(Codes.Tampered, $"The plugin '{row.PluginId}' {row.Version} is Tampered: expected the package {row.Digest}; found {found} Install the package again; find out who changed it.")
        {
            Remedy = "Install the package again; find out who changed it.",
        },
        inner);

    /// <summary>Before each node: somebody may have revoked, disabled or quarantined the plugin, or an authorisation may have ended, since the session was opened.</summary>
    private async Task AdmitAsync(PluginRequest request, Guid id, PluginPackage package, PluginManifest manifest, PluginWork work)
    {
        var verdict = await VerifyAsync(package, manifest, request.Actor.TeamId, CancellationToken.None);
        await AdmitFirstAsync(request, (await plugins.FindAsync(request.Actor.TeamId, id, CancellationToken.None))!, manifest, verdict, work);
    }

    /// <summary>The first work follows the verification at once: only its targets are new.</summary>
    private async Task AdmitFirstAsync(PluginRequest request, PluginVersion row, PluginManifest manifest, TrustVerdict verdict, PluginWork work)
    {
        try
        {
            // What was kept is read again: no target is touched, so none has to be authorised now.
            RequireAllowed(row, manifest, verdict, work.Tape is StoredTape ? [] : work.Scope?.Targets ?? []);
        }
        catch (SecFlowException e)
        {
            await AuditAsync(request, row, verdict, e.Diagnostics[0], CancellationToken.None);
            throw;
        }
    }

    /// <summary>What stands against a plugin that is at work: its bytes are judged again under each revision that came into force since.</summary>
    private Func<CancellationToken, Task<Diagnostic?>> Look(PluginRequest request, PluginVersion row, PluginPackage package, PluginManifest manifest, TrustVerdict verified)
    {
        var accepted = verified.PolicyRevision;
        return async ct =>
        {
            if ((await policies.CurrentAsync(ct)).Revision != accepted)
            {
                var verdict = await VerifyAsync(package, manifest, request.Actor.TeamId, ct);
                if (!verdict.Allowed)
                {
                    return Ended(verdict.ToDiagnostic($"{manifest.Id} {manifest.Version}"));
                }

                accepted = verdict.PolicyRevision;
            }

            return await plugins.FindAsync(row.TeamId, row.Id, ct) is { } now && evaluator.Withdrawal(PolicySubject.Of(now, manifest)) is { } refusal ? Ended(refusal) : null;
        };
    }

    private static Diagnostic Ended(Diagnostic refusal) => refusal with { Message = "Ended while it ran. " + refusal.Message };

    private async Task AuditEndAsync(PluginRequest request, PluginVersion row, TrustVerdict verdict, Diagnostic refusal) => await audit.AppendAsync(
        Entry(request, row, "end.plugin") with
        {
            Outcome = AuditOutcome.Denied,
            ReasonCode = refusal.Code,
            PolicyRevision = (await policies.CurrentAsync(CancellationToken.None)).Revision,
            Details = new JsonObject
            {
                ["run"] = request.RunId.ToString(),
                ["node"] = request.NodeId,
                ["signer"] = verdict.Signer,
                ["rule"] = refusal.Rule,
                ["message"] = refusal.Message,
                ["verifiedUnder"] = verdict.PolicyRevision,
            },
        },
        CancellationToken.None);

    private static async Task EndAsync(Task<SandboxedHost> taking)
    {
        try
        {
            await (await taking).DisposeAsync();
        }
        catch (Exception e) when (e is SecFlowException or OperationCanceledException)
        {
            // It never came to be, and what stopped the caller is told instead.
        }
    }

    private SessionHosts HostsOf(PluginRequest request) => request.Hosts is not { } run
        ? SessionHosts.Own(pool.TakeAsync, _hosts.Time)
        : new SessionHosts(
            (limits, ct) => run.TakeAsync(request.PluginDigest, limits, ct),
            host =>
            {
                run.Return(request.PluginDigest, host, request.UsedAgain);
                return ValueTask.CompletedTask;
            },
            _hosts.Time);

    private async Task<TrustVerdict> VerifyAsync(PluginPackage package, PluginManifest manifest, Guid teamId, CancellationToken ct)
    {
        var verdict = await policies.VerifyAsync(package, manifest.Id, teamId, ct);
        SecFlowMeter.PluginVerification(verdict.State.ToString(), "node");
        return verdict;
    }

    private void RequireAllowed(PluginVersion row, PluginManifest manifest, TrustVerdict verdict, IReadOnlyList<ScopedTarget> targets)
    {
        if (!verdict.Allowed)
        {
            throw new SecFlowException(verdict.ToDiagnostic($"{manifest.Id} {manifest.Version}"));
        }

        evaluator.NodeStart(PolicySubject.Of(row, manifest), targets, _hosts.Report).Require();
    }

    private static string SourceOf(PluginPackage package)
    {
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(package.Required(PluginPackage.EntryFile));
        }
        catch (DecoderFallbackException e)
        {
            throw new SecFlowException(Codes.ScriptSyntax, $"'{PluginPackage.EntryFile}' is not UTF-8 text. Build it again.", e);
        }
    }

    private async Task QuarantineAsync(PluginRequest request, PluginVersion row, Diagnostic violation)
    {
        await audit.AppendAsync(Entry(request, row, "violate.sandbox") with { Outcome = AuditOutcome.Denied, ReasonCode = violation.Code }, CancellationToken.None);
        await registry.QuarantineAsync(row.Digest, $"{violation.Code} in run {request.RunId}, node {request.NodeId}", CancellationToken.None);
    }

    private async Task AuditAsync(PluginRequest request, PluginVersion? row, TrustVerdict? verdict, Diagnostic? refusal, CancellationToken ct, PluginProvenance? provenance = null)
    {
        var entry = Entry(request, row, "open.plugin") with
        {
            Outcome = refusal is null ? AuditOutcome.Allowed : AuditOutcome.Denied,
            ReasonCode = refusal?.Code,
            PolicyRevision = verdict?.PolicyRevision,
            Details = new JsonObject
            {
                ["run"] = request.RunId.ToString(),
                ["node"] = request.NodeId,
                ["trust"] = verdict?.State.ToString(),
                ["signer"] = verdict?.Signer,
                ["rule"] = verdict?.Rule ?? refusal?.Rule,
                ["trustRoot"] = verdict?.TrustRootDigest,
                ["stage"] = verdict?.Stage.ToString(),
                ["expected"] = verdict?.Expected,
                ["found"] = verdict?.Found,
                ["tolerated"] = verdict?.Tolerated,
                ["sandbox"] = _hosts.Level.ToString(),
                ["message"] = refusal?.Message,
            },
        };
        if (!request.Planned && (request.Record is null || !await request.Record(entry, provenance, ct)))
        {
            await audit.AppendAsync(entry, ct);
        }
    }

    private static AuditEntry Entry(PluginRequest request, PluginVersion? row, string action) =>
        new(request.Actor, action, "plugin", request.PluginDigest, row is null ? "not installed" : $"{row.PluginId} {row.Version}")
        {
            TraceId = Activity.Current?.TraceId.ToString(),
        };
}
