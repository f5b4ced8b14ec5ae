using System.Runtime.CompilerServices;

namespace SecFlow.Execution.Tests;

/// <summary>
/// Started by <see cref="Runs.Crashes.CrashHost"/>: an engine that kills itself at a named point.
/// Started by <see cref="Runs.Soak.SoakCourse"/>: an engine that is killed at random. By <see cref="Runs.Trouble.FullDisk"/>: one on a small disk.
/// Started by <see cref="Schedules.FiringTests"/>: an engine that kills itself while it fires schedules.
/// Started by <see cref="Runs.ProcessCareTests"/>: an engine of its own, which counts what it leaves or is killed.
/// Started in the sandbox by <see cref="Plugins.ProtocolBreachTests"/>: a plugin host that does not keep to the protocol.
/// </summary>
internal static class Program
{
    // In the sandbox there are only the runtime and the protocol: nothing else may be named before this decision.
    public static Task<int> Main(string[] args) =>
        Environment.GetEnvironmentVariable("SECFLOW_REQUIRE_CONFINEMENT") is not null ? Task.FromResult(Plugins.LawlessHost.Run())
        : args is ["crash", ..] ? CrashAsync(args)
        : args is ["fire", ..] ? FireAsync(args)
        : args is ["soak", ..] ? SoakAsync(args)
        : args is ["full-disk", ..] ? FullDiskAsync(args)
        : EngineAsync(Environment.GetEnvironmentVariable("SECFLOW_TEST_ENGINE")!);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Task<int> CrashAsync(string[] args) => Runs.Crashes.CrashHost.MainAsync(args);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Task<int> SoakAsync(string[] args) => Runs.Soak.SoakHost.MainAsync(args);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Task<int> FullDiskAsync(string[] args) => Runs.Trouble.FullDisk.MainAsync(args);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Task<int> FireAsync(string[] args) => Schedules.FiringCrash.MainAsync(args);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Task<int> EngineAsync(string work) => Runs.EngineProcess.RunAsync(work);
}
