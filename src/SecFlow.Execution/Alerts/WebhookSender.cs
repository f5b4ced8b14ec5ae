using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using SecFlow.Data.Alerts;

namespace SecFlow.Execution.Alerts;

/// <summary>
/// Sends what waits for webhooks. A message is tried at most <see cref="MostAttempts"/> times over about three hours, then given up; what it came to stands with it.
/// At least once: an engine that dies between the answer and its record sends it again, under the same delivery id.
/// </summary>
public sealed partial class WebhookSender(WebhookStore webhooks, WebhookClient client, TimeProvider time, ILogger<WebhookSender> logger) : BackgroundService
{
    private const int Batch = 20;
    private static readonly TimeSpan _every = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan _hold = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan[] _waits = [TimeSpan.FromSeconds(10), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(30), TimeSpan.FromHours(2)];

    public static int MostAttempts => _waits.Length + 1;

    /// <summary>Sends what is due now; how many messages were tried.</summary>
    public async Task<int> SendDueAsync(CancellationToken ct)
    {
        var due = await webhooks.TakeDueAsync(Batch, _hold, ct);
        foreach (var delivery in due)
        {
            if (await webhooks.FindAsync(delivery.TeamId, ct) is not { Enabled: true } webhook)
            {
                await webhooks.RecordAsync(delivery.Id, false, "not sent: the webhook is off or was removed", null, ct);
                continue;
            }

            var answer = await client.SendAsync(webhook, delivery.Id, delivery.Body, ct);
            var again = answer.Delivered || delivery.Attempts >= MostAttempts ? null : (DateTimeOffset?)(time.GetUtcNow() + _waits[delivery.Attempts - 1]);
            await webhooks.RecordAsync(delivery.Id, answer.Delivered, answer.Words, again, CancellationToken.None);
            if (!answer.Delivered && again is null)
            {
                GivenUp(logger, delivery.Id, MostAttempts, answer.Words);
            }
        }

        return due.Count;
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Beat.ForeverAsync(_every, SendDueAsync, e => SendFailed(logger, e), stoppingToken);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Message {DeliveryId} to a webhook was given up after {Attempts} attempts: {Answer}")]
    private static partial void GivenUp(ILogger logger, Guid deliveryId, int attempts, string answer);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Messages to webhooks could not be sent; it is tried again in seconds")]
    private static partial void SendFailed(ILogger logger, Exception error);
}
