using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Mvc;
using SecFlow.Data.Plugins;
using SecFlow.Execution;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Plugins;
using SecFlow.Execution.Plugins.Review;
using SecFlow.Execution.Teams;
using SecFlow.Portal.Teams;

namespace SecFlow.Portal.Api;

/// <summary>Body of <c>POST /api/v1/plugins/{id}/state</c>.</summary>
/// <param name="State">Where the version shall go along its life: submitted, approved, enabled, disabled, ...</param>
/// <param name="Reason">1..500 characters. While there is one administrator it stands for the second person that an approval may take.</param>
public sealed record PluginStateBody(PluginState? State, string? Reason);

/// <summary>Body of pin, unpin and rollback: why, 1..500 characters.</summary>
public sealed record PluginReasonBody(string? Reason);

/// <summary>Body of <c>POST /api/v1/plugins/{id}/comments</c>: 1..2000 characters.</summary>
public sealed record PluginCommentBody(string? Text);

/// <param name="State">The state that a step led to; null for a remark.</param>
public sealed record ApiPluginComment(DateTimeOffset At, string Author, PluginState? State, string Text)
{
    public static ApiPluginComment Of(PluginComment row) => new(row.At, row.Author, row.State, row.Text);
}

/// <param name="Lines">Changed lines as <c>+text</c> and <c>-text</c>, without those around them; null for what is no text or too different.</param>
public sealed record ApiFileChange(string Path, long? Before, long? After, int? Added, int? Removed, IReadOnlyList<string>? Lines);

/// <param name="Against">Version that was approved before.</param>
public sealed record ApiPluginDifference(string Against, string AgainstDigest, IReadOnlyList<ManifestChange> Manifest, IReadOnlyList<ApiFileChange> Files);

/// <summary>What a decision rests on.</summary>
/// <param name="Refusal">Why it may not be approved or run; null when Trust accepts it.</param>
/// <param name="TwoPersons">Why its approval takes two persons; null when one is enough.</param>
/// <param name="PinnedTo">Version that its id is pinned to; null when it is not pinned.</param>
public sealed record ApiPluginReview(
    ApiPlugin Plugin, string TrustState, string? Expected, string? Found, string? Rule, string? PolicyRevision, JsonObject? Refusal, string? TwoPersons, string? PinnedTo, IReadOnlyList<PluginState> Next,
    ApiPluginDifference? Difference, IReadOnlyList<ApiPluginComment> Comments)
{
    public static ApiPluginReview Of(PluginReview review) => new(
        ApiPlugin.Of(review.Plugin.Row), review.Verdict?.State.ToString() ?? "Tampered", review.Verdict?.Expected, review.Verdict?.Found, review.Verdict?.Rule, review.Verdict?.PolicyRevision,
        review.Refusal is { } refusal ? new JsonObject { ["code"] = refusal.Code, ["message"] = refusal.Message, ["rule"] = refusal.Rule, ["remedy"] = refusal.Remedy } : null,
        review.TwoPersons, review.Plugin.Pin?.Version, review.Next, Of(review.Difference), [.. review.Comments.Select(ApiPluginComment.Of)]);

    private static ApiPluginDifference? Of(PluginDifference? difference) => difference is null
        ? null
        : new(difference.Against.Version, difference.Against.Digest, difference.Manifest, [.. difference.Files.Select(Of)]);

    private static ApiFileChange Of(FileChange file) => new(
        file.Path, file.Before, file.After, file.Lines?.Added, file.Lines?.Removed,
        file.Lines?.Lines.Where(line => line.Kind is LineKind.Added or LineKind.Removed).Select(line => (line.Kind == LineKind.Added ? "+" : "-") + line.Text).ToList());
}

