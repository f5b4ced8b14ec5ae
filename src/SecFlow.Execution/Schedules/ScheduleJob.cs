using Quartz;

namespace SecFlow.Execution.Schedules;

/// <summary>Quartz's side of firings: when, and on which engine of a cluster. What is due is accepted, then the next moment is set.</summary>
[DisallowConcurrentExecution]
public sealed class ScheduleJob(ScheduleFiring firing, ScheduleMirror mirror) : IJob
{
    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await firing.FireDueAsync(cancellationToken);
        }
        finally
        {
            await mirror.SetNextAsync(CancellationToken.None);
        }
    }
}
