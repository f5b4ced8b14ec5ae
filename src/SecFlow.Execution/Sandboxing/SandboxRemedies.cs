using SecFlow.Execution.Diagnostics;

namespace SecFlow.Execution.Sandboxing;

/// <summary>What a remedy depends on.</summary>
/// <param name="OsRelease">Text of /etc/os-release; empty when there is none.</param>
/// <param name="Switch">Value of a switch of the kernel below /proc/sys; empty when it does not know it.</param>
/// <param name="IsRoot">Whether the engine is root.</param>
/// <param name="InContainer">Whether it runs in a container of Docker, Podman or Kubernetes.</param>
internal sealed record SystemFacts(string OsRelease, Func<string, string> Switch, bool IsRoot, bool InContainer)
{
    public static SystemFacts Here { get; } = new(
        Read("/etc/os-release"),
        name => Read("/proc/sys/" + name).Trim(),
        LinuxCalls.IsRoot,
        File.Exists("/.dockerenv") || File.Exists("/run/.containerenv") || Environment.GetEnvironmentVariable("KUBERNETES_SERVICE_HOST") is { Length: > 0 });

    /// <summary>Whether this is that system or one made after it.</summary>
    public bool Is(string name) => OsRelease.Split('\n').Any(line => (line.StartsWith("ID=", StringComparison.Ordinal) || line.StartsWith("ID_LIKE=", StringComparison.Ordinal)) && line.Contains(name, StringComparison.Ordinal));

    private static string Read(string path) => File.Exists(path) ? File.ReadAllText(path) : "";
}

/// <summary>Says why a sandbox is not there and what a person can do about it on this system.</summary>
internal static class SandboxRemedies
{
    public static SandboxLayer? Missing(SandboxPrograms programs)
    {
        if (!OperatingSystem.IsLinux() || !SystemCallFilter.Supported)
        {
            return new SandboxLayer("bubblewrap", Enforced: false, "plugins are confined with means of Linux on x86-64 or arm64; this is another system", "Run SecFlow on such a machine.");
        }

        var names = new List<string>();
        if (programs.Bubblewrap is null)
        {
            names.Add("bubblewrap");
        }

        if (programs.Prlimit is null || programs.Setpriv is null)
        {
            names.Add("util-linux");
        }

        return names.Count == 0 ? null : new SandboxLayer("bubblewrap", Enforced: false, string.Join(" and ", names) + (names.Count == 1 ? " is" : " are") + " not installed", Install(string.Join(' ', names)));
    }

    public static SandboxLayer NotStarted(SandboxExit exit)
    {
        var said = exit.StderrHead.Trim();
        return new SandboxLayer("bubblewrap", Enforced: false, "bubblewrap could not start a program: " + (said.Length == 0 ? $"it ended with {exit.ExitCode} ({exit.End})" : said), Remedy());
    }

    /// <summary>SF4030 with the first reason and remedy.</summary>
    public static Diagnostic Refusal(IReadOnlyList<SandboxLayer> layers)
    {
        var first = layers.FirstOrDefault(layer => !layer.Enforced);
        var reason = first?.Reason ?? "nothing confines a program on this machine";
        var remedy = first?.Remedy ?? "Install bubblewrap and start again.";
        return new Diagnostic(Codes.SandboxUnavailable, $"Plugins are refused, because this machine offers no sandbox: {reason}. Expected bubblewrap with user namespaces. {remedy}") { Rule = "sandbox.available", Remedy = remedy };
    }

    /// <summary>SF4040 with the reason and remedy of the layer.</summary>
    public static Diagnostic NetworkRefusal(SandboxLayer? layer)
    {
        var remedy = layer?.Remedy ?? "Run 'secflow doctor' and do what it says.";
        return new Diagnostic(Codes.NetworkScopeUnavailable, $"A tool that needs the network is refused, because this machine cannot confine it to the targets: {layer?.Reason ?? "no network namespace could be made"}. {remedy}") { Rule = "sandbox.network", Remedy = remedy };
    }

