using SecFlow.Execution.Sandboxing;

namespace SecFlow.Execution.Tests.Sandboxing;

/// <summary>Which groups are taken, on a tree of plain files: no machine has every layout.</summary>
public sealed class ControlGroupsTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("secflow-groups-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void Open_V2Delegated_MovesIntoALeafAndHandsTheControllersDown()
    {
        Group("", "cpu memory pids", "");
        Group("system.slice", "cpu", "cpu");
        Group("system.slice/secflow.service", "memory pids", "");

        var (groups, reason) = ControlGroups.Open(_root, ["0::/system.slice/secflow.service"]);

        groups.ShouldNotBeNull(reason).Version.ShouldBe("v2");
        File.ReadAllText(At("system.slice/secflow.service/engine/cgroup.procs")).ShouldBe(Environment.ProcessId.ToString());
        File.ReadAllText(At("system.slice/secflow.service/cgroup.subtree_control")).ShouldBe("+memory +pids");
        Directory.EnumerateDirectories(At("system.slice/secflow.service"), "secflow-*").Count().ShouldBe(1);
    }

    [Fact]
    public void Open_V2ParentHandsDown_StaysWhereItIs()
    {
        Group("", "memory pids", "memory pids");
        Group("app", "memory pids", "");

        ControlGroups.Open(_root, ["0::/app"]).Groups.ShouldNotBeNull();

        Directory.Exists(At("app/engine")).ShouldBeFalse();
        Directory.EnumerateDirectories(_root, "secflow-*").Count().ShouldBe(1);
    }

    [Fact]
    public void Open_V2WithoutControllers_SaysWhy()
    {
        Group("", "cpu", "cpu");
        Group("user", "cpu", "");

        var (groups, reason) = ControlGroups.Open(_root, ["0::/user"]);

        groups.ShouldBeNull();
        reason.ShouldContain("not delegated");
    }

    [Fact]
    public void Open_V1_NeedsBothHierarchies()
    {
        Directory.CreateDirectory(At("memory"));
        ControlGroups.Open(_root, []).Groups.ShouldBeNull();

        Directory.CreateDirectory(At("pids"));
        ControlGroups.Open(_root, []).Groups.ShouldNotBeNull().Version.ShouldBe("v1");
    }

    private string At(string path) => Path.Combine(_root, path);

    private void Group(string path, string controllers, string handedDown)
    {
        Directory.CreateDirectory(At(path));
        File.WriteAllText(At(Path.Combine(path, "cgroup.controllers")), controllers + "\n");
        File.WriteAllText(At(Path.Combine(path, "cgroup.subtree_control")), handedDown + "\n");
    }
}
