using SecFlow.Execution.Sandboxing;

namespace SecFlow.Execution.Tests.Sandboxing;

public sealed class SandboxFolderTests : IDisposable
{
    private readonly DirectoryInfo _home = Directory.CreateTempSubdirectory("secflow-test-");

    public void Dispose() => _home.Delete(recursive: true);

    [Fact]
    public void Sweep_FolderOfALivingProcess_Stays_OfADeadOne_Goes()
    {
        using var alive = SandboxFolder.Create(_home.FullName);
        var dead = _home.CreateSubdirectory("secflow-sandbox-0123456789abcdef");
        File.WriteAllText(Path.Combine(dead.FullName, "host.dll"), "x");
        var other = _home.CreateSubdirectory("something-else");

        SandboxFolder.Sweep(_home.FullName).ShouldBe(1);

        Directory.Exists(alive.Path).ShouldBeTrue();
        Directory.Exists(dead.FullName).ShouldBeFalse();
        other.Exists.ShouldBeTrue();
    }

    [Fact]
    public void Stage_ClosedFolder_IsCopiedReadableAndOnce()
    {
        var closed = Closed();
        SandboxFolder.IsReadableByAll(closed).ShouldBeFalse();
        File.SetUnixFileMode(_home.FullName, (UnixFileMode)0x1ED);
        using var folder = SandboxFolder.Create(_home.FullName);

        var copy = folder.Stage(closed, "app");

        SandboxFolder.IsReadableByAll(copy).ShouldBeTrue();
        File.ReadAllText(Path.Combine(copy, "deep", "b.txt")).ShouldBe("b");
        folder.Stage(closed, "app").ShouldBe(copy);
        folder.Dispose();
        Directory.Exists(folder.Path).ShouldBeFalse();
        Directory.CreateDirectory(folder.Path);
    }

    [Fact]
    public async Task Readable_FolderThatOnlyRootEnters_CanBeUsedInASandbox()
    {
        var path = Sandbox.Readable(Closed());
        var spec = Payload.Shell("read -r x </data/deep/b.txt; echo \"$x\"");

        var (_, output) = await Payload.RunAsync(spec with { ReadOnly = new Dictionary<string, string>(spec.ReadOnly, StringComparer.Ordinal) { ["/data"] = path } });

        output.ShouldBe("b\n");
    }

    private string Closed()
    {
        var closed = _home.CreateSubdirectory("closed");
        Directory.CreateDirectory(Path.Combine(closed.FullName, "deep"));
        File.WriteAllText(Path.Combine(closed.FullName, "deep", "b.txt"), "b");
        File.SetUnixFileMode(closed.FullName, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return closed.FullName;
    }
}