    /// <summary>What to do when a network could not be scoped although its programs are there.</summary>
    public static string Network(string reason)
    {
        const string Tun = "/dev/net/tun";
        if (!File.Exists(Tun))
        {
            return $"{Tun} is missing. Run: modprobe tun. In a container, start it with --device {Tun}.";
        }

        if (!LinuxCalls.IsRoot && reason.Contains("tun", StringComparison.Ordinal))
        {
            return $"{Tun} may be opened by root only. Run: chmod 0666 {Tun} (which is what udev sets on most systems; a tunnel can be made in a namespace of one's own only).";
        }

        return reason.Contains("could not be loaded", StringComparison.Ordinal)
            ? "The kernel must offer nftables with address translation. Run: modprobe -a nf_tables nft_chain_nat nft_ct nft_reject_inet nft_masq"
            : Remedy();
    }

    internal static string Install(string packages) => Install(packages, SystemFacts.Here);

    internal static string Install(string packages, SystemFacts system) => system switch
    {
        _ when system.Is("debian") || system.Is("ubuntu") => $"Run: apt-get install --no-install-recommends {packages}",
        _ when system.Is("fedora") || system.Is("rhel") || system.Is("centos") => $"Run: dnf install {packages}",
        _ when system.Is("suse") => $"Run: zypper install {packages}",
        _ when system.Is("arch") => $"Run: pacman -S {packages}",
        // its setpriv and prlimit are packages of their own
        _ when system.Is("alpine") => $"Run: apk add {packages.Replace("util-linux", "util-linux setpriv", StringComparison.Ordinal)}",
        _ => $"Install {packages} with the package manager of this system.",
    };

    private static string Remedy() => Namespaces(SystemFacts.Here);

    /// <summary>What to do when the programs are there and namespaces cannot be made: the switch that is off, else the container around, else the kernel.</summary>
    internal static string Namespaces(SystemFacts system)
    {
        if (system.InContainer)
        {
            return "The container does not let namespaces be made. Start it with --security-opt seccomp=unconfined --security-opt apparmor=unconfined (Kubernetes: seccompProfile and appArmorProfile Unconfined), or as root with --cap-add SYS_ADMIN."
                + (system.Switch("user/max_user_namespaces") == "0" ? " Its host has them switched off: run there: sysctl -w user.max_user_namespaces=15000" : "");
        }

        if (system.Switch("kernel/apparmor_restrict_unprivileged_userns") == "1" && !system.IsRoot)
        {
            return "AppArmor restricts user namespaces (Ubuntu 23.10 and newer). Allow them for bubblewrap: write /etc/apparmor.d/bwrap with 'abi <abi/4.0>, include <tunables/global> profile bwrap /usr/bin/bwrap flags=(unconfined) { userns, }' and run: systemctl reload apparmor";
        }

        if (system.Switch("kernel/unprivileged_userns_clone") == "0" && !system.IsRoot)
        {
            return $"User namespaces are switched off for users. Run: sysctl -w kernel.unprivileged_userns_clone=1{Keep("kernel.unprivileged_userns_clone=1")}";
        }

        return system.Switch("user/max_user_namespaces") switch
        {
            "0" => $"User namespaces are switched off{(system.Is("rhel") || system.Is("centos") ? ", as hardened profiles of this system do" : "")}. Run: sysctl -w user.max_user_namespaces=15000{Keep("user.max_user_namespaces=15000")}",
            "" => "The kernel was built without user namespaces (CONFIG_USER_NS). Use a kernel that has them" + (system.Is("alpine") ? ", such as linux-lts." : "."),
            _ => "Something else keeps namespaces from being made: a security module, or the service manager around this program (RestrictNamespaces=, SystemCallFilter=). Allow them to it.",
        };
    }

    private static string Keep(string setting) => $" (to keep it: write {setting} into /etc/sysctl.d/60-secflow.conf)";
}