/// <summary>The registry: submission, review and life of plugins.</summary>
public static class PluginsApi
{
    public static void MapPlugins(this RouteGroupBuilder api)
    {
        // one byte more than a package may have, so that the registry says which limit it is
        api.MapPost("/plugins", SubmitAsync).WithName("submitPlugin").Accepts<byte[]>("application/zip").Produces<ApiPlugin>(StatusCodes.Status201Created).WithMetadata(new RequestSizeLimitAttribute(Limits.PackageBytes.Default + 1));
        api.MapGet("/plugins/{id:guid}", ReviewAsync).WithName("reviewPlugin").Produces<ApiPluginReview>();
        api.MapPost("/plugins/{id:guid}/state", ChangeAsync).WithName("changePluginState").Produces<ApiPlugin>();
        api.MapPost("/plugins/{id:guid}/comments", CommentAsync).WithName("commentPlugin").Produces<ApiPluginComment>(StatusCodes.Status201Created);
        api.MapPost("/plugins/{id:guid}/pin", PinAsync).WithName("pinPlugin").Produces(StatusCodes.Status204NoContent);
        api.MapPost("/plugins/{id:guid}/unpin", UnpinAsync).WithName("unpinPlugin").Produces(StatusCodes.Status204NoContent);
        api.MapPost("/plugins/{id:guid}/rollback", RollBackAsync).WithName("rollBackPlugin").Produces<ApiPlugin>();
    }

    private static async Task<IResult> SubmitAsync(HttpContext context, string? note, CurrentActor actors, PluginRegistry plugins, CancellationToken ct)
    {
        var row = await plugins.SubmitAsync(await actors.OfRequestAsync(context, ct), context.Request.Body, note ?? "", ct);
        return Results.Created($"/api/v1/plugins/{row.Id}", ApiPlugin.Of(row));
    }

    private static async Task<ApiPluginReview> ReviewAsync(Guid id, HttpContext context, CurrentActor actors, PluginReviews reviews, CancellationToken ct) =>
        ApiPluginReview.Of(await reviews.GetAsync(await actors.OfRequestAsync(context, ct), id, ct));

    private static async Task<ApiPlugin> ChangeAsync(Guid id, PluginStateBody body, HttpContext context, CurrentActor actors, PluginRegistry plugins, Access access, CancellationToken ct)
    {
        var actor = await actors.OfRequestAsync(context, ct);
        await access.RequireAsync(actor, Permission.ManagePlugins, null, $"plugin/{id}", ct);
        if (body.State is not { } state)
        {
            throw new SecFlowException(new Diagnostic(Codes.RequestInvalid, "state is missing: a state such as submitted, approved, enabled or disabled was expected.") { Path = "$.state" });
        }

        return ApiPlugin.Of(await plugins.ChangeStateAsync(actor, id, state, body.Reason ?? "", ct));
    }

    private static async Task<IResult> CommentAsync(Guid id, PluginCommentBody body, HttpContext context, CurrentActor actors, PluginReviews reviews, CancellationToken ct) =>
        Results.Created($"/api/v1/plugins/{id}", ApiPluginComment.Of(await reviews.CommentAsync(await actors.OfRequestAsync(context, ct), id, body.Text ?? "", ct)));

    private static async Task<IResult> PinAsync(Guid id, PluginReasonBody body, HttpContext context, CurrentActor actors, PluginRegistry plugins, CancellationToken ct)
    {
        await plugins.PinAsync(await actors.OfRequestAsync(context, ct), id, body.Reason ?? "", ct);
        return Results.NoContent();
    }

    private static async Task<IResult> UnpinAsync(Guid id, PluginReasonBody body, HttpContext context, CurrentActor actors, PluginRegistry plugins, CancellationToken ct)
    {
        await plugins.UnpinAsync(await actors.OfRequestAsync(context, ct), id, body.Reason ?? "", ct);
        return Results.NoContent();
    }

    private static async Task<ApiPlugin> RollBackAsync(Guid id, PluginReasonBody body, HttpContext context, CurrentActor actors, PluginRegistry plugins, CancellationToken ct) =>
        ApiPlugin.Of(await plugins.RollBackAsync(await actors.OfRequestAsync(context, ct), id, body.Reason ?? "", ct));
}
