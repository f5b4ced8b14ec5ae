using System.Globalization;
using System.Net;
using System.Net.Sockets;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Sandboxing.Network;
using SecFlow.PluginProtocol;

namespace SecFlow.Execution.Sandboxing;

/// <summary>
/// Finds out what holds on this machine by trying to break out, never by looking at versions. A layer counts only when the attempt was really made and failed.
/// L2 needs every layer of bubblewrap; L3 also control groups and a scoped network. Without bubblewrap, L1 needs a plugin host that proves that it confined itself.
/// </summary>
internal static class SandboxProbe
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    // Attempts, by a shell without any tool but its own commands and unshare. Each prints a line only when it got through; facts are printed as name=value.
    private const string Escape = """
        (read -r x </etc/passwd) 2>/dev/null && echo got=passwd
        (read -r x </etc/shadow) 2>/dev/null && echo got=shadow
        for f in /escaped /dev/escaped /usr/bin/escaped /proc/escaped /etc/escaped; do (echo x >$f) 2>/dev/null && echo wrote=$f; done
        (echo x >/tmp/scratch) 2>/dev/null && echo scratch=yes
        for p in /proc/[0-9]*; do echo "pid=${p#/proc/}"; done
        while read -r n v r; do case $n in Seccomp:|NoNewPrivs:|CapEff:|CapBnd:) echo "$n=$v";; esac; done </proc/self/status
        while read -r n l r; do echo "tcp=$l"; done </proc/net/tcp
        while read -r n r; do echo "interface=$n"; done </proc/net/dev
        while IFS= read -r e || [ -n "$e" ]; do echo "environ=$e"; done </proc/1/environ
        (/usr/bin/unshare -U /bin/true) 2>/dev/null && echo got=userns
        [ -x /usr/bin/bash ] && (/usr/bin/bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$0"' "$1") 2>/dev/null && echo got=connect
        echo done=yes
        """;

    private const string Fork = "i=0; while [ $i -lt 24 ]; do (while :; do :; done) & i=$((i+1)); done; echo forked=$i";
    private const string Grow = "x=0123456789abcdef; i=0; while [ $i -lt 24 ]; do x=$x$x; i=$((i+1)); done; echo grown=yes";

    public static async Task<Sandbox> RunAsync(SandboxLevel ceiling, SandboxPrograms programs, string pluginHostPath, TimeProvider time, CancellationToken ct)
    {
        var (groups, groupReason) = ControlGroups.Open();
        var groupLayer = new SandboxLayer("control groups", groups is not null, groupReason, groups is null ? "Run as a systemd service with Delegate=yes, or as root; without it the limits of each process still hold." : null);
        var layers = new List<SandboxLayer>();
        var level = SandboxLevel.L0;
        NetworkPrograms? network = null;
        SandboxLayer? networkLayer = null;
        SandboxLayer? missing = SandboxRemedies.Missing(programs);
        if (missing is not null)
        {
            layers.Add(missing);
        }
        else if (ceiling >= SandboxLevel.L2)
        {
            var means = new SandboxMeans(SandboxLevel.L2, programs, SystemCallFilter.Build(), groups, time, SandboxRemedies.Refusal([]));

            // Both attempts side by side; what came of the network counts only where everything else holds.
            var networking = NetworkProbe.RunAsync(means, ct);
            layers.AddRange(await TryToEscapeAsync(means, ct).ConfigureAwait(false));
            var found = await networking.ConfigureAwait(false);
            if (layers.TrueForAll(layer => layer.Enforced))
            {
                (network, networkLayer) = found;
                layers.Add(networkLayer);
                level = groups is not null && network is not null ? SandboxLevel.L3 : SandboxLevel.L2;
            }

            layers.Add(groupLayer);
        }

        if (level == SandboxLevel.L0 && ceiling >= SandboxLevel.L1)
        {
            var layer = await SelfConfinementAsync(programs, pluginHostPath, time, ct).ConfigureAwait(false);
            layers.Add(layer);
            level = layer.Enforced ? SandboxLevel.L1 : SandboxLevel.L0;
        }

        if (level > ceiling)
        {
            level = ceiling;
        }

        if (ceiling < SandboxLevel.L3)
        {
            layers.Add(new SandboxLayer("setting", Enforced: false, $"SECFLOW_SANDBOX lowers the level to {ceiling} at most", "Remove SECFLOW_SANDBOX from the environment and start again."));
        }

        var filter = SystemCallFilter.Supported ? SystemCallFilter.Build() : [];
        var used = level >= SandboxLevel.L2 && ceiling >= SandboxLevel.L3 ? groups : null;
        return new Sandbox(new SandboxReport(level, layers), new SandboxMeans(level, programs, filter, used, time, SandboxRemedies.Refusal(layers)) { Network = network, NetworkRefusal = SandboxRemedies.NetworkRefusal(networkLayer) });
    }

    private static async Task<IReadOnlyList<SandboxLayer>> TryToEscapeAsync(SandboxMeans means, CancellationToken ct)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var spec = Shell(Escape, port.ToString(CultureInfo.InvariantCulture));
        var escape = RunAsync(means, spec, ct);
        var fork = RunAsync(means, Shell(Fork) with { Processes = 8, CpuSeconds = 1 }, ct);
        var grow = RunAsync(means, Shell(Grow) with { DataBytes = 16 * 1024 * 1024, CpuSeconds = 2 }, ct);
        var (exit, text, _) = await escape.ConfigureAwait(false);
        if (!text.Contains("done=yes", StringComparison.Ordinal))
        {
            await Task.WhenAll(fork, grow).ConfigureAwait(false);
            return [SandboxRemedies.NotStarted(exit)];
        }

        var facts = text.Split('\n').Select(line => line.Split('=', 2)).Where(pair => pair.Length == 2).ToLookup(pair => pair[0], pair => pair[1], StringComparer.Ordinal);
        var environ = string.Concat(facts["environ"]);
        var hex = ":" + port.ToString("X4", CultureInfo.InvariantCulture);
        var interfaces = facts["interface"].Where(name => name.EndsWith(':')).ToArray();
        var (_, forked, _) = await fork.ConfigureAwait(false);
        var (_, grown, _) = await grow.ConfigureAwait(false);
        return
        [
            new("bubblewrap", Enforced: true, "a program starts in namespaces of its own", null),
            Layer("files", !facts["got"].Any(got => got is "passwd" or "shadow") && !facts["wrote"].Any() && facts["scratch"].Any(), "reading /etc/passwd and writing outside /tmp were denied", "a file outside the sandbox was reached: " + string.Join(' ', facts["wrote"])),
            Layer("network", !facts["got"].Contains("connect") && !facts["tcp"].Any(line => line.Contains(hex, StringComparison.Ordinal)) && interfaces is ["lo:"], "connecting to a listener of the engine was denied; there is no interface but an own loopback", "the engine's network is visible inside"),
            Layer("processes", facts["pid"].SequenceEqual(["1"]), "no other process is visible", "processes outside are visible: " + string.Join(' ', facts["pid"].Take(5))),
            Layer("environment", environ.Contains(Canary, StringComparison.Ordinal) && !EngineVariables().Any(name => environ.Contains(name + "=", StringComparison.Ordinal)), "the engine's environment is not visible", "variables of the engine are visible in /proc/1/environ"),
            Layer("privileges", facts["CapEff:"].All(Zero) && facts["CapBnd:"].All(Zero) && facts["NoNewPrivs:"].SequenceEqual(["1"]), "no capability, and none can be gained", "capabilities are left"),
            Layer("system calls", facts["Seccomp:"].SequenceEqual(["2"]) && !facts["got"].Contains("userns"), "a filter is loaded; a new user namespace was denied", "the system call filter does not hold"),
            Layer("limits", !forked.Contains("forked=", StringComparison.Ordinal) && !grown.Contains("grown=", StringComparison.Ordinal), "a fork bomb and a memory bomb were stopped; processes are counted " + (means.Groups is not null ? "in a control group of each sandbox" : LinuxCalls.IsRoot ? "by a user id of each sandbox" : "inside of the user namespace of each sandbox") + ", never among the engine's own", "a fork bomb or a memory bomb was not stopped"),
        ];
    }

    private static async Task<SandboxLayer> SelfConfinementAsync(SandboxPrograms programs, string pluginHostPath, TimeProvider time, CancellationToken ct)
    {
        const string Name = "self-confinement";
        if (programs.Prlimit is null || programs.Setpriv is null || !File.Exists(pluginHostPath))
        {
            return new SandboxLayer(Name, Enforced: false, programs.Prlimit is null || programs.Setpriv is null ? "prlimit or setpriv is missing" : "the plugin host is missing", "Install util-linux, and build the plugin host.");
        }

        var means = new SandboxMeans(SandboxLevel.L1, programs, [], null, time, SandboxRemedies.Refusal([]));
        await using var process = await SandboxedProcess.StartAsync(means, PluginHostProgram.Spec(SandboxLevel.L1, pluginHostPath), ct).ConfigureAwait(false);
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
            limit.CancelAfter(Patience);
            if (await Frames.ReadHostMessageAsync(process.StandardOutput, limit.Token).ConfigureAwait(false) is ReadyMessage ready
                && ready.Confinement.Contains("seccomp") && ready.Confinement.Contains("landlock"))
            {
                return new SandboxLayer(Name, Enforced: true, "the plugin host denied itself files, programs and sockets (Landlock, seccomp)", null);
            }
        }
        catch (Exception e) when (e is ProtocolException or IOException or OperationCanceledException && !ct.IsCancellationRequested)
        {
            // Answered below: it is not confined.
        }

        return new SandboxLayer(Name, Enforced: false, "the plugin host could not confine itself with Landlock and seccomp", "Use a kernel of 5.13 or newer with Landlock switched on (lsm=...,landlock).");
    }

    private const string Canary = "SECFLOW_PROBE=1";

    internal static SandboxSpec Shell(string script, params string[] arguments)
    {
        var readOnly = SystemLibraries.Binds();
        readOnly["/usr/bin"] = "/usr/bin";
        return new SandboxSpec
        {
            Program = "/bin/sh",
            Arguments = ["-c", script, "sh", .. arguments],
            ReadOnly = readOnly,
            Links = SystemLibraries.Links(),
            CpuSeconds = 5,
            Environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["PATH"] = "/usr/bin", ["SECFLOW_PROBE"] = "1" },
        };
    }

    internal static async Task<(SandboxExit Exit, string Output, NetworkCount Network)> RunAsync(SandboxMeans means, SandboxSpec spec, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(Patience);
        await using var process = await SandboxedProcess.StartAsync(means, spec, ct).ConfigureAwait(false);
        using var kill = limit.Token.Register(process.Kill);
        using var reader = new StreamReader(process.StandardOutput);
        string text;
        try
        {
            text = await reader.ReadToEndAsync(ct).ConfigureAwait(false);
        }
        catch (IOException)
        {
            text = "";
        }

        return (await process.Exit.ConfigureAwait(false), text, process.NetworkCount);
    }

    private static SandboxLayer Layer(string name, bool enforced, string held, string broke) =>
        new(name, enforced, enforced ? held : broke, enforced ? null : "Do not run plugins on this machine; report what 'secflow doctor' prints.");

    private static bool Zero(string mask) => mask.Trim('0').Length == 0;

    // Names that the sandbox has as well say nothing.
    private static IEnumerable<string> EngineVariables() =>
        Environment.GetEnvironmentVariables().Keys.Cast<string>().Where(name => name.Length > 4 && name is not ("SECFLOW_PROBE" or "SHLVL" or "OLDPWD"));
}
