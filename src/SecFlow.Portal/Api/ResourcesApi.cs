using Microsoft.AspNetCore.Mvc;
using SecFlow.Data.Resources;
using SecFlow.Execution.Resources;
using SecFlow.Portal.Teams;

namespace SecFlow.Portal.Api;

public sealed record ApiResource(string Uri, string Type, string Name, string Version, string Digest, long Bytes, long Entries, string? DataDate, string Origin, string ImportedBy, DateTimeOffset ImportedAt)
{
    public static ApiResource Of(Resource row) =>
        new($"res://{row.Type}/{row.Name}:{row.Version}", row.Type, row.Name, row.Version, row.Digest, row.Size, row.Entries, row.DataDate, row.Origin, row.ImportedBy, row.ImportedAt);
}

/// <summary>Wordlists, data sets of CVEs and templates: the list, and the import of a file as the request's body.</summary>
public static class ResourcesApi
{
    private const long MostBytes = 2L * 1024 * 1024 * 1024;

    public static void MapResources(this RouteGroupBuilder api)
    {
        api.MapGet("/resources", ListAsync).WithName("listResources").Produces<ApiPage<ApiResource>>();
        api.MapPost("/resources/{type}/{name}", ImportAsync).WithName("importResource").Accepts<byte[]>("application/octet-stream").Produces<ApiResource>(StatusCodes.Status201Created)
            .WithMetadata(new RequestSizeLimitAttribute(MostBytes));
    }

    private static async Task<ApiPage<ApiResource>> ListAsync(HttpContext context, CurrentActor actors, ResourceService resources, CancellationToken ct)
    {
        var rows = await resources.ListAsync(await actors.OfRequestAsync(context, ct), ct);
        return new([.. rows.Select(ApiResource.Of)], null, rows.Count);
    }

    private static async Task<IResult> ImportAsync(HttpContext context, string type, string name, string? label, string? file, CurrentActor actors, ResourceService resources, CancellationToken ct)
    {
        var import = new ResourceImport(type, name, string.IsNullOrEmpty(label) ? null : label, string.IsNullOrEmpty(file) ? "imported over the API" : file);
        var row = await resources.ImportAsync(await actors.OfRequestAsync(context, ct), import, context.Request.Body, ct);
        return Results.Created("/api/v1/resources", ApiResource.Of(row));
    }
}
