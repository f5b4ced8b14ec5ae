using SecFlow.Data.Plugins;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Teams;
using SecFlow.Portal.Teams;

namespace SecFlow.Portal.Api;

/// <summary>Body of <c>POST /api/v1/plugins/{id}/state</c>.</summary>
/// <param name="State">Where the version shall go along its life: submitted, approved, enabled, disabled, ...</param>
/// <param name="Reason">1..500 characters. While there is one administrator it stands for the second person that an approval may take.</param>
public sealed record PluginStateBody(PluginState? State, string? Reason);

/// <summary>The life of plugins.</summary>
public static class PluginsApi
{
    public static void MapPlugins(this RouteGroupBuilder api) => api.MapPost("/plugins/{id:guid}/state", ChangeAsync).WithName("changePluginState").Produces<ApiPlugin>();

    private static async Task<ApiPlugin> ChangeAsync(Guid id, PluginStateBody body, HttpContext context, CurrentActor actors, PluginRegistry plugins, Access access, CancellationToken ct)
    {
        var actor = await actors.OfRequestAsync(context, ct);
        await access.RequireAsync(actor, Permission.ManagePlugins, null, $"plugin/{id}", ct);
        if (body.State is not { } state)
        {
            throw new SecFlowException(new Diagnostic(Codes.RequestInvalid, "state is missing: a state such as submitted, approved, enabled or disabled was expected.") { Path = "$.state" });
        }

        return ApiPlugin.Of(await plugins.ChangeStateAsync(actor, id, state, body.Reason ?? "", ct));
    }
}
