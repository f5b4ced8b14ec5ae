using System.Globalization;
using System.Text;
using SecFlow.Data.Runs;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Runs;
using SecFlow.Portal.Teams;

namespace SecFlow.Portal.Api;

/// <summary>
/// Events of a run as server-sent events.
/// 1. What is sent is what is stored: <c>id</c> is the stored sequence, so that <c>Last-Event-ID</c> resumes without a gap and without a repetition.
/// 2. Subscribe first, read second: a commit between the two wakes the next reading.
/// 3. Who may read is asked again at each wake; a revoked token ends the stream.
/// 4. It ends with the event <c>end</c> when the run is final and everything was sent.
/// </summary>
public static class RunEventStream
{
    private const int BatchSize = 500;

    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    public static async Task WriteAsync(Guid id, HttpContext context, CurrentActor actors, RunService runs, RunSignals signals, TimeProvider time, IHostApplicationLifetime lifetime)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        var ct = stop.Token;
        var after = ReadLastEventId(context);
        var actor = await actors.OfRequestAsync(context, ct);
        using var woken = new SemaphoreSlim(0, 1);
        using var subscription = signals.Subscribe(actor.TeamId, id, () => Wake(woken));
        var run = (await runs.GetAsync(actor, id, ct)).Run;

        context.Response.ContentType = "text/event-stream";
        context.Response.Headers["X-Accel-Buffering"] = "no";
        await context.Response.WriteAsync(": events of run " + id + "\n\n", ct);
        try
        {
            while (true)
            {
                // Read the status before the events: events that come after it are found by the next turn.
                var final = run.Status.IsFinal();
                after = await SendAsync(context, runs, actor, id, after, ct);
                if (final)
                {
                    await context.Response.WriteAsync("event: end\ndata: {}\n\n", ct);
                    return;
                }

                await context.Response.Body.FlushAsync(ct);
                if (!await WaitAsync(woken, time, ct))
                {
                    await context.Response.WriteAsync(": still here\n\n", ct);
                }

                actor = await actors.OfRequestAsync(context, ct);
                run = (await runs.GetAsync(actor, id, ct)).Run;
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The client left or the portal stops; the stream is resumable.
        }
        catch (SecFlowException refused)
        {
            // The answer has begun, so the refusal is told as an event.
            await context.Response.WriteAsync($"event: error\ndata: {{\"code\":\"{refused.Code}\"}}\n\n", CancellationToken.None);
        }
    }

    private static async Task<long> SendAsync(HttpContext context, RunService runs, Data.Audit.Actor actor, Guid id, long after, CancellationToken ct)
    {
        while (true)
        {
            var events = await runs.EventsAsync(actor, id, after, BatchSize, ct);
            if (events.Count == 0)
            {
                return after;
            }

            var text = new StringBuilder();
            foreach (var stored in events)
            {
                text.Append("id: ").Append(stored.Seq.ToString(CultureInfo.InvariantCulture)).Append("\nevent: ").Append(stored.Type).Append("\ndata: ").Append(RunEventJson.Of(stored)).Append("\n\n");
                after = stored.Seq;
            }

            await context.Response.WriteAsync(text.ToString(), ct);
        }
    }

    private static long ReadLastEventId(HttpContext context)
    {
        var header = context.Request.Headers["Last-Event-ID"];
        if (header.Count == 0)
        {
            return 0;
        }

        return header.Count == 1 && long.TryParse(header[0], NumberStyles.None, CultureInfo.InvariantCulture, out var seq)
            ? seq
            : throw new SecFlowException(Codes.RequestInvalid, "Last-Event-ID: the id of an event of this stream (a whole number) was expected.");
    }

    private static void Wake(SemaphoreSlim woken)
    {
        try
        {
            woken.Release();
        }
        catch (SemaphoreFullException)
        {
            // Already woken: one reading serves both.
        }
        catch (ObjectDisposedException)
        {
            // The stream ended while the signal was on its way.
        }
    }

    private static async Task<bool> WaitAsync(SemaphoreSlim woken, TimeProvider time, CancellationToken ct)
    {
        using var timeout = new CancellationTokenSource(Heartbeat, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, timeout.Token);
        try
        {
            await woken.WaitAsync(either.Token);
            return true;
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return false;
        }
    }
}
