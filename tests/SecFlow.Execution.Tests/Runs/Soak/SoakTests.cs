using System.Globalization;
using SecFlow.Data;
using SecFlow.TestKit;
using Xunit.Abstractions;

namespace SecFlow.Execution.Tests.Runs.Soak;

/// <summary>Random kills: a few in each whole run, as many as promised by <c>./test --only soak</c>; its last report stands in docs/soak.md.</summary>
[Trait("Category", "Soak")]
public sealed class SoakTests(ITestOutputHelper output)
{
    private const int Seed = 20261;

    [DatabaseData]
    public async Task Kills_AtRandomMoments_NothingIsLostDoubledOrLeft(DatabaseKind kind)
    {
        var size = SoakSize.Asked;
        var (course, state) = await SoakCourse.RunAsync(kind, size, Seed);
        var report = string.Create(
            CultureInfo.InvariantCulture,
            $"{kind}: {course.Killed} kills ({course.KilledWhileStarting} while the engine started) over {state.Runs} runs in {course.Took.TotalSeconds:0} s, seed {Seed}: {course.Accepted.Count} acknowledged, {state.Lost} lost, {state.Doubled} doubled, {state.NotSucceeded} not succeeded, {state.Attempts} attempts at {3 * state.Runs} nodes of which {state.InterruptedAttempts} were interrupted, {state.Left} rows left over, audit {state.Audit}");
        output.WriteLine(report);
        if (Environment.GetEnvironmentVariable("SECFLOW_SOAK_REPORT") is { Length: > 0 } file)
        {
            await File.AppendAllTextAsync(file, report + "\n");
        }

        state.ShouldBe(state.Right());
        course.Killed.ShouldBe(size.Kills, "within the time");
        state.Runs.ShouldBeGreaterThanOrEqualTo(size.Runs);
        if (size.Kills > 10)
        {
            state.InterruptedAttempts.ShouldBeGreaterThan(0, "some kill met a node at work");
        }
    }
}
