namespace SecFlow.Architecture.Tests.Imports;

/// <summary>The floors of the house: an arrow only ever points down, and each dangerous thing has one door.</summary>
[Trait("Gate", "imports")]
public sealed class BorderTests
{
    /// <summary>Project -> what it may know. Data and PluginProtocol types stand in Execution's public signatures (Actor, Run, PluginEntry), so who uses the engine sees them.</summary>
    private static readonly Dictionary<string, string[]> Floors = new(StringComparer.Ordinal)
    {
        ["SecFlow.Sigstore"] = [],
        ["SecFlow.Data"] = [],
        ["SecFlow.PluginProtocol"] = [],
        ["SecFlow.PluginHost"] = ["SecFlow.PluginProtocol"],
        ["SecFlow.Execution"] = ["SecFlow.Data", "SecFlow.Sigstore", "SecFlow.PluginProtocol"],
        ["SecFlow.Portal"] = ["SecFlow.Execution", "SecFlow.Data"],
        ["SecFlow.Cli"] = ["SecFlow.Execution", "SecFlow.Data", "SecFlow.Sigstore", "SecFlow.PluginProtocol"],
    };

    /// <summary>The native half of SandboxedProcess.</summary>
    private const string Spawn = "SecFlow.Execution.Sandboxing.Spawn";

    /// <summary>The probe that tries, inside of the sandbox, what a sandboxed program must not manage.</summary>
    private const string EscapeAttempts = "SecFlow.PluginHost.Confinement.EscapeAttempts";

    private static readonly string[] Starters = ["fork", "vfork", "execve", "execv", "execvp", "posix_spawn", "posix_spawnp", "clone", "clone3", "system", "popen"];
    private static readonly string[] Clocks = ["get_Now", "get_UtcNow", "get_Today"];

    public static TheoryData<string> Projects => [.. Floors.Keys];

    private const string PluginSessionType = "SecFlow.Execution.Plugins.PluginSession";

