using System.Text.Json.Nodes;
using SecFlow.Data.Audit;
using SecFlow.Data.Plugins;
using SecFlow.Data.Workflows;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Policies;
using SecFlow.Execution.Teams;

namespace SecFlow.Execution.Workflows;

/// <summary>Result of validating a recipe: the parsed recipe when there is no error, and all problems at once.</summary>
public sealed record RecipeValidation(Recipe? Recipe, IReadOnlyList<Diagnostic> Problems)
{
    public bool IsValid => Problems.Count == 0;
}

/// <summary>Saved workflows of a team.</summary>
/// <param name="workflows">Where they are stored.</param>
/// <param name="access">Who may.</param>
/// <param name="policy">Whether its plugins may run.</param>
/// <param name="audit">Where a refusal goes.</param>
/// <param name="time">The clock.</param>
/// <param name="plugins">What is installed right now.</param>
public sealed class WorkflowService(WorkflowStore workflows, Access access, PolicyEvaluator policy, AuditLog audit, TimeProvider time, Func<CancellationToken, Task<RecipePlugins>> plugins)
{
    /// <summary>Validates a recipe against the installed plugins and the team's saved workflows; every problem with line, column and nearest right spelling.</summary>
    public async Task<RecipeValidation> ValidateAsync(Guid teamId, string yaml, CancellationToken ct) => await RecipeReader.ReadAsync(yaml, await LibraryAsync(teamId, ct), ct);

    /// <summary>Saves a new workflow or a new version of the one with the same name. Throws the problems of an invalid recipe, and SF2008 for a plugin that is installed but may not run.</summary>
    public async Task<WorkflowVersion> SaveAsync(Actor actor, string yaml, CancellationToken ct)
    {
        await access.RequireAsync(actor, Permission.EditWorkflows, null, "workflow", ct);
        var (result, used) = await ReadForStartAsync(actor.TeamId, yaml, ct);
        var recipe = result.Recipe ?? throw new SecFlowException(result.Problems);
        if (policy.Scheduling([.. used.Select(p => PolicySubject.Of(p.Row, p.Manifest))], [], null, [time.GetUtcNow()]).Refusal is { } refusal)
        {
            await audit.AppendAsync(
                new AuditEntry(actor, "save.workflow", "workflow", "", recipe.Name) { Outcome = AuditOutcome.Denied, ReasonCode = refusal.Code, Details = new JsonObject { ["rule"] = refusal.Rule, ["message"] = refusal.Message } }, ct);
            throw new SecFlowException(refusal);
        }

        return (await workflows.SaveAsync(actor, recipe.Name, recipe.Description, yaml, ct)).Version;
    }

    /// <summary>Saves a recipe that is started at once: what its plugins may is answered, and recorded, by that start. Throws the problems of an invalid recipe.</summary>
    public async Task<(WorkflowVersion Version, Recipe Recipe)> SaveForStartAsync(Actor actor, string yaml, CancellationToken ct)
    {
        await access.RequireAsync(actor, Permission.EditWorkflows, null, "workflow", ct);
        var (result, _) = await ReadForStartAsync(actor.TeamId, yaml, ct);
        var recipe = result.Recipe ?? throw new SecFlowException(result.Problems);
        return ((await workflows.SaveAsync(actor, recipe.Name, recipe.Description, yaml, ct)).Version, recipe);
    }

    public async Task<IReadOnlyList<Workflow>> ListAsync(Actor actor, CancellationToken ct)
    {
        await access.RequireAsync(actor, Permission.ReadWorkflows, null, "workflows", ct);
        return await workflows.ListAsync(actor.TeamId, ct);
    }

    /// <summary>Takes a workflow out of use; its versions and runs stay. Throws SF1502.</summary>
    public async Task ArchiveAsync(Actor actor, Guid workflowId, CancellationToken ct)
    {
        await access.RequireRowAsync(actor, Permission.EditWorkflows, "workflow", workflowId, ct);
        if (!await workflows.ArchiveAsync(actor, workflowId, ct))
        {
            throw new SecFlowException(Access.NotFound("workflow"));
        }
    }

