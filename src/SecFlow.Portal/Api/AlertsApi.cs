using System.Text.Json;
using SecFlow.Data.Alerts;
using SecFlow.Execution.Alerts;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Teams;
using SecFlow.Portal.Teams;
using SecFlow.Portal.Web;

namespace SecFlow.Portal.Api;

/// <param name="Reason">Why; at most 500 characters, may be missing.</param>
public sealed record AcknowledgeBody(string? Reason);

/// <param name="Kind">Which alerts.</param>
/// <param name="Subject">About what; missing = all of the kind.</param>
/// <param name="Hours">How long, more than 0 and at most 720.</param>
/// <param name="Reason">1..500 characters.</param>
public sealed record SilenceBody(AlertKind? Kind, string? Subject, double? Hours, string? Reason);

/// <param name="Url">Where alerts are sent.</param>
/// <param name="Enabled">False: nothing is sent.</param>
/// <param name="ApprovePrivateAddress">An administrator of the installation approves the private or loopback address that the url leads to.</param>
/// <param name="NewKey">Replaces the key of the signature.</param>
public sealed record WebhookBody(string? Url, bool? Enabled, bool? ApprovePrivateAddress, bool? NewKey);

public sealed record ApiAlert(
    Guid Id, AlertKind Kind, AlertSeverity Severity, string Subject, string Words, string Page, bool OfInstallation, int Count, DateTimeOffset FirstAt, DateTimeOffset LastAt, bool Silenced, DateTimeOffset? AcknowledgedAt, DateTimeOffset? ClosedAt, string? ClosedBy, string? ClosedReason)
{
    public static ApiAlert Of(Alert row) => new(
        row.Id, row.Kind, row.Severity, row.Subject, row.Words, row.Link, row.TeamId == Guid.Empty, row.Count, row.FirstAt, row.LastAt, row.Silenced, row.AcknowledgedAt, row.ClosedAt, row.ClosedBy is "" ? null : row.ClosedBy, row.ClosedReason);
}

public sealed record ApiSilence(Guid Id, AlertKind Kind, string Subject, DateTimeOffset From, DateTimeOffset Until, string Reason, string CreatedBy)
{
    public static ApiSilence Of(AlertSilence row) => new(row.Id, row.Kind, row.Subject, row.From, row.Until, row.Reason, row.CreatedBy);
}

/// <param name="Key">Key of the signature; only in the answer that made it.</param>
public sealed record ApiWebhook(string Url, bool Enabled, string? ApprovedAddress, string? ApprovedBy, int Revision, string? Key)
{
    public static ApiWebhook Of(Webhook row, string? key) => new(row.Url, row.Enabled, row.ApprovedAddress, row.ApprovedBy, row.Revision, key);
}

/// <summary>Alerts, silences and the webhook.</summary>
public static class AlertsApi
{
    // What a team can silence, spelt as bodies are read.
    private static readonly string _kinds = string.Join(", ", AlertRules.All.Where(rule => !rule.OfInstallation).Select(rule => JsonSerializer.SerializeToElement(rule.Kind, ApiJson.Written).GetString()));

    public static void MapAlerts(this RouteGroupBuilder api)
    {
        api.MapGet("/alerts", ListAsync).WithName("listAlerts").Produces<ApiPage<ApiAlert>>();
        api.MapPost("/alerts/{id:guid}/acknowledge", AcknowledgeAsync).WithName("acknowledgeAlert").Produces<ApiAlert>();
        api.MapGet("/alerts/silences", SilencesAsync).WithName("listSilences").Produces<ApiPage<ApiSilence>>();
        api.MapPost("/alerts/silences", SilenceAsync).WithName("silenceAlerts").Produces<ApiSilence>(StatusCodes.Status201Created);
        api.MapDelete("/alerts/silences/{id:guid}", EndSilenceAsync).WithName("endSilence").Produces<ApiSilence>();
        api.MapGet("/alerts/webhook", WebhookAsync).WithName("getWebhook").Produces<ApiWebhook>();
        api.MapPut("/alerts/webhook", SetWebhookAsync).WithName("setWebhook").Produces<ApiWebhook>();
        api.MapDelete("/alerts/webhook", RemoveWebhookAsync).WithName("removeWebhook").Produces(StatusCodes.Status204NoContent);
        api.MapPost("/alerts/webhook/test", TestWebhookAsync).WithName("testWebhook").Produces<WebhookAnswer>();
    }

