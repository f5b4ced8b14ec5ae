using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using SecFlow.Data;
using SecFlow.Data.Audit;
using SecFlow.Data.Plugins;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Metrics;
using SecFlow.Execution.Policies;
using SecFlow.Execution.Teams;
using SecFlow.Execution.Trust;

namespace SecFlow.Execution.Plugins;

// How a package gets in from outside.
// 1. Nothing is written before it was read within its limits, verified, and may be submitted; a refusal is audited.
// 2. An upload never touches the bytes of a version that somebody has decided for, nor its signature: a version never changes.
// 3. What one person may have waiting is bounded, and so is what it takes on disk.
public sealed partial class PluginRegistry
{
    /// <summary>Submissions of one person that may wait at the same time.</summary>
    public const int MostWaiting = 20;

    private const int MostNote = 500;

    /// <summary>
    /// Takes a package (.zip) in for review: Submitted. Role Analyst. The same bytes a second time are answered by what is there. Throws SF120x (package), SF1101 (manifest), SF2003-SF2006 (trust),
    /// SF2020 (owner), SF2021 (too many), SF1503 (other bytes of a version that is not waiting), each audited.
    /// </summary>
    /// <param name="actor">Who submits.</param>
    /// <param name="zip">The package; read to its end or to the limit.</param>
    /// <param name="note">For the reviewers; may be empty, at most 500 characters.</param>
    /// <param name="ct">Cancels before anything is stored.</param>
    public async Task<PluginVersion> SubmitAsync(Actor actor, Stream zip, string note, CancellationToken ct)
    {
        await access.RequireAsync(actor, Permission.SubmitPlugins, null, "plugin/new", ct);
        if (note.Length > MostNote)
        {
            throw new SecFlowException(Codes.RequestInvalid, $"A note has at most {MostNote} characters; found {note.Length}.");
        }

        PluginPackage? package = null;
        PluginManifest? manifest = null;
        try
        {
            package = await PluginPackage.ReadZipAsync(zip, ct);
            manifest = package.ReadManifest();
            CheckEntry(package);
            return await TakeInAsync(actor, package, manifest, note.Trim(), ct);
        }
        catch (SecFlowException e)
        {
            await audit.AppendAsync(
                new AuditEntry(actor, "submit.plugin", "plugin", package is null ? "no package" : IdentityOf(package), manifest is null ? "no plugin" : $"{manifest.Id} {manifest.Version}")
                {
                    Outcome = AuditOutcome.Denied,
                    ReasonCode = e.Code,
                    Details = new JsonObject { ["rule"] = e.Diagnostics[0].Rule, ["message"] = Short(e.Diagnostics[0].Message) },
                },
                CancellationToken.None);
            throw;
        }
    }

    private async Task<PluginVersion> TakeInAsync(Actor actor, PluginPackage package, PluginManifest manifest, string note, CancellationToken ct)
    {
        await _gate.WaitAsync(ct);
        try
        {
            var digest = IdentityOf(package);
            if (await RequireSameBytesAsync(package, ct) is { } there && !PluginStore.Waits(there.State))
            {
                return there;
            }

            var verdict = await policies.VerifyAsync(package, manifest.Id, Guid.Empty, ct);
            Count(verdict, "submission");
            var refusal = verdict.Allowed ? await OtherOwnerAsync(manifest, verdict, ct) : verdict.ToDiagnostic($"{manifest.Id} {manifest.Version}");
            evaluator.Submission(new PolicySubject(manifest.Id, PluginState.Discovered, manifest.Intrusiveness, manifest.MinLevel, manifest.Permissions), refusal).Require();
            if (await store.CountWaitingAsync(actor.Person, ct) >= MostWaiting)
            {
                throw new SecFlowException(Codes.TooManySubmissions, $"{MostWaiting} submissions of {actor.Person} wait for a decision, which is as many as may. Wait until some are decided.");
            }

            var folder = Path.Combine(PluginsFolder, manifest.Id, manifest.Version);
            PackageWriter.WriteFolder(package, folder);
            return await store.SubmitAsync(
                actor with { TeamId = Guid.Empty },
                RowOf(package, manifest, Path.GetRelativePath(dataFolder, folder).Replace(Path.DirectorySeparatorChar, '/'), digest, verdict),
                note.Length > 0 ? note : $"submitted by {actor.Person}",
                ct);
        }
        catch (ConflictException e)
        {
            throw new SecFlowException(Codes.Conflict, e.Message, e);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>The version with these bytes when it is known; throws SF1503 when the id and version have other bytes already, which somebody has decided for, or when a decided one would get another signature.</summary>
    private async Task<PluginVersion?> RequireSameBytesAsync(PluginPackage package, CancellationToken ct)
    {
        var (manifest, digest) = (package.ReadManifest(), IdentityOf(package));
        var same = (await store.ListAsync(Guid.Empty, ct)).Where(row => row.PluginId == manifest.Id && row.Version == manifest.Version).ToList();
        if (same.FirstOrDefault(row => row.Digest != digest && !PluginStore.Waits(row.State)) is { } other)
        {
            throw new SecFlowException(
                Codes.Conflict, $"{manifest.Id} {manifest.Version} is {other.State} with other bytes ({other.Digest}). A version never changes: raise 'version' in plugin.yaml, then pack and sign again.");
        }

        return same.FirstOrDefault(row => row.Digest == digest);
    }

    private static PluginVersion RowOf(PluginPackage package, PluginManifest manifest, string relative, string digest, TrustVerdict verdict) => new()
    {
        PluginId = manifest.Id,
        Version = manifest.Version,
        Digest = digest,
        Title = manifest.Title,
        Description = manifest.Description,
        Publisher = manifest.Publisher,
        Aliases = string.Join(' ', manifest.Aliases),
        Manifest = JsonSerializer.Serialize(new StoredManifest(manifest, Encoding.UTF8.GetString(package.Required(PluginPackage.ConfigSchemaFile)))),
        Folder = relative,
        State = PluginState.Discovered,
        StateReason = verdict.Allowed ? "waits for submission and approval" : verdict.ToDiagnostic(manifest.Id).Message,
        TrustState = verdict.State.ToString(),
        Signer = verdict.Signer,
        TrustRule = verdict.Rule,
    };

    private static void Count(TrustVerdict verdict, string point) =>
        SecFlowMeter.PluginVerification(verdict.State.ToString(), point);

    private static string Short(string text) => text.Length > 2000 ? text[..2000] : text;
}
