using System.Globalization;

namespace SecFlow.EndToEnd.Tests.Stage;

/// <summary>What sandboxes could leave in this process and on this machine: descriptors, mounts, control groups, temporary folders.</summary>
internal sealed record Traces(int Descriptors, int Mounts, int Groups, int Folders)
{
    /// <summary>Connections to the shop and to the database come and go; one leak per start would be twenty and more.</summary>
    private const int Slack = 12;

    public static Traces Now()
    {
        var own = "secflow-" + Environment.ProcessId.ToString(CultureInfo.InvariantCulture) + "-";
        return new Traces(
            Directory.EnumerateFileSystemEntries("/proc/self/fd").Count(),
            File.ReadLines("/proc/self/mountinfo").Count(),
            new[] { "/sys/fs/cgroup", "/sys/fs/cgroup/memory", "/sys/fs/cgroup/pids" }.Where(Directory.Exists)
                .SelectMany(home => Directory.EnumerateDirectories(home, own + "*")).Sum(home => Directory.EnumerateDirectories(home).Count()),
            Directory.EnumerateDirectories(Path.GetTempPath(), "secflow-sandbox-*").Count());
    }

    public void ShouldNotExceed(Traces before)
    {
        Descriptors.ShouldBeLessThanOrEqualTo(before.Descriptors + Slack);
        Mounts.ShouldBe(before.Mounts);
        Groups.ShouldBeLessThanOrEqualTo(before.Groups);
        Folders.ShouldBe(before.Folders);
    }
}
