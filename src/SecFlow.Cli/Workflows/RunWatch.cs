using Microsoft.Extensions.DependencyInjection;
using SecFlow.Data.Runs;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Runs;

namespace SecFlow.Cli.Workflows;

/// <summary>Waits for a run to end and says on stderr what its nodes do. Cancelling asks the run to stop and waits until its processes are gone.</summary>
internal sealed class RunWatch(Installation installation, Terminal terminal)
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestCancel = TimeSpan.FromSeconds(10);
    private readonly RunService _runs = installation.Services.GetRequiredService<RunService>();
    private readonly TimeProvider _time = installation.Services.GetRequiredService<TimeProvider>();
    private readonly Dictionary<Guid, NodeStatus> _said = [];

    public async Task<RunDetail> ToEndAsync(Guid runId, CancellationToken ct)
    {
        try
        {
            return await WaitAsync(runId, ct);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            await terminal.Error.WriteLineAsync("cancelling the run");
            await _runs.CancelAsync(installation.Actor, runId, CancellationToken.None);
            using var limit = new CancellationTokenSource(LongestCancel, _time);
            return await WaitAsync(runId, limit.Token);
        }
    }

    private async Task<RunDetail> WaitAsync(Guid runId, CancellationToken ct)
    {
        using var wake = new SemaphoreSlim(0);
        using var subscription = installation.Services.GetRequiredService<RunSignals>().Subscribe(installation.Actor.TeamId, runId, () => wake.Release());
        while (true)
        {
            var detail = await _runs.GetAsync(installation.Actor, runId, ct);
            await SayAsync(detail);
            if (detail.Run.Status.IsFinal())
            {
                return detail;
            }

            // A signal wakes at once; the time limit only covers a signal that got lost.
            await wake.WaitAsync(LongestWait, ct);
        }
    }

    private async Task SayAsync(RunDetail detail)
    {
        foreach (var node in detail.Nodes.Where(n => n.Status is not NodeStatus.Pending && _said.GetValueOrDefault(n.Id) != n.Status))
        {
            _said[node.Id] = node.Status;
            var error = node.ErrorCode is null ? "" : $" {new Diagnostic(node.ErrorCode, node.ErrorMessage ?? "")}";
            await terminal.Error.WriteLineAsync($"{node.NodeId}: {node.Status}{error}");
        }
    }
}
