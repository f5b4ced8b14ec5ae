using System.Net.Mime;
using Microsoft.AspNetCore.Http.HttpResults;
using SecFlow.Execution.Runs.Raw;
using SecFlow.Portal.Teams;

namespace SecFlow.Portal.Web;

/// <summary>Raw outputs of runs, for a signed-in person and for a token: what targets and tools answered, so always a download of plain text and never anything that a browser shows.</summary>
public static class RawDownloads
{
    public static void MapRawDownloads(this WebApplication app) => app
        .MapGet("/runs/{id:guid}/raw/{rawId:guid}", async (Guid id, Guid rawId, HttpContext context, CurrentActor actors, ReparseService raw, CancellationToken ct) =>
            Send(context, await raw.OpenAsync(await actors.OfUserAsync(context.User, ct), id, rawId, ct)))
        .RequireAuthorization()
        .ExcludeFromDescription();

    public static FileStreamHttpResult Send(HttpContext context, RawContent raw)
    {
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = "sandbox; default-src 'none'";
        headers.XContentTypeOptions = "nosniff";
        headers.ContentDisposition = new ContentDisposition { DispositionType = DispositionTypeNames.Attachment, FileName = raw.Output.Name + ".txt" }.ToString();
        return TypedResults.Stream(raw.Content, "text/plain; charset=utf-8");
    }
}