    [Fact]
    public void Floors_EveryProjectOfSrc_IsListed() =>
        Directory.GetFiles(Path.Combine(Root, "src"), "*.csproj", SearchOption.AllDirectories).Select(Path.GetFileNameWithoutExtension).Order(StringComparer.Ordinal)
            .ShouldBe(Floors.Keys.Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Projects))]
    public void References_PointOnlyDown(string project) =>
        AssemblyScan.References(PathOf(project)).Except(Floors[project], StringComparer.Ordinal).ShouldBeEmpty($"{project} may know only: {string.Join(", ", Floors[project])}");

    [Fact]
    public void Processes_AreStartedOnlyBySandboxedProcess() =>
        AllUses().Where(u => (u.Type is "System.Diagnostics.Process" && u.Member is "Start" or ".ctor") || u.Type is "System.Diagnostics.ProcessStartInfo"
                || (u is { Type: Spawn, Member: "Start" } && u.User is not Spawn))
            .Where(u => u.User is not "SecFlow.Execution.Sandboxing.SandboxedProcess")
            .ShouldBeEmpty();

    [Fact]
    public void NativeProcessStarts_AreDeclaredOnlyBehindSandboxedProcess() =>
        Floors.Keys.SelectMany(p => AssemblyScan.NativeImports(PathOf(p)))
            .Where(u => Starters.Contains(u.Member, StringComparer.Ordinal) && u.User is not (Spawn or EscapeAttempts))
            .ShouldBeEmpty();

    [Fact]
    public void DatabaseContext_IsSeenOnlyInsideData() =>
        AllUses().Where(u => u.Type is "SecFlow.Data.SecFlowContext" or "SecFlow.Data.Write" && !u.User.StartsWith("SecFlow.Data.", StringComparison.Ordinal))
            .ShouldBeEmpty();

    /// <summary>RunWriter is the door for an engine's writes under a lease; the others are parts of stores: of those that share them, or written per database.</summary>
    [Fact]
    public void DatabaseSets_AreUsedOnlyByStoresAndTheDatabaseItself() =>
        Uses("SecFlow.Data").Where(u => u.Type is "SecFlow.Data.SecFlowContext" && u.Member.StartsWith("get_", StringComparison.Ordinal))
            .Where(u => !u.User.EndsWith("Store", StringComparison.Ordinal) && !u.User.StartsWith("SecFlow.Data.Audit.", StringComparison.Ordinal) && u.User is not ("SecFlow.Data.Database" or "SecFlow.Data.SecFlowContext" or "SecFlow.Data.Runs.RunWriter" or "SecFlow.Data.Findings.FindingMerge" or "SecFlow.Data.Runs.RunChoice" or "SecFlow.Data.Runs.NodeAttempts" or "SecFlow.Data.Schedules.FiringPostgres"))
            .ShouldBeEmpty();

    [Fact]
    public void PluginSessions_AreOpenedOnlyByPluginRunner() =>
        AllUses().Where(u => u is { Type: PluginSessionType, Member: ".ctor" } && u.User is not (PluginSessionType or "SecFlow.Execution.Plugins.PluginRunner" or "SecFlow.Execution.Plugins.DevelopmentSession"))
            .ShouldBeEmpty();

    [Fact]
    public void AuditRows_AreMadeOnlyByTheDoorInData() =>
        AllUses().Where(u => u is { Type: "SecFlow.Data.Audit.AuditEvent", Member: ".ctor" } && !u.User.StartsWith("SecFlow.Data.Audit.", StringComparison.Ordinal))
            .ShouldBeEmpty();

    [Fact]
    public void Clock_IsTimeProvider() =>
        AllUses().Where(u => (u.Type is "System.DateTime" or "System.DateTimeOffset" && Clocks.Contains(u.Member, StringComparer.Ordinal))
                || u is { Type: "System.Threading.Thread", Member: "Sleep" }
                || u is { Type: "System.Environment", Member: "get_TickCount" or "get_TickCount64" })
            .ShouldBeEmpty();

    [Fact]
    public void RequestsToTargets_LeaveOnlyThroughTargets() =>
        Uses("SecFlow.Execution").Where(u => u is { Type: "System.Net.Http.HttpClient" or "System.Net.Http.SocketsHttpHandler" or "System.Net.Http.HttpClientHandler" or "System.Net.Sockets.Socket" or "System.Net.Sockets.TcpClient", Member: ".ctor" })
            .Where(u => !u.User.StartsWith("SecFlow.Execution.Targets.", StringComparison.Ordinal))
            // A socket around the pair of descriptors between engine and sandbox: it has no address.
            .Where(u => u is not { User: "SecFlow.Execution.Sandboxing.SandboxedProcess", Type: "System.Net.Sockets.Socket" })
            // A team's webhook is no target; its address was pinned by the same rules.
            .Where(u => u.User != "SecFlow.Execution.Alerts.WebhookClient")
            .ShouldBeEmpty();

    [Fact]
    public void Scan_OfAMethodThatReadsTheClock_SeesIt()
    {
        // The scan must be able to see what it looks for, through closures and state machines too.
        var uses = AssemblyScan.Uses(typeof(BorderTests).Assembly.Location);
        uses.ShouldContain(new Use(typeof(BorderTests).FullName!, "System.DateTimeOffset", "get_UtcNow"));
    }

    internal static string Root { get; } = FindRoot();

    private static async Task<DateTimeOffset> SeededAsync()
    {
        await Task.Yield();
        return new Func<DateTimeOffset>(() => DateTimeOffset.UtcNow)();
    }

    private static string PathOf(string project) => Path.Combine(AppContext.BaseDirectory, project + ".dll");

    private static IReadOnlyList<Use> Uses(string project) => AssemblyScan.Uses(PathOf(project));

    private static IEnumerable<Use> AllUses() => Floors.Keys.SelectMany(Uses);

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "SecFlow.sln")))
        {
            folder = folder.Parent;
        }

        return folder.FullName;
    }
}
