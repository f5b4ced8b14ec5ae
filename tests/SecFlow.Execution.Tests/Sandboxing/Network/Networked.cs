using System.Net;
using SecFlow.Execution.Sandboxing;
using SecFlow.Execution.Sandboxing.Network;

namespace SecFlow.Execution.Tests.Sandboxing.Network;

/// <summary>Payloads with a network: the system's tools, under a plan.</summary>
internal static class Networked
{
    public static NetworkPlan Plan(params NetworkRule[] rules) => new(rules, new Dictionary<string, IReadOnlyList<IPAddress>>(StringComparer.Ordinal));

    public static NetworkRule Rule(string network, int from, int? to = null) => new(IPNetwork.Parse(network), from, to ?? from);

    public static NetworkRule Rule(Site site) => new(new IPNetwork(site.Address, 32), site.Port, site.Port);

    public static SandboxSpec Spec(NetworkPlan plan, string program, params string[] arguments)
    {
        string[] bound = ["/usr", "/etc/alternatives", "/etc/ld.so.cache"];
        string[] merged = ["/bin", "/sbin", "/lib", "/lib64"];
        return new SandboxSpec
        {
            Program = program,
            Arguments = arguments,
            ReadOnly = bound.Where(Path.Exists).Concat(merged.Where(root => Directory.Exists(root) && new DirectoryInfo(root).LinkTarget is null)).ToDictionary(path => path, path => path, StringComparer.Ordinal),
            Links = merged.Where(root => new DirectoryInfo(root).LinkTarget is not null).ToDictionary(root => root, root => new DirectoryInfo(root).LinkTarget!, StringComparer.Ordinal),
            CpuSeconds = 60,
            DataBytes = 1024L * 1024 * 1024,
            OpenFiles = 1024,
            Environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin", ["HOME"] = "/tmp" },
            Network = plan,
        };
    }

    public static SandboxSpec Bash(NetworkPlan plan, string script, params string[] arguments) => Spec(plan, "/usr/bin/bash", ["-c", script, "bash", .. arguments]);

    /// <summary>Runs to its end; a wall clock of 60 s guards the test.</summary>
    public static async Task<(SandboxExit Exit, string Output, NetworkCount Network)> RunAsync(SandboxSpec spec)
    {
        await using var process = await SandboxedProcess.StartAsync(await Payload.Sandbox, spec, CancellationToken.None);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using var kill = limit.Token.Register(process.Kill);
        await process.StandardInput.DisposeAsync();
        using var reader = new StreamReader(process.StandardOutput);
        var output = await reader.ReadToEndAsync();
        return (await process.Exit, output, process.NetworkCount);
    }
}
