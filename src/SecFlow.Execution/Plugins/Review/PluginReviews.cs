using SecFlow.Data;
using SecFlow.Data.Audit;
using SecFlow.Data.Plugins;
using SecFlow.Data.Teams;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Policies;
using SecFlow.Execution.Teams;
using SecFlow.Execution.Trust;

namespace SecFlow.Execution.Plugins.Review;

/// <summary>One file of a package. <see cref="Text"/> is null for what is no text, and cut at <see cref="PluginReviews.MostText"/> characters.</summary>
public sealed record PackageFile(string Path, long Bytes, string? Text);

/// <summary>Everything that a decision about a plugin version rests on, as it is now.</summary>
public sealed record PluginReview(InstalledPlugin Plugin)
{
    /// <summary>What Trust says about the bytes; null when the folder holds no package any more.</summary>
    public TrustVerdict? Verdict { get; init; }

    /// <summary>Why it may not be approved or run; null when Trust accepts it.</summary>
    public Diagnostic? Refusal { get; init; }

    /// <summary>Against the version that was approved before it; null when there is none or its bytes are gone.</summary>
    public PluginDifference? Difference { get; init; }

    /// <summary>Why there is no difference.</summary>
    public string? NoDifference { get; init; }

    /// <summary>Path and size of every file; texts are read by <see cref="PluginReviews.FileAsync"/>.</summary>
    public IReadOnlyList<PackageFile> Files { get; init; } = [];

    /// <summary>Every version of the id, newest first.</summary>
    public IReadOnlyList<PluginVersion> Versions { get; init; } = [];

    public IReadOnlyList<PluginComment> Comments { get; init; } = [];

    /// <summary>Why its approval takes two persons; null when one is enough.</summary>
    public string? TwoPersons { get; init; }

    /// <summary>Whether there is only one administrator, so that a typed reason stands for the second.</summary>
    public bool Solo { get; init; }

    /// <summary>Where it can go from here.</summary>
    public IReadOnlyList<PluginState> Next { get; init; } = [];

    /// <summary>Whether newer versions are enabled, from which can be gone back to this one.</summary>
    public bool CanRollBack { get; init; }
}

/// <summary>The review of plugin versions: what reviewers see, and what they say. Every team may read; remarks take the role Analyst.</summary>
public sealed class PluginReviews(PluginRegistry registry, PluginStore store, TeamStore teams, Access access)
{
    public const int MostText = 128 * 1024;
    private const int MostRemark = 2000;

    public async Task<PluginReview> GetAsync(Actor actor, Guid pluginVersionId, CancellationToken ct)
    {
        var row = await FindAsync(actor, Permission.ReadPlugins, pluginVersionId, ct);
        var plugin = (await registry.ListAsync(ct)).First(p => p.Row.Id == row.Id);
        var (refusal, verdict) = await registry.TrustAsync(row, ct);
        var package = registry.TryRead(row, out _);
        var versions = (await store.ListAsync(Guid.Empty, ct)).Where(other => other.PluginId == row.PluginId).ToList();
        var (difference, why) = Difference(row, package, versions);
        return new PluginReview(plugin)
        {
            Verdict = verdict,
            Refusal = refusal,
            Difference = difference,
            NoDifference = why,
            Files = package is null ? [] : [.. package.Files.Select(file => new PackageFile(file.Key, file.Value.Length, null))],
            Versions = versions,
            Comments = await store.ListCommentsAsync(row.Id, ct),
            TwoPersons = PolicyEvaluator.WhyTwoPersons(PolicySubject.Of(row, plugin.Manifest), await registry.SignerIsNewAsync(PluginOwners.Of(verdict), ct)),
            Solo = await teams.CountAdministratorsAsync(ct) <= 1,
            Next = PluginLife.Next(row.State),
            CanRollBack = row.State is PluginState.Enabled or PluginState.Disabled && PluginRegistry.NewerEnabled(row, versions).Count > 0,
        };
    }

    /// <summary>One file of the package with its text. SF1502 when there is none of that name.</summary>
    public async Task<PackageFile> FileAsync(Actor actor, Guid pluginVersionId, string path, CancellationToken ct)
    {
        var row = await FindAsync(actor, Permission.ReadPlugins, pluginVersionId, ct);
        var bytes = registry.TryRead(row, out var problem)?.Files.GetValueOrDefault(path)
            ?? throw new SecFlowException(Codes.NotFound, problem ?? "The package has no such file. Look at its list of files.");
        var text = PluginDifference.TextOf(bytes);
        return new PackageFile(path, bytes.Length, text is null ? null : string.Join('\n', (text.Length > MostText ? text[..MostText] : text).Split('\n').Select(LineDiff.Visible)));
    }

    /// <summary>Adds a remark of 1..2000 characters.</summary>
    public async Task<PluginComment> CommentAsync(Actor actor, Guid pluginVersionId, string text, CancellationToken ct)
    {
        var row = await FindAsync(actor, Permission.SubmitPlugins, pluginVersionId, ct);
        if (string.IsNullOrWhiteSpace(text) || text.Length > MostRemark)
        {
            throw new SecFlowException(new Diagnostic(Codes.RequestInvalid, $"A remark has 1 to {MostRemark} characters.") { Path = "$.text" });
        }

        try
        {
            return await store.CommentAsync(actor, row.Id, text.Trim(), ct);
        }
        catch (ConflictException e)
        {
            throw new SecFlowException(Codes.NotFound, e.Message, e);
        }
    }

    private async Task<PluginVersion> FindAsync(Actor actor, Permission permission, Guid id, CancellationToken ct)
    {
        await access.RequireAsync(actor, permission, null, $"plugin/{id}", ct);
        return await store.FindAsync(actor.TeamId, id, ct) ?? throw new SecFlowException(Codes.NotFound, "There is no such plugin version. Look at the list of plugins.");
    }

    private (PluginDifference? Difference, string? Why) Difference(PluginVersion row, PluginPackage? package, List<PluginVersion> versions)
    {
        var previous = versions.Where(other => other.Id != row.Id && other.ApprovedAt is not null && (row.ApprovedAt is null || other.ApprovedAt < row.ApprovedAt)).MaxBy(other => other.ApprovedAt);
        if (previous is null)
        {
            return (null, "No version of this plugin was approved before: everything in it is new.");
        }

        if (package is null)
        {
            return (null, "The package is not there any more.");
        }

        return registry.TryRead(previous, out var problem) is { } before
            ? (PluginDifference.Of(previous, before, package), null)
            : (null, $"{previous.Version}, which was approved before, cannot be compared: {problem}");
    }
}
