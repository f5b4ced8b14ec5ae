using System.Text;
using System.Text.Json.Nodes;
using SecFlow.Data.Audit;
using SecFlow.Data.Trust;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Teams;
using SecFlow.Sigstore.Keys;
using SecFlow.Sigstore.Roots;

namespace SecFlow.Execution.Trust;

/// <summary>A public key that was put beside the policy, and the rule that would trust it.</summary>
public sealed record AddedKey(string File, string Sha256, string Fingerprint, string Rule);

/// <summary>
/// What administrators do to the trust policy. Reading is for everybody who may read plugins.
/// 1. The installation's policy, its roots and keys: an administrator of the installation. A team's additions: its admins.
/// 2. A change names the revision that it was made from; another in between is SF1503, and nothing is lost.
/// 3. Files of roots and keys are named by their digest and never overwritten: an older revision can be put in force again.
/// 4. A mock's root comes in only as <c>demoOnly</c>.
/// </summary>
public sealed class TrustAdministration(string dataFolder, TrustPolicyService policies, TrustPolicyStore store, PluginRegistry registry, Access access)
{
    /// <summary>Largest file of a trust root.</summary>
    public const int MostRootBytes = TrustedRootReader.MaxBytes;

    private const int NameLength = 40;

    /// <summary>The policy in force.</summary>
    public async Task<TrustPolicy> ViewAsync(Actor actor, CancellationToken ct)
    {
        await access.RequireAsync(actor, Permission.ReadPlugins, null, "trust-policy", ct);
        return await policies.CurrentAsync(ct);
    }

    /// <summary>Every revision that was in force, newest first.</summary>
    public async Task<IReadOnlyList<TrustPolicyRevision>> RevisionsAsync(Actor actor, CancellationToken ct)
    {
        await access.RequireAsync(actor, Permission.ReadPlugins, null, "trust-policy", ct);
        return await store.ListAsync(Guid.Empty, ct);
    }

    /// <summary>Problems of a text, all at once; none when it could be put in force.</summary>
    public async Task<TrustPolicyReading> ReadAsync(Actor actor, string yaml, CancellationToken ct)
    {
        await access.RequireAsync(actor, Permission.ReadPlugins, null, "trust-policy", ct);
        return TrustPolicyReader.Read(Encoding.UTF8.GetBytes(yaml), dataFolder);
    }

    /// <summary>Puts a policy in force.</summary>
    /// <param name="actor">An administrator of the installation.</param>
    /// <param name="yaml">The whole text.</param>
    /// <param name="from">Revision that it was made from; null = whichever is in force.</param>
    /// <param name="ct">Cancels before it is in force.</param>
    public async Task<TrustPolicy> ReplaceAsync(Actor actor, string yaml, string? from, CancellationToken ct)
    {
        await access.RequireAsync(actor, Permission.ManageTrust, null, "trust-policy", ct);
        await RequireFromAsync(from, ct);
        return await policies.ReplaceAsync(actor, yaml, ct);
    }

    /// <summary>The texts of two revisions.</summary>
    public async Task<(string Before, string After)> DifferenceAsync(Actor actor, int from, int to, CancellationToken ct)
    {
        var revisions = await RevisionsAsync(actor, ct);
        return (from == 0 ? "" : Numbered(revisions, from).Yaml, Numbered(revisions, to).Yaml);
    }

    /// <summary>The policy in force with the exact rule that would make an Untrusted version Verified, as a text to look at; null when there is nothing to propose.</summary>
    public async Task<string?> ProposeAsync(Actor actor, string digest, CancellationToken ct)
    {
        var policy = await ViewAsync(actor, ct);
        if (await registry.FindByDigestAsync(actor.TeamId, digest, ct) is not { } plugin)
        {
            return null;
        }

        var verdict = await policies.VerifyAsync(PluginPackage.ReadFolder(registry.FolderOf(plugin.Row)), plugin.Row.PluginId, Guid.Empty, ct);
        return verdict.ProposedRule is { } rule ? TrustPolicyText.WithItem(policy.Yaml, "rules", rule) : null;
    }

    /// <summary>Puts an older revision in force again, as a new one.</summary>
    public async Task<TrustPolicy> RestoreAsync(Actor actor, int number, CancellationToken ct)
    {
        await access.RequireAsync(actor, Permission.ManageTrust, null, "trust-policy", ct);
        return await policies.ReplaceAsync(actor, Numbered(await store.ListAsync(Guid.Empty, ct), number).Yaml, ct);
    }

