using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using SecFlow.Data;
using SecFlow.Data.Alerts;
using SecFlow.Data.Audit;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Targets;
using SecFlow.Execution.Teams;

namespace SecFlow.Execution.Alerts;

/// <summary>What is wanted of the team's webhook.</summary>
/// <param name="Url">Where alerts are sent.</param>
/// <param name="Enabled">False: alerts are raised and not sent.</param>
/// <param name="ApprovePrivateAddress">An administrator of the installation approves the private or loopback address that the url leads to now.</param>
/// <param name="NewKey">The key of the signature is replaced; a webhook that is new gets one anyway.</param>
/// <param name="Revision">Revision of the webhook that was read; null = there was none.</param>
public sealed record WebhookWish(string? Url, bool Enabled = true, bool ApprovePrivateAddress = false, bool NewKey = false, int? Revision = null);

/// <summary>The webhook after a change; the key only when it is new, and only this once.</summary>
public sealed record WebhookChange(Webhook Webhook, string? Key);

/// <summary>The team's webhook: one address to which alerts are sent, signed. Its rules: <see cref="WebhookAddress"/>.</summary>
public sealed class WebhookService(WebhookStore webhooks, WebhookClient client, Access access, TimeProvider time)
{
    /// <summary>How names are resolved; tests put another way here.</summary>
    internal Func<string, CancellationToken, Task<IPAddress[]>> Resolve { get; set; } = Dns.GetHostAddressesAsync;

    /// <summary>The team's; null = none.</summary>
    public async Task<Webhook?> FindAsync(Actor actor, CancellationToken ct)
    {
        await access.RequireAsync(actor, Permission.ManageWebhooks, null, "webhook", ct);
        return await webhooks.FindAsync(actor.TeamId, ct);
    }

    /// <summary>Sets it. Throws SF1920, SF1921, SF1922 when it was changed since it was read, SF3001, SF3010.</summary>
    public async Task<WebhookChange> SetAsync(Actor actor, WebhookWish wish, CancellationToken ct)
    {
        await access.RequireAsync(actor, Permission.ManageWebhooks, null, "webhook", ct);
        var url = WebhookAddress.Read(wish.Url);
        var now = await webhooks.FindAsync(actor.TeamId, ct);
        if (now?.Revision != wish.Revision)
        {
            throw Changed(null);
        }

        var special = await WebhookAddress.ToApproveAsync(url, OwnPorts.Find(), Resolve, ct);
        (string Address, string By)? approved = special is null ? null : Approved(actor, wish, url, special, now);
        var key = now is null || wish.NewKey ? WebhookClient.NewKey() : null;
        var wanted = new Webhook
        {
            TeamId = actor.TeamId,
            Url = url.AbsoluteUri,
            ApprovedAddress = approved?.Address,
            ApprovedBy = approved?.By,
            ProtectedSecret = key is null ? now!.ProtectedSecret : client.Protect(actor.TeamId, key),
            Enabled = wish.Enabled,
        };
        try
        {
            return new WebhookChange(await webhooks.SetAsync(actor, wanted, wish.Revision, ct), key);
        }
        catch (ConflictException e)
        {
            throw Changed(e);
        }
    }

    /// <summary>Removes it, and what waits to be sent. Throws SF1502, SF3001, SF3010.</summary>
    public async Task RemoveAsync(Actor actor, CancellationToken ct)
    {
        await access.RequireAsync(actor, Permission.ManageWebhooks, null, "webhook", ct);
        if (!await webhooks.RemoveAsync(actor, ct))
        {
            throw new SecFlowException(Access.NotFound("webhook"));
        }
    }

    /// <summary>Sends a test message now and waits for the answer. Throws SF1502, SF3001, SF3010.</summary>
    public async Task<WebhookAnswer> TestAsync(Actor actor, CancellationToken ct)
    {
        await access.RequireAsync(actor, Permission.ManageWebhooks, null, "webhook", ct);
        var webhook = await webhooks.FindAsync(actor.TeamId, ct) ?? throw new SecFlowException(Access.NotFound("webhook"));
        var body = JsonSerializer.Serialize(new JsonObject { ["event"] = "test", ["words"] = $"{actor.Name} tests the webhook.", ["at"] = time.GetUtcNow().UtcDateTime });
        var delivery = await webhooks.AddTestAsync(actor, webhook, body, ct);
        var answer = await client.SendAsync(webhook, delivery.Id, body, ct);
        await webhooks.RecordAsync(delivery.Id, answer.Delivered, answer.Words, null, CancellationToken.None);
        return answer;
    }

    /// <summary>What was sent, newest first, at most 50.</summary>
    public async Task<IReadOnlyList<WebhookDelivery>> DeliveriesAsync(Actor actor, CancellationToken ct)
    {
        await access.RequireAsync(actor, Permission.ManageWebhooks, null, "webhook", ct);
        return await webhooks.ListAsync(actor.TeamId, 50, ct);
    }

    private static SecFlowException Changed(Exception? cause) => new(Codes.WebhookChanged, "The webhook was set, changed or removed by somebody else meanwhile. Load it again and decide anew.", cause);

    private static (string Address, string By) Approved(Actor actor, WebhookWish wish, Uri url, IPAddress special, Webhook? now)
    {
        // What an administrator approved stays approved while url and address are the same.
        if (now is { ApprovedAddress: { } before, ApprovedBy: { } by } && now.Url == url.AbsoluteUri && before == special.ToString())
        {
            return (before, by);
        }

        if (!wish.ApprovePrivateAddress || !actor.OfInstallation)
        {
            throw new SecFlowException(new Diagnostic(Codes.WebhookRefused, $"{url.Host} is {special}, an address of this machine or of a private network.")
            {
                Rule = "webhook.address",
                Remedy = actor.OfInstallation ? "Approve the address together with the webhook, or give a public one." : "Ask an administrator of the installation to set the webhook and approve the address, or give a public one.",
            });
        }

        return (special.ToString(), actor.Name);
    }
}
