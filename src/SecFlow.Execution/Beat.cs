namespace SecFlow.Execution;

/// <summary>The one loop of everything that looks again and again.</summary>
internal static class Beat
{
    /// <summary>Acts at each beat until it is cancelled. What fails is told and done again at the next beat: nothing here may end for good because of one error.</summary>
    /// <param name="every">From one beat to the next; beats that come while it acts are one.</param>
    /// <param name="act">One look.</param>
    /// <param name="failed">Told each error.</param>
    /// <param name="ct">Ends the loop.</param>
    public static async Task ForeverAsync(TimeSpan every, Func<CancellationToken, Task> act, Action<Exception> failed, CancellationToken ct)
    {
        using var timer = new PeriodicTimer(every);
        while (!ct.IsCancellationRequested)
        {
            try
            {
                await timer.WaitForNextTickAsync(ct);
                await act(ct);
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                failed(e);
            }
        }
    }
}
