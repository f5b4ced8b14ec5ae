using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.DataProtection;
using SecFlow.Data.Alerts;
using SecFlow.Execution.Targets;

namespace SecFlow.Execution.Alerts;

/// <summary>What a webhook answered.</summary>
/// <param name="Delivered">True for 2xx.</param>
/// <param name="Words">The status, or why it could not be asked.</param>
public sealed record WebhookAnswer(bool Delivered, string Words);

/// <summary>
/// Sends one message to a webhook.
/// <code>
///   POST &lt;url&gt;
///   Content-Type: application/json
///   SecFlow-Delivery: &lt;id of the message; the same in each attempt&gt;
///   SecFlow-Timestamp: &lt;seconds since 1970&gt;
///   SecFlow-Signature: sha256=&lt;lower-case hex of HMAC-SHA256(key, timestamp "." body)&gt;
/// </code>
/// Connections go to the pinned addresses only (<see cref="WebhookAddress"/>), certificates are verified, no proxy, no redirect, ten seconds in all, at most 4 KiB of the answer are read.
/// </summary>
public sealed class WebhookClient(IDataProtectionProvider keys, TimeProvider time)
{
    private const int MostAnswer = 4096;
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(10);

    /// <summary>The ports on which this program listens at the moment of a message; tests put others here.</summary>
    internal Func<IReadOnlySet<int>> Ports { get; set; } = OwnPorts.Find;

    /// <summary>The signature of a message, as its header says it.</summary>
    public static string Sign(string key, string timestamp, string body) =>
        "sha256=" + Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes($"{timestamp}.{body}")));

    /// <summary>A new key, 256 bits.</summary>
    public static string NewKey() => "whk_" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));

    /// <summary>Never throws but for cancellation: what went wrong is the answer.</summary>
    public async Task<WebhookAnswer> SendAsync(Webhook webhook, Guid delivery, string body, CancellationToken ct)
    {
        if (Unprotect(webhook) is not { } key)
        {
            return new WebhookAnswer(false, "The key cannot be read with the keys of this installation. Make a new one.");
        }

        using var limit = new CancellationTokenSource(_patience, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(ct, limit.Token);
        try
        {
            var url = new Uri(webhook.Url);
            var scope = await WebhookAddress.PinAsync(webhook, time, linked.Token);
            var answer = scope.Check(url);

            // Now, not only when the address was set: this program may have come to listen there since, and a name may lead elsewhere.
            if ((answer.Refusal ?? WebhookAddress.OwnPort(url, answer.Addresses, Ports())) is { } refusal)
            {
                return new WebhookAnswer(false, $"{refusal.Code}: {refusal.Message}");
            }

            using var client = Open(scope, url);
            var timestamp = time.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
            using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new StringContent(body, Encoding.UTF8, new MediaTypeHeaderValue("application/json")) };
            request.Headers.UserAgent.ParseAdd("SecFlow-Webhook/1");
            request.Headers.Add("SecFlow-Delivery", delivery.ToString());
            request.Headers.Add("SecFlow-Timestamp", timestamp);
            request.Headers.Add("SecFlow-Signature", Sign(key, timestamp, body));
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, linked.Token);
            return new WebhookAnswer(response.IsSuccessStatusCode, $"{(int)response.StatusCode} {response.ReasonPhrase}".Trim());
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            return new WebhookAnswer(false, $"It did not answer within {_patience.TotalSeconds:0} s.");
        }
        catch (HttpRequestException e)
        {
            return new WebhookAnswer(false, $"It could not be reached: {(e.InnerException ?? e).Message}");
        }
    }

    internal string Protect(Guid teamId, string key) => For(teamId).Protect(key);

    private string? Unprotect(Webhook webhook)
    {
        try
        {
            return For(webhook.TeamId).Unprotect(webhook.ProtectedSecret);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private IDataProtector For(Guid teamId) => keys.CreateProtector("SecFlow.Webhooks.v1", teamId.ToString("N"));

    private static HttpClient Open(TargetScope scope, Uri url)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            MaxResponseDrainSize = MostAnswer,
            MaxResponseHeadersLength = 16,
            ConnectCallback = async (_, token) => await TargetSocket.OpenAsync(scope, url, token),
        };
        return new HttpClient(handler, disposeHandler: true) { Timeout = Timeout.InfiniteTimeSpan };
    }
}