    /// <summary>Adds a trust root, or replaces the one of that name. SF2009 for a file that is none, and for a mock's that is not said to be for the demo only.</summary>
    /// <param name="actor">An administrator of the installation.</param>
    /// <param name="name">Its name in the policy.</param>
    /// <param name="bytes">The JSON.</param>
    /// <param name="demoOnly">It counts for the demo's team alone.</param>
    /// <param name="ct">Cancels before it is in force.</param>
    public async Task<TrustPolicy> ReplaceRootAsync(Actor actor, string name, ReadOnlyMemory<byte> bytes, bool demoOnly, CancellationToken ct)
    {
        await access.RequireAsync(actor, Permission.ManageTrust, null, $"trust-root/{name}", ct);
        RequireName(name);
        var root = TrustRootText.Read(name, bytes);
        if (MockRoots.SignOf(root) is { } sign && !demoOnly)
        {
            throw new SecFlowException(Codes.TrustRootRefused, $"The trust root '{name}' is a mock's: {sign}. Whoever runs it can sign as anyone, so it does not come into the policy of an installation; mark it demoOnly and it counts for the demo alone.");
        }

        var policy = await policies.CurrentAsync(ct);
        var before = policy.Roots.FirstOrDefault(r => r.Name == name);
        if (before is not null && before.DemoOnly != demoOnly)
        {
            throw new SecFlowException(Codes.TrustRootRefused, $"The trust root '{name}' is {(before.DemoOnly ? "" : "not ")}demoOnly in the policy. Choose another name, or change that in the policy first.");
        }

        var (file, sha256) = Keep(name, bytes.Span, "trusted_root.json");
        var yaml = TrustPolicyText.WithRoot(policy.Yaml, name, file, sha256, demoOnly);
        return await policies.ReplaceAsync(actor, yaml, ct, new AuditEntry(actor with { TeamId = Guid.Empty }, "replace.trust-root", "trust-root", root.Digest, name)
        {
            Before = before is null ? null : new JsonObject { ["digest"] = before.Root.Digest, ["file"] = before.File },
            After = new JsonObject { ["digest"] = root.Digest, ["file"] = file, ["demoOnly"] = demoOnly },
        });
    }

    /// <summary>Keeps a public key beside the policy. Nothing trusts it until a rule says so.</summary>
    public async Task<AddedKey> AddKeyAsync(Actor actor, string name, ReadOnlyMemory<byte> pem, CancellationToken ct)
    {
        await access.RequireAsync(actor, Permission.ManageTrust, null, $"trust-key/{name}", ct);
        RequireName(name);
        try
        {
            using var key = VerificationKey.FromPem(pem.Span);
            var (file, sha256) = Keep(name, pem.Span, "pub");
            return new AddedKey(file, sha256, key.Fingerprint, TrustRuleText.ForKey(name, ["scan.*"], Path.GetFileName(file), sha256));
        }
        catch (System.Security.Cryptography.CryptographicException e)
        {
            throw new SecFlowException(Codes.RequestInvalid, $"The file is not a public key that can be used: {e.Message} Expected PEM 'PUBLIC KEY' of ECDSA, RSA of 2048 bits or more, or Ed25519.", e);
        }
    }

    /// <summary>The additions of the actor's team; null when it has none.</summary>
    public async Task<TrustPolicyRevision?> AdditionAsync(Actor actor, CancellationToken ct)
    {
        await access.RequireAsync(actor, Permission.ReadPlugins, null, "trust-policy", ct);
        return await store.FindCurrentAsync(actor.TeamId, ct);
    }

    /// <summary>Puts additions in force for the actor's team. SF2010 for whatever would allow more.</summary>
    public async Task<TrustAddition> ReplaceAdditionAsync(Actor actor, string yaml, CancellationToken ct)
    {
        await access.RequireAsync(actor, Permission.ManagePlugins, null, "trust-policy", ct);
        return await policies.ReplaceAdditionAsync(actor, yaml, ct);
    }

    private static TrustPolicyRevision Numbered(IReadOnlyList<TrustPolicyRevision> revisions, int number) => revisions.FirstOrDefault(r => r.Number == number)
        ?? throw new SecFlowException(Codes.NotFound, $"There is no revision {number} of the trust policy. Look at the list of revisions.");

    private async Task RequireFromAsync(string? from, CancellationToken ct)
    {
        if (from is { Length: 0 })
        {
            throw new SecFlowException(Codes.RevisionMissing, "A change needs the header If-Match with the ETag of the trust policy that was read.");
        }

        if (from is not null && (await policies.CurrentAsync(ct)).Revision is var revision && revision != from)
        {
            throw new SecFlowException(Codes.Conflict, $"The trust policy was changed in between: your change was made from {from}, {revision} is in force. Look at it and make the change again.");
        }
    }

    /// <summary>Writes a file under a name that its bytes decide, once.</summary>
    private (string File, string Sha256) Keep(string name, ReadOnlySpan<byte> bytes, string kind)
    {
        var sha256 = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes));
        var file = $"trust/{name}-{sha256[..12]}.{kind}";
        var path = Path.Combine(dataFolder, file.Replace('/', Path.DirectorySeparatorChar));
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path + ".new", bytes);
        File.Move(path + ".new", path, overwrite: true);
        return (file, sha256);
    }

    private static void RequireName(string name)
    {
        if (name.Length > NameLength || !TrustPolicyReader.IsName(name))
        {
            throw new SecFlowException(Codes.RequestInvalid, $"A name has 1 to {NameLength} letters, digits, '_', '.' and '-', and begins with a letter or digit; found '{(name.Length > NameLength ? name[..NameLength] + "..." : name)}'.");
        }
    }
}
