using SecFlow.Execution.Sandboxing;

namespace SecFlow.Execution.Tests.Sandboxing;

/// <summary>What a person is told to do, per system. Held to texts, because none of these systems is here.</summary>
public sealed class SandboxRemediesTests
{
    private const string Userns = "user/max_user_namespaces";

    [Theory]
    [InlineData("ID=debian\nVERSION_ID=\"12\"\n", "apt-get install --no-install-recommends bubblewrap util-linux")]
    [InlineData("NAME=Ubuntu\nID=ubuntu\nID_LIKE=debian\n", "apt-get install")]
    [InlineData("ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n", "apt-get install")]
    [InlineData("ID=fedora\n", "dnf install bubblewrap util-linux")]
    [InlineData("ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n", "dnf install")]
    [InlineData("ID=opensuse-leap\nID_LIKE=\"suse opensuse\"\n", "zypper install")]
    [InlineData("ID=arch\n", "pacman -S")]
    [InlineData("ID=alpine\n", "apk add bubblewrap util-linux setpriv")]
    [InlineData("", "package manager of this system")]
    public void Install_OfTheSystem_NamesItsPackageManager(string release, string expected) =>
        SandboxRemedies.Install("bubblewrap util-linux", new SystemFacts(release, _ => "", IsRoot: false, InContainer: false)).ShouldContain(expected);

    [Fact]
    public void Namespaces_UbuntuWithAppArmor_NamesTheProfile_ExceptForRoot()
    {
        var ubuntu = Facts("ID=ubuntu\n", ("kernel/apparmor_restrict_unprivileged_userns", "1"), (Userns, "63000"));
        SandboxRemedies.Namespaces(ubuntu).ShouldContain("/etc/apparmor.d/bwrap");
        SandboxRemedies.Namespaces(ubuntu with { IsRoot = true }).ShouldNotContain("/etc/apparmor.d/bwrap");
    }

    [Fact]
    public void Namespaces_SwitchedOff_NamesTheSwitchAndWhereToKeepIt()
    {
        SandboxRemedies.Namespaces(Facts("ID=debian\n", ("kernel/unprivileged_userns_clone", "0"), (Userns, "63000"))).ShouldContain("kernel.unprivileged_userns_clone=1");
        var hardened = SandboxRemedies.Namespaces(Facts("ID=rocky\nID_LIKE=rhel\n", (Userns, "0")));
        hardened.ShouldContain("user.max_user_namespaces=15000");
        hardened.ShouldContain("/etc/sysctl.d/");
        hardened.ShouldContain("hardened");
        SandboxRemedies.Namespaces(Facts("ID=alpine\n")).ShouldContain("CONFIG_USER_NS");
        SandboxRemedies.Namespaces(Facts("ID=fedora\n", (Userns, "63000"))).ShouldContain("RestrictNamespaces");
    }

    [Fact]
    public void Namespaces_InAContainer_NamesItsOptions_AndTheSwitchOfItsHost()
    {
        var container = Facts("ID=alpine\n", (Userns, "63000")) with { InContainer = true };
        SandboxRemedies.Namespaces(container).ShouldContain("--security-opt seccomp=unconfined");
        SandboxRemedies.Namespaces(container).ShouldNotContain("sysctl");
        SandboxRemedies.Namespaces(container with { Switch = name => name == Userns ? "0" : "" }).ShouldContain("run there: sysctl");
    }

    private static SystemFacts Facts(string release, params (string Name, string Value)[] switches) =>
        new(release, name => switches.FirstOrDefault(one => one.Name == name).Value ?? "", IsRoot: false, InContainer: false);
}
