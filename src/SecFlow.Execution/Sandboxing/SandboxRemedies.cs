using SecFlow.Execution.Diagnostics;

namespace SecFlow.Execution.Sandboxing;

/// <summary>Says why a sandbox is not there and what a person can do about it on this system.</summary>
internal static class SandboxRemedies
{
    private const string Switches = "/proc/sys/";

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

    internal static string Install(string packages)
    {
        var os = File.Exists("/etc/os-release") ? File.ReadAllText("/etc/os-release") : "";
        return os switch
        {
            _ when Is("debian") || Is("ubuntu") => $"Run: apt-get install --no-install-recommends {packages}",
            _ when Is("fedora") || Is("rhel") || Is("centos") => $"Run: dnf install {packages}",
            _ when Is("suse") => $"Run: zypper install {packages}",
            _ when Is("arch") => $"Run: pacman -S {packages}",
            _ when Is("alpine") => $"Run: apk add {packages}",
            _ => $"Install {packages} with the package manager of this system.",
        };

        bool Is(string name) => os.Split('\n').Any(line => (line.StartsWith("ID=", StringComparison.Ordinal) || line.StartsWith("ID_LIKE=", StringComparison.Ordinal)) && line.Contains(name, StringComparison.Ordinal));
    }

    private static string Remedy()
    {
        if (Switch("kernel/apparmor_restrict_unprivileged_userns") == "1" && !LinuxCalls.IsRoot)
        {
            return "AppArmor restricts user namespaces (Ubuntu 24.04 and newer). Allow them for bubblewrap: write /etc/apparmor.d/bwrap with 'abi <abi/4.0>, include <tunables/global> profile bwrap /usr/bin/bwrap flags=(unconfined) { userns, }' and run: systemctl reload apparmor";
        }

        if (Switch("kernel/unprivileged_userns_clone") == "0" && !LinuxCalls.IsRoot)
        {
            return "User namespaces are switched off for users. Run: sysctl -w kernel.unprivileged_userns_clone=1";
        }

        return Switch("user/max_user_namespaces") == "0"
            ? "User namespaces are switched off. Run: sysctl -w user.max_user_namespaces=15000"
            : "User namespaces must be allowed. In a container, start it with --security-opt seccomp=unconfined --security-opt apparmor=unconfined, or as root with --cap-add SYS_ADMIN.";
    }

    private static string Switch(string name) => File.Exists(Switches + name) ? File.ReadAllText(Switches + name).Trim() : "";
}