    private static async Task<ApiPage<ApiAlert>> ListAsync(string? cursor, int? limit, bool? open, HttpContext context, CurrentActor actors, AlertService alerts, CancellationToken ct)
    {
        var (skip, take) = (Cursor.Read(cursor), Cursor.Limit(limit));
        var rows = await alerts.ListAsync(await actors.OfRequestAsync(context, ct), open ?? false, skip, take + 1, ct);
        return new ApiPage<ApiAlert>([.. rows.Take(take).Select(ApiAlert.Of)], rows.Count > take ? Cursor.At(skip + take) : null);
    }

    private static async Task<ApiAlert> AcknowledgeAsync(Guid id, AcknowledgeBody? body, HttpContext context, CurrentActor actors, AlertService alerts, CancellationToken ct) =>
        ApiAlert.Of(await alerts.AcknowledgeAsync(await actors.OfRequestAsync(context, ct), id, body?.Reason, ct));

    private static async Task<ApiPage<ApiSilence>> SilencesAsync(HttpContext context, CurrentActor actors, AlertService alerts, CancellationToken ct)
    {
        var rows = await alerts.SilencesAsync(await actors.OfRequestAsync(context, ct), ct);
        return new([.. rows.Select(ApiSilence.Of)], null, rows.Count);
    }

    private static async Task<IResult> SilenceAsync(SilenceBody body, HttpContext context, CurrentActor actors, AlertService alerts, CancellationToken ct)
    {
        var kind = body.Kind ?? throw new SecFlowException(new Diagnostic(Codes.RequestInvalid, $"kind is missing: one of {_kinds} was expected.") { Path = "$.kind" });
        var hours = double.IsFinite(body.Hours ?? 0) ? Math.Clamp(body.Hours ?? 0, -1, 1_000_000) : 0;
        var silence = await alerts.SilenceAsync(await actors.OfRequestAsync(context, ct), kind, body.Subject, TimeSpan.FromHours(hours), body.Reason, ct);
        return Results.Created("/api/v1/alerts/silences", ApiSilence.Of(silence));
    }

    private static async Task<ApiSilence> EndSilenceAsync(Guid id, HttpContext context, CurrentActor actors, AlertService alerts, CancellationToken ct) =>
        ApiSilence.Of(await alerts.EndSilenceAsync(await actors.OfRequestAsync(context, ct), id, ct));

    private static async Task<ApiWebhook> WebhookAsync(HttpContext context, CurrentActor actors, WebhookService webhooks, CancellationToken ct) =>
        Tagged(context, await webhooks.FindAsync(await actors.OfRequestAsync(context, ct), ct) ?? throw new SecFlowException(Access.NotFound("webhook")), null);

    private static async Task<ApiWebhook> SetWebhookAsync(WebhookBody body, HttpContext context, CurrentActor actors, WebhookService webhooks, CancellationToken ct)
    {
        // The first one has no revision that could be named.
        var actor = await actors.OfRequestAsync(context, ct);
        var first = await webhooks.FindAsync(actor, ct) is null && context.Request.Headers.IfMatch.Count == 0;
        int? revision = first ? null : ETags.Required(context, "webhook", Codes.WebhookChanged);
        var made = await webhooks.SetAsync(actor, new WebhookWish(body.Url, body.Enabled ?? true, body.ApprovePrivateAddress ?? false, body.NewKey ?? false, revision), ct);
        return Tagged(context, made.Webhook, made.Key);
    }

    private static async Task<IResult> RemoveWebhookAsync(HttpContext context, CurrentActor actors, WebhookService webhooks, CancellationToken ct)
    {
        await webhooks.RemoveAsync(await actors.OfRequestAsync(context, ct), ct);
        return Results.NoContent();
    }

    private static async Task<WebhookAnswer> TestWebhookAsync(HttpContext context, CurrentActor actors, WebhookService webhooks, CancellationToken ct) =>
        await webhooks.TestAsync(await actors.OfRequestAsync(context, ct), ct);

    private static ApiWebhook Tagged(HttpContext context, Webhook row, string? key)
    {
        ETags.Set(context, row.Revision);
        return ApiWebhook.Of(row, key);
    }
}
