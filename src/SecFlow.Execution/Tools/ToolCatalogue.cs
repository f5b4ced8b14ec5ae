using SecFlow.Data.Audit;
using SecFlow.Data.Tools;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;

namespace SecFlow.Execution.Tools;

/// <summary>
/// The tools of this machine, and which bytes may run under their names.
/// 1. The first file that passes its self-test is accepted; from then on its SHA-256 is pinned, for every team.
/// 2. Another file is refused (SF5003) until an administrator accepts it, unless the system's package manager brought it: then it is accepted with that note.
/// 3. The pin is compared at each invocation, and the file's identity once more after it: the output of a tool that was replaced meanwhile is thrown away.
///    What this cannot see: libraries and data that the tool loads, and a change by someone who can set the system's clock.
/// 4. Without a store (plugins under development) nothing is pinned.
/// </summary>
public sealed class ToolCatalogue(ToolRunner runner, ToolStore? store)
{
    public const string FirstUse = "first use";

    private readonly ToolFiles _files = new();
    private readonly ToolProbe _probe = new(runner);
    private readonly SystemPackages _packages = new();

    /// <summary>The tool that a manifest declares, ready to run. Throws SF5001 (missing, with the hint for this system), SF5002 (too old), SF5003 (changed), SF5004 (not fit, or its version cannot be told).</summary>
    public async Task<ToolProgram> RequireAsync(PluginTool tool, CancellationToken ct)
    {
        var row = store is null ? null : await store.FindAsync(tool.Name, ct);
        var program = await FindAsync(tool, row, ct);
        if (store is not null && row?.Digest is not null && row.Digest != program.Digest)
        {
            var package = await _packages.OwnerAsync(program.Path, ct);
            if (package is null)
            {
                await store.RefuseAsync(tool.Name, program.Path, program.Digest, Codes.ToolChanged, ct);
                throw Changed(tool.Name, program, row);
            }

            program = await ProbedAsync(tool, program, ct);
            await store.AcceptAsync(Actor.System(), tool.Name, program.Path, program.Digest, program.Version, "package " + package, ct);
            return program;
        }

        program = await ProbedAsync(tool, program, ct);
        if (store is not null && row?.Digest is null)
        {
            await store.AcceptAsync(Actor.System(), tool.Name, program.Path, program.Digest, program.Version, FirstUse, ct);
        }

        return program;
    }

    /// <summary>Looks at the tool without accepting or refusing anything. <paramref name="anew"/>: asks it for its version again.</summary>
    /// <param name="declared">What the manifests say of it, by plugin id; at least one.</param>
    public async Task<ToolState> LookAsync(IReadOnlyList<(string Plugin, PluginTool Tool)> declared, bool anew, CancellationToken ct)
    {
        var tool = declared[0].Tool with { MinVersion = ToolVersions.Highest(declared.Select(d => d.Tool.MinVersion)) };
        tool = declared.Select(d => d.Tool).FirstOrDefault(t => t.VersionArgs.Count > 0) is { } asked ? tool with { VersionArgs = asked.VersionArgs, VersionPattern = asked.VersionPattern } : tool;
        var row = store is null ? null : await store.FindAsync(tool.Name, ct);
        var path = row?.SetPath ?? ToolFiles.Find(tool.Name);
        ToolProgram? program = null;
        Diagnostic? problem = null;
        try
        {
            program = await FindAsync(tool, row, ct);
            if (anew)
            {
                _probe.Forget(program.Path);
            }

            program = await ProbedAsync(tool, program, ct);
            problem = row?.Digest is not null && row.Digest != program.Digest && await _packages.OwnerAsync(program.Path, ct) is null ? Changed(tool.Name, program, row).Diagnostics[0] : null;
        }
        catch (SecFlowException e)
        {
            problem = e.Diagnostics[0];
        }

        return new ToolState(
            tool.Name, path is not null && File.Exists(path) ? path : null, row?.SetPath is not null, program?.Version ?? "", tool.MinVersion, program?.Digest, row?.Digest, row?.Digest is null ? null : row.AcceptedBy,
            row?.Digest is null ? null : row.AcceptedAt, problem, [.. declared.Select(d => d.Plugin).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)]);
    }

    /// <summary>Accepts the file that is there, when it still is the one that was looked at. Throws SF1503 (it is another one by now) and what <see cref="RequireAsync"/> throws for a tool that does not run.</summary>
    public async Task AcceptAsync(Actor actor, PluginTool tool, string digest, CancellationToken ct)
    {
        var program = await FindAsync(tool, await Store.FindAsync(tool.Name, ct), ct);
        if (program.Digest != digest)
        {
            throw new SecFlowException(Codes.Conflict, $"The file of '{tool.Name}' is {program.Digest} now, no longer {digest}. Look at it again.");
        }

        program = await ProbedAsync(tool, program, ct);
        await Store.AcceptAsync(actor, tool.Name, program.Path, program.Digest, program.Version, actor.Person, ct);
    }

    /// <summary>Sets the path of a tool, or lets it be looked for again (null). Throws SF1501 when it is not an absolute path of a file.</summary>
    public async Task SetPathAsync(Actor actor, string name, string? path, CancellationToken ct)
    {
        if (path is not null && (!Path.IsPathFullyQualified(path) || path != Path.GetFullPath(path) || path.Length > 4096 || !File.Exists(path)))
        {
            throw new SecFlowException(Codes.RequestInvalid, $"'{path}' is not the absolute path of a file, without '..'. Give the path of the tool's program.");
        }

        await Store.SetPathAsync(actor, name, path, ct);
    }

    private ToolStore Store => store ?? throw new InvalidOperationException("Without an installation nothing is accepted.");

    private async Task<ToolProgram> FindAsync(PluginTool tool, Tool? row, CancellationToken ct)
    {
        var path = row?.SetPath ?? ToolFiles.Find(tool.Name);
        if (path is null || !File.Exists(path))
        {
            var remedy = ToolHints.For(tool);
            var where = path is null ? "in none of " + string.Join(", ", ToolFiles.Folders.Take(4)) : $"not at {path}, the path that an administrator set";
            throw new SecFlowException(new Diagnostic(Codes.ToolMissing, $"The tool '{tool.Name}' is not installed: it is {where}. {remedy}") { Remedy = remedy });
        }

        return await _files.OpenAsync(tool.Name, path, ct);
    }

    private async Task<ToolProgram> ProbedAsync(PluginTool tool, ToolProgram program, CancellationToken ct)
    {
        var version = await _probe.VersionAsync(tool, program, ct);
        if (tool.MinVersion is { } least && version.Length > 0 && ToolVersions.Compare(version, least) < 0)
        {
            var remedy = $"Install {tool.Name} {least} or newer. {ToolHints.For(tool)}";
            throw new SecFlowException(new Diagnostic(Codes.ToolTooOld, $"The tool '{tool.Name}' at {program.Path} is version {version}; the plugin needs at least {least}. {remedy}") { Remedy = remedy });
        }

        return program with { Version = version };
    }

    private static SecFlowException Changed(string name, ToolProgram program, Tool row)
    {
        const string remedy = "Find out who changed it; an administrator accepts the change on the Tools page.";
        return new SecFlowException(new Diagnostic(
            Codes.ToolChanged, $"The tool '{name}' at {program.Path} is not the file that was accepted: expected {row.Digest} (by {row.AcceptedBy}), found {program.Digest}, which is not the system's package. {remedy}")
        {
            Rule = "tool.pin",
            Remedy = remedy,
        });
    }
}
