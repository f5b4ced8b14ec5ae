using SecFlow.Gates.Reporting;

namespace SecFlow.Gates.Running;

/// <summary>
/// Runs the confinement tests again as a user without rights, which is how the portal should run; the run as root alone would hide what only root can do.
/// 1. The user id belongs to nobody, so it owns nothing and has no process; its folders for home and temporary files are its own.
/// 2. What it runs is a copy of the built tests below a folder that it can read, wherever the repository lies; it cannot write there.
/// 3. Started without rights there is nothing to do: the tests have run so already, and the note says it.
/// </summary>
internal sealed class Unprivileged : IDisposable
{
    public const string Name = "confinement";

    /// <summary>Which tests these are, in every test project: <c>[Trait("Category", "Confinement")]</c>.</summary>
    public const string Filter = "Category=Confinement";

    public static readonly string[] Projects = ["SecFlow.PluginHost.Tests", "SecFlow.Execution.Tests", "SecFlow.EndToEnd.Tests"];

    // 60578-61183 are left alone by Debian's policy and by systemd; the sandboxes of root take theirs from 60600 upwards.
    private const int FirstUser = 61120;
    private const int Users = 60;
    private const UnixFileMode ReadAndEnter =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    // As on a system with udev: anyone may open the tunnel device, which gives rights in a namespace of one's own only. A machine without is not changed; the user sees another /dev/net.
    private const string OpenTun = "mount -t tmpfs -o mode=755,size=4k tmpfs /dev/net && mknod -m 666 /dev/net/tun c 10 200; exec \"$@\"";

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);
    private readonly Repository _repository;
    private readonly string _folder;
    private readonly string _user;

    private Unprivileged(Repository repository, string folder, string user) => (_repository, _folder, _user) = (repository, folder, user);

    /// <summary>One result per project with such tests; results without a count when there is nothing to do.</summary>
    public static async Task<IReadOnlyList<GateResult>> RunAsync(Repository repository, TestRun run)
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return [.. Projects.Select(p => new GateResult(NameOf(p), 0, 0, 0, [], TimeSpan.Zero) { Note = "this run is without rights already" })];
        }

        // A user each, so that what one leaves behind is not seen by the other; the end-to-end tests take as long as the rest.
        using var one = await MakeAsync(repository, 0).ConfigureAwait(false);
        using var other = await MakeAsync(repository, 1).ConfigureAwait(false);
        if (await one.RunAsync("dotnet", "--version").ConfigureAwait(false) is { Succeeded: false } missing)
        {
            return [.. Projects.Select(p => GateResult.Skip(NameOf(p), $"a user without rights cannot start dotnet here: {missing.Tail(1)}"))];
        }

        var results = await Task.WhenAll(one.TestAllAsync(Projects[..^1], run), other.TestAllAsync(Projects[^1..], run)).ConfigureAwait(false);
        return [.. results.SelectMany(r => r)];
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static string NameOf(string project) => $"{project["SecFlow.".Length..^".Tests".Length]} without rights";

    private async Task<IReadOnlyList<GateResult>> TestAllAsync(IEnumerable<string> projects, TestRun run)
    {
        var results = new List<GateResult>();
        foreach (var project in projects)
        {
            results.Add(await TestAsync(project, run).ConfigureAwait(false));
        }

        return results;
    }

    private static async Task<Unprivileged> MakeAsync(Repository repository, int nth)
    {
        var folder = Directory.CreateTempSubdirectory("secflow-unprivileged-").FullName;
        File.SetUnixFileMode(folder, ReadAndEnter);
        var user = (FirstUser + ((Environment.ProcessId + nth) % Users)).ToString(System.Globalization.CultureInfo.InvariantCulture);
        var place = new Unprivileged(repository, folder, user);
        foreach (var own in new[] { "home", "tmp", "results" })
        {
            Directory.CreateDirectory(Path.Combine(folder, own));
        }

        await Must(Shell.RunAsync(folder, Limit, "chown", ["-R", $"{user}:{user}", "home", "tmp", "results"])).ConfigureAwait(false);
        // The tests find the repository by its solution, and the attacks by its folder.
        Directory.CreateDirectory(Path.Combine(folder, "tests"));
        File.Copy(repository.At("SecFlow.sln"), Path.Combine(folder, "SecFlow.sln"));
        await Must(Shell.RunAsync(repository.Root, Limit, "cp", ["-R", repository.At("tests", "HostilePlugins"), Path.Combine(folder, "tests")])).ConfigureAwait(false);
        return place;
    }

    private async Task<GateResult> TestAsync(string project, TestRun run)
    {
        var built = Path.Combine("tests", project, "bin", "Debug", "net10.0");
        var target = Path.Combine(_folder, "tests", project, "bin", "Debug");
        Directory.CreateDirectory(target);
        await Must(Shell.RunAsync(_repository.Root, Limit, "cp", ["-R", _repository.At(built), target])).ConfigureAwait(false);
        // A portal that was built and not published wants this folder, and reads its pictures where the builder has them: no test of confinement looks at pages.
        Directory.CreateDirectory(Path.Combine(_folder, built, "wwwroot"));
        foreach (var assets in Directory.EnumerateFiles(Path.Combine(_folder, built), "*.staticwebassets.runtime.json"))
        {
            File.Delete(assets);
        }

        await Must(Shell.RunAsync(_repository.Root, Limit, "chmod", ["-R", "go+rX", Path.Combine(_folder, "tests")])).ConfigureAwait(false);
        return await run.ReadAsync(NameOf(project), await FilterAsync(project, Filter).ConfigureAwait(false), again => FilterAsync($"{project} again", again)).ConfigureAwait(false);

        async Task<(string Trx, ShellResult Run)> FilterAsync(string folder, string filter)
        {
            var results = Path.Combine(_folder, "results", folder);
            var test = await RunAsync("dotnet", "test", Path.Combine(_folder, built, project + ".dll"), "--nologo", "--results-directory", results, "--logger", "trx;LogFileName=results.trx", "--filter", filter).ConfigureAwait(false);
            return (Path.Combine(results, "results.trx"), test);
        }
    }

    private Task<ShellResult> RunAsync(params string[] command)
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["HOME"] = Path.Combine(_folder, "home"),
            ["DOTNET_CLI_HOME"] = Path.Combine(_folder, "home"),
            ["TMPDIR"] = Path.Combine(_folder, "tmp"),
            [PostgresServer.Variable] = "",
        };
        string[] asUser = ["setpriv", "--reuid", _user, "--regid", _user, "--clear-groups", "--inh-caps=-all", "--", .. command];
        return TunIsOpen()
            ? Shell.RunAsync(_folder, Limit, asUser[0], asUser[1..], environment)
            : Shell.RunAsync(_folder, Limit, "unshare", ["--mount", "--propagation", "private", "--", "sh", "-c", OpenTun, "sh", .. asUser], environment);
    }

    private static bool TunIsOpen() => File.Exists("/dev/net/tun") && File.GetUnixFileMode("/dev/net/tun").HasFlag(UnixFileMode.OtherRead | UnixFileMode.OtherWrite);

    private static async Task Must(Task<ShellResult> running)
    {
        if (await running.ConfigureAwait(false) is { Succeeded: false } failed)
        {
            throw new InvalidOperationException($"The place for the run without rights could not be made: {failed.Tail(3)}");
        }
    }
}
