using System.Net.Mime;
using Microsoft.AspNetCore.Http.HttpResults;
using SecFlow.Execution.Runs;
using SecFlow.Portal.Teams;

namespace SecFlow.Portal.Web;

/// <summary>
/// Artifacts of runs, for a signed-in person and for a token.
/// They are made from what targets answered: always a download, never a page of this portal, and without any power should a browser show one all the same.
/// </summary>
public static class ArtifactDownloads
{
    private const string NoPower = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:";

    public static void MapArtifactDownloads(this WebApplication app) => app
        .MapGet("/runs/{id:guid}/artifacts/{artifactId:guid}", async (Guid id, Guid artifactId, HttpContext context, CurrentActor actors, RunService runs, CancellationToken ct) =>
            await SendAsync(context, await runs.OpenArtifactAsync(await actors.OfUserAsync(context.User, ct), id, artifactId, ct)))
        .RequireAuthorization()
        .ExcludeFromDescription();

    public static Task<FileStreamHttpResult> SendAsync(HttpContext context, ArtifactContent artifact)
    {
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = NoPower;
        headers.XContentTypeOptions = "nosniff";
        headers.ContentDisposition = new ContentDisposition { DispositionType = DispositionTypeNames.Attachment, FileName = artifact.Artifact.Name }.ToString();
        return Task.FromResult(TypedResults.Stream(artifact.Content, artifact.Artifact.MediaType + "; charset=utf-8"));
    }
}