    /// <summary>A workflow of the actor's team with its newest version. Throws SF1502.</summary>
    public async Task<(Workflow Workflow, WorkflowVersion Version)> GetAsync(Actor actor, Guid workflowId, CancellationToken ct)
    {
        await access.RequireAsync(actor, Permission.ReadWorkflows, null, $"workflow/{workflowId}", ct);
        return await workflows.FindAsync(actor.TeamId, workflowId, ct) is { } workflow && await workflows.FindCurrentVersionAsync(actor.TeamId, workflowId, ct) is { } version
            ? (workflow, version)
            : throw new SecFlowException(Codes.NotFound, $"There is no workflow {workflowId} in this team.");
    }

    /// <summary>
    /// The recipe for a start, with the plugin of each node: an installed version that is not enabled is taken as well, so that the policy answers with its state and the refusal is recorded.
    /// What was never installed stays an error.
    /// </summary>
    internal async Task<(RecipeValidation Read, IReadOnlyList<InstalledPlugin> Plugins)> ReadForStartAsync(Guid teamId, string yaml, CancellationToken ct)
    {
        var library = await LibraryAsync(teamId, ct);
        var taken = new Dictionary<string, InstalledPlugin>(StringComparer.Ordinal);
        var read = await RecipeReader.ReadAsync(
            yaml,
            library with
            {
                Find = async (type, token) =>
                {
                    var found = await library.Find(type, token) ?? Newest(library.Installed, type);
                    return found is null ? null : taken[found.Row.Digest] = found;
                },
            },
            ct);
        return (read, [.. (read.Recipe?.Nodes ?? []).Select(n => taken[n.PluginDigest])]);
    }

    /// <summary>The recipe against exactly the package digests and sub-workflows that a run pinned, whatever happened to them since.</summary>
    internal async Task<RecipeValidation> ReadPinnedAsync(Guid teamId, string yaml, IReadOnlyList<string> digests, IReadOnlyList<WorkflowPin> pins, CancellationToken ct)
    {
        var installed = await plugins(ct);
        var pinned = installed.Installed.Where(p => digests.Contains(p.Row.Digest, StringComparer.Ordinal)).ToList();
        return await RecipeReader.ReadAsync(
            yaml,
            installed with
            {
                Pinned = true,
                Find = (type, _) => Task.FromResult(Newest(pinned, type)),
                FindWorkflow = async (name, version, token) =>
                    pins.FirstOrDefault(p => p.Name == name && p.Asked == version) is { } pin && await workflows.FindVersionAsync(teamId, pin.VersionId, token) is { } row
                        ? new StoredRecipe(pin, row.Recipe)
                        : null,
            },
            ct);
    }

    private async Task<RecipePlugins> LibraryAsync(Guid teamId, CancellationToken ct) => (await plugins(ct)) with
    {
        FindWorkflow = (name, version, token) => StoredAsync(teamId, name, version, token),
        WorkflowNames = [.. (await workflows.ListAsync(teamId, ct)).Select(w => w.Name)],
    };

    private async Task<StoredRecipe?> StoredAsync(Guid teamId, string name, int? version, CancellationToken ct)
    {
        if (await workflows.FindByNameAsync(teamId, name, ct) is not { } workflow)
        {
            return null;
        }

        var row = version is null
            ? await workflows.FindCurrentVersionAsync(teamId, workflow.Id, ct)
            : (await workflows.ListVersionsAsync(teamId, workflow.Id, ct)).FirstOrDefault(v => v.Version == version);
        return row is null ? null : new StoredRecipe(new WorkflowPin(name, version, row.Id, row.Version), row.Recipe);
    }

    private static InstalledPlugin? Newest(IEnumerable<InstalledPlugin> plugins, string type)
    {
        var name = type.Split('@')[0];
        return plugins.Where(p => p.Manifest.Id == name || p.Manifest.Aliases.Contains(name, StringComparer.Ordinal))
            .OrderByDescending(p => p.Row.State == PluginState.Enabled).ThenByDescending(p => p.Row.DiscoveredAt).FirstOrDefault();
    }
}
