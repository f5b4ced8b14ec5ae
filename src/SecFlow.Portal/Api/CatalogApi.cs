using SecFlow.Data.Plugins;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Teams;
using SecFlow.Execution.Workflows;
using SecFlow.Portal.Teams;

namespace SecFlow.Portal.Api;

public sealed record ApiWorkflow(Guid Id, string Name, string Description, int Version, DateTimeOffset UpdatedAt);

/// <param name="VersionId">Names this version to <c>/api/v1/plugins/{id}/state</c>.</param>
/// <param name="Approval">one, two (persons) or solo; null while it is not approved by a person.</param>
/// <param name="FirstApprovalBy">Who approved first, where it takes two.</param>
/// <param name="SubmittedBy">Who submitted it; null for one that was put into the folder.</param>
/// <param name="Owner">Whose signature it had when it was approved; the first one of an id owns the id.</param>
public sealed record ApiPlugin(
    Guid VersionId, string Id, string Version, string Title, string Digest, PluginState State, string StateReason, string TrustState, string? Signer, string? TrustRule, ApprovalKind? Approval, string? FirstApprovalBy,
    string? ApprovedBy, string? ApprovalReason, string? SubmittedBy, string? Owner)
{
    public static ApiPlugin Of(PluginVersion row) => new(
        row.Id, row.PluginId, row.Version, row.Title, row.Digest, row.State, row.StateReason, row.TrustState, row.Signer, row.TrustRule, row.Approval, row.FirstApprovalBy, row.ApprovedBy, row.ApprovalReason, row.SubmittedBy, row.Owner);
}

/// <summary>What can be run, and with what: read-only lists.</summary>
public static class CatalogApi
{
    public static void MapCatalog(this RouteGroupBuilder api)
    {
        api.MapGet("/workflows", WorkflowsAsync).WithName("listWorkflows").Produces<ApiPage<ApiWorkflow>>();
        api.MapGet("/plugins", PluginsAsync).WithName("listPlugins").Produces<ApiPage<ApiPlugin>>();
    }

    private static async Task<ApiPage<ApiWorkflow>> WorkflowsAsync(HttpContext context, CurrentActor actors, WorkflowService workflows, CancellationToken ct)
    {
        var rows = await workflows.ListAsync(await actors.OfRequestAsync(context, ct), ct);
        return new([.. rows.Select(w => new ApiWorkflow(w.Id, w.Name, w.Description, w.CurrentVersion, w.UpdatedAt))], null, rows.Count);
    }

    private static async Task<ApiPage<ApiPlugin>> PluginsAsync(HttpContext context, CurrentActor actors, PluginRegistry plugins, Access access, CancellationToken ct)
    {
        var actor = await actors.OfRequestAsync(context, ct);
        await access.RequireAsync(actor, Permission.ReadPlugins, null, "plugins", ct);
        var rows = await plugins.ListAsync(ct);
        return new(
            [.. rows.Select(p => ApiPlugin.Of(p.Row))],
            null,
            rows.Count);
    }
}
