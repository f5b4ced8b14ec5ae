using System.Diagnostics;
using SecFlow.PluginProtocol;

namespace SecFlow.PluginHost.Tests;

/// <summary>Every file of tests/HostilePlugins in the real host process, without the sandbox around it.</summary>
public sealed class HostilePluginTests
{
    private static readonly HostLimits Limits = new(2_000, 5_000_000, 200, 524_288, 256, 64, 262_144, 16_384);

    /// <summary>Codes that only the engine gives: it counts records, output and wall time.</summary>
    private static readonly string[] OfTheEngine = ["SF4006", "SF4009", "SF4010"];

    private static readonly TimeSpan EndsWithin = TimeSpan.FromSeconds(20);

    public static TheoryData<string> Files => [.. Directory.EnumerateFiles(Folder, "*.js").Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal)];

    private static string Folder => Path.Combine(AppContext.BaseDirectory, "HostilePlugins");

    [Theory]
    [MemberData(nameof(Files))]
    public async Task Attack_EndsWithItsCodeInTime(string file)
    {
        var source = await File.ReadAllTextAsync(Path.Combine(Folder, file));
        var expected = source.Split('\n')[0]["// expect: ".Length..].Trim().Split(' ');
        using var host = HostProcess.Start();
        var clock = Stopwatch.StartNew();

        var start = new StartMessage(source, file, PluginEntry.Execute, null, null, null, new Dictionary<string, int>(StringComparer.Ordinal), null, Limits, 1_000);
        var run = host.Run(start);
        if (await Task.WhenAny(run, Task.Delay(EndsWithin)) != run)
        {
            // records and log lines without end are the engine's to stop: it counts them, and the wall time
            expected.ShouldContain("SF4006", $"{file} was still running after {EndsWithin}.");
            return;
        }

        Code(await run, await host.ExitCode()).ShouldBeOneOf([.. expected.Except(OfTheEngine)]);
        clock.Elapsed.ShouldBeLessThan(EndsWithin);
    }

    private static string Code(DoneMessage? done, int exit) => done switch
    {
        null => exit is 134 or 139 ? "SF4008" : $"exit {exit}",
        { Outcome: HostOutcome.Completed } => "Completed",
        { Outcome: HostOutcome.ScriptError } => "SF6001",
        { Outcome: HostOutcome.SyntaxError } => "SF6002",
        { Outcome: HostOutcome.MissingEntry } => "SF6003",
        { Outcome: HostOutcome.InterpreterError } => "SF6005",
        { Limit: "statements" } => "SF4001",
        { Limit: "time" } => "SF4002",
        { Limit: "recursion" } => "SF4003",
        { Limit: "memory" } => "SF4004",
        { Limit: "source" or "nesting" } => "SF4011",
        _ => done.Limit ?? "nothing",
    };
}
