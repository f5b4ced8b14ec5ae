using SecFlow.Data.Audit;
using SecFlow.Data.Plugins;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Teams;

namespace SecFlow.Execution.Tools;

/// <summary>The tools that the installed plugins declare, for those who look after the installation: what is there, what may run, accept a change, set a path.</summary>
public sealed class ToolService(ToolCatalogue catalogue, PluginRegistry plugins, Access access)
{
    /// <summary>Every declared tool, by name.</summary>
    public async Task<IReadOnlyList<ToolState>> ListAsync(Actor actor, CancellationToken ct)
    {
        await access.RequireAsync(actor, Permission.ReadPlugins, null, "tools", ct);
        var states = new List<ToolState>();
        foreach (var declared in await DeclaredAsync(ct))
        {
            states.Add(await catalogue.LookAsync([.. declared], anew: false, ct));
        }

        return states;
    }

    /// <summary>
    /// The plugins that only read recorded reports here: id -> why a tool of theirs has not passed its self-test. It is the sandbox that answers, so the first question after a start takes a moment.
    /// </summary>
    public async Task<IReadOnlyDictionary<string, Diagnostic>> RecordedOnlyAsync(Actor actor, CancellationToken ct) => RecordedOnly(await ListAsync(actor, ct));

    /// <summary>The same from tools that were listed.</summary>
    public static IReadOnlyDictionary<string, Diagnostic> RecordedOnly(IReadOnlyList<ToolState> tools) => tools
        .Where(tool => tool.Problem is not null).SelectMany(tool => tool.UsedBy.Select(plugin => (plugin, tool.Problem)))
        .GroupBy(pair => pair.plugin, StringComparer.Ordinal).ToDictionary(group => group.Key, group => group.First().Problem!, StringComparer.Ordinal);

    /// <summary>The self-test: asks the tool for its version again, in the sandbox. Throws SF1502 when no plugin declares it.</summary>
    public async Task<ToolState> TestAsync(Actor actor, string name, CancellationToken ct)
    {
        await access.RequireAsync(actor, Permission.ManageTools, null, "tool/" + name, ct);
        return await catalogue.LookAsync(await FindAsync(name, ct), anew: true, ct);
    }

    /// <summary>Accepts the file with this digest. Throws SF1502, SF1503 (it is another file by now), SF5xxx (it does not run).</summary>
    public async Task<ToolState> AcceptAsync(Actor actor, string name, string? digest, CancellationToken ct)
    {
        await access.RequireAsync(actor, Permission.ManageTools, null, "tool/" + name, ct);
        var declared = await FindAsync(name, ct);
        await catalogue.AcceptAsync(actor, declared[0].Tool, digest ?? throw new SecFlowException(Codes.RequestInvalid, "The digest of the file that is to be accepted is missing. Take it from the list of tools."), ct);
        return await catalogue.LookAsync(declared, anew: false, ct);
    }

    /// <summary>Sets where the tool is; null or nothing = the system's program folders. Throws SF1501, SF1502.</summary>
    public async Task<ToolState> SetPathAsync(Actor actor, string name, string? path, CancellationToken ct)
    {
        await access.RequireAsync(actor, Permission.ManageTools, null, "tool/" + name, ct);
        var declared = await FindAsync(name, ct);
        await catalogue.SetPathAsync(actor, name, string.IsNullOrWhiteSpace(path) ? null : path.Trim(), ct);
        return await catalogue.LookAsync(declared, anew: false, ct);
    }

    private async Task<IEnumerable<IGrouping<string, (string Plugin, PluginTool Tool)>>> DeclaredAsync(CancellationToken ct) =>
        (await plugins.ListAsync(ct)).Where(plugin => plugin.Row.State is not (PluginState.Revoked or PluginState.Rejected))
            .SelectMany(plugin => plugin.Manifest.Tools.Select(tool => (plugin.Manifest.Id, tool)))
            .GroupBy(declared => declared.tool.Name, StringComparer.Ordinal).OrderBy(group => group.Key, StringComparer.Ordinal);

    private async Task<IReadOnlyList<(string Plugin, PluginTool Tool)>> FindAsync(string name, CancellationToken ct) =>
        (await DeclaredAsync(ct)).FirstOrDefault(group => group.Key == name)?.ToList() ?? throw new SecFlowException(Access.NotFound("tool"));
}
