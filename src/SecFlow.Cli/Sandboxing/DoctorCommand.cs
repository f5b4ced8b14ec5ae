using System.CommandLine;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Sandboxing;
using SecFlow.Execution.Tools;

namespace SecFlow.Cli.Sandboxing;

/// <summary>One thing that was looked at.</summary>
internal sealed record DoctorLine(string Name, bool Good, string Found, string? Remedy);

/// <summary>Says what this machine can do: sandbox layers (probed by trying to escape), tools, data folder, versions.</summary>
internal static class DoctorCommand
{
    private static readonly (string Program, string Package)[] Tools = [("bwrap", "bubblewrap"), ("nft", "nftables"), ("pasta", "passt"), ("ip", "iproute2")];

    public static Command Create(Terminal terminal)
    {
        var data = Options.Data();
        var format = Options.Format("table", "json");
        var command = new Command("doctor", "What this machine can do, what is off, and how to mend it.") { data, format };
        command.SetAction(async (parsed, ct) =>
        {
            var sandbox = await Sandbox.ProbeAsync(ct);
            var report = sandbox.Report;
            List<DoctorLine> lines =
            [
                .. report.Layers.Select(l => new DoctorLine($"sandbox: {l.Name}", l.Enforced, l.Reason, l.Remedy)),
                .. Tools.Select(Tool),
                .. await PluginToolsAsync(sandbox, ct),
                HostProgram(),
                DataFolder(Path.GetFullPath(parsed.GetRequiredValue(data))),
                new DoctorLine("versions", true, $"SecFlow {typeof(DoctorCommand).Assembly.GetName().Version!.ToString(3)}, {RuntimeInformation.FrameworkDescription}, {RuntimeInformation.OSDescription}", null),
            ];
            if (parsed.GetRequiredValue(format) == "json")
            {
                var items = lines.Select(l => new JsonObject { ["name"] = l.Name, ["ok"] = l.Good, ["found"] = l.Found, ["remedy"] = l.Remedy });
                await Output.WriteJsonAsync(terminal, new JsonObject { ["level"] = report.Level.ToString(), ["checks"] = new JsonArray([.. items]) });
            }
            else
            {
                Output.WriteTable(terminal, ["check", "", "found", "remedy"], lines.Select(l => (IReadOnlyList<string>)[l.Name, l.Good ? "ok" : "off", l.Found, l.Remedy ?? ""]));
            }

            await terminal.Error.WriteLineAsync($"Sandbox level {report.Level}{(report.Level < SandboxLevel.L2 ? ": plugins that need L2 are refused" : "")}.");
            return report.Level >= SandboxLevel.L2 && lines.TrueForAll(l => l.Good || !l.Name.StartsWith("data", StringComparison.Ordinal)) ? ExitCodes.Done : ExitCodes.Failed;
        });
        return command;
    }

    private static DoctorLine Tool((string Program, string Package) tool)
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries).Concat(["/usr/sbin", "/sbin"]);
        var found = folders.Select(f => Path.Combine(f, tool.Program)).FirstOrDefault(File.Exists);
        return new DoctorLine($"tool: {tool.Program}", found is not null, found ?? "not found", found is null ? $"apt-get install {tool.Package}" : null);
    }

    /// <summary>The tools of the shipped plugins, each asked for its version in the sandbox. What is pinned in an installation stands on its Tools page.</summary>
    private static async Task<IReadOnlyList<DoctorLine>> PluginToolsAsync(Sandbox sandbox, CancellationToken ct)
    {
        if (sandbox.Report.Level < SandboxLevel.L2)
        {
            return [];
        }

        var catalogue = new ToolCatalogue(new ToolRunner(sandbox, TimeProvider.System), null);
        var declared = ShippedPlugins.In(BuiltinPlugins.DefaultFolder).Select(package => package.ReadManifest())
            .SelectMany(manifest => manifest.Tools.Select(tool => (manifest.Id, tool))).GroupBy(one => one.tool.Name, StringComparer.Ordinal).OrderBy(group => group.Key, StringComparer.Ordinal);
        var lines = new List<DoctorLine>();
        foreach (var tool in declared)
        {
            var state = await catalogue.LookAsync([.. tool], anew: false, ct);
            lines.Add(new DoctorLine(
                $"plugin tool: {state.Name}", state.Ready, state.Ready ? $"{state.Path} {state.Version}" : state.Problem!.Code + " for " + string.Join(", ", state.UsedBy), state.Problem?.Remedy ?? state.Problem?.Message));
        }

        return lines;
    }

    private static DoctorLine HostProgram()
    {
        var path = Path.Combine(AppContext.BaseDirectory, "plugin-host", "SecFlow.PluginHost.dll");
        var there = File.Exists(path);
        return new DoctorLine("plugin host", there, there ? "beside this program" : "missing", there ? null : "build or publish this program again: it is copied by the build");
    }

    private static DoctorLine DataFolder(string folder)
    {
        // Looked at, not made: doctor changes nothing.
        var existing = new DirectoryInfo(folder);
        while (!existing.Exists && existing.Parent is not null)
        {
            existing = existing.Parent;
        }

        var free = new DriveInfo(existing.FullName).AvailableFreeSpace / (1024 * 1024);
        var writable = !existing.Attributes.HasFlag(FileAttributes.ReadOnly);
        const long LeastFreeMiB = 512;
        return new DoctorLine("data folder", writable && free >= LeastFreeMiB, $"{folder}: {free} MiB free{(Directory.Exists(folder) ? "" : ", not made yet")}", writable ? free >= LeastFreeMiB ? null : $"make room: at least {LeastFreeMiB} MiB" : "choose another folder with --data");
    }
}
