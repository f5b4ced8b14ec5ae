using System.Text.Json.Nodes;
using SecFlow.Data.Runs;
using SecFlow.Execution.Runs;
using SecFlow.Execution.Runs.Raw;
using SecFlow.Portal.Teams;
using SecFlow.Portal.Web;

namespace SecFlow.Portal.Api;

/// <summary>What a node's plugin got to read; its bytes are at <c>/api/v1/runs/{run}/raw/{id}</c>.</summary>
public sealed record ApiRawOutput(Guid Id, string Node, RawOutputKind Kind, string Name, string Tool, long Size, string Digest, bool Truncated, DateTimeOffset CreatedAt);

/// <summary>Body of <c>POST /api/v1/runs/{id}/nodes/{node}/reparse</c>.</summary>
/// <param name="Version">Version or package digest of the same plugin; missing = the newest that is enabled.</param>
public sealed record ReparseBody(string? Version);

/// <param name="Added">Findings that the node had not.</param>
/// <param name="Changed">Findings that are described differently.</param>
/// <param name="Same">Findings that are as they were.</param>
/// <param name="Gone">Findings that this version does not report; they are kept.</param>
/// <param name="Changes">The first of them: <c>{change, fingerprint, title, severity, location, was?}</c>.</param>
/// <param name="Notes">What else a reader has to know.</param>
public sealed record ApiReparse(
    Guid Id, string Node, string Plugin, string FromVersion, string FromDigest, string ToVersion, string ToDigest, string Signer, string By, DateTimeOffset At, int Added, int Changed, int Same, int Gone, int Rejected, JsonNode? Changes, JsonNode? Notes)
{
    public static ApiReparse Of(Reparse row) => new(
        row.Id, row.NodeId, row.PluginId, row.FromVersion, row.FromDigest, row.ToVersion, row.ToDigest, row.Signer, row.By, row.At, row.Added, row.Changed, row.Same, row.Gone, row.Rejected, JsonNode.Parse(row.Changes), JsonNode.Parse(row.Notes));
}

/// <summary>Raw outputs of runs: list, download, read again with another version of the plugin.</summary>
public static class RawApi
{
    public static void MapRaw(this RouteGroupBuilder api)
    {
        api.MapGet("/runs/{id:guid}/raw", ListAsync).WithName("listRawOutputs").Produces<ApiPage<ApiRawOutput>>();
        api.MapGet("/runs/{id:guid}/raw/{rawId:guid}", DownloadAsync).WithName("downloadRawOutput").Produces<byte[]>(contentType: "text/plain");
        api.MapGet("/runs/{id:guid}/reparses", ReparsesAsync).WithName("listReparses").Produces<ApiPage<ApiReparse>>();
        api.MapPost("/runs/{id:guid}/nodes/{node}/reparse", ReparseAsync).WithName("reparseNode").Produces<ApiReparse>();
    }

    private static async Task<ApiPage<ApiRawOutput>> ListAsync(Guid id, HttpContext context, CurrentActor actors, ReparseService raw, RunService runs, CancellationToken ct)
    {
        var actor = await actors.OfRequestAsync(context, ct);
        var rows = await raw.OutputsAsync(actor, id, ct);
        var nodes = (await runs.GetAsync(actor, id, ct)).Nodes.ToDictionary(node => node.Id, node => node.NodeId);
        return new ApiPage<ApiRawOutput>([.. rows.Select(row => new ApiRawOutput(row.Id, nodes[row.NodeRunId], row.Kind, row.Name, row.Tool, row.Size, row.BlobDigest, row.Truncated, row.CreatedAt))], null);
    }

    private static async Task<IResult> DownloadAsync(Guid id, Guid rawId, HttpContext context, CurrentActor actors, ReparseService raw, CancellationToken ct) =>
        RawDownloads.Send(context, await raw.OpenAsync(await actors.OfRequestAsync(context, ct), id, rawId, ct));

    private static async Task<ApiPage<ApiReparse>> ReparsesAsync(Guid id, HttpContext context, CurrentActor actors, ReparseService raw, CancellationToken ct) =>
        new([.. (await raw.ListAsync(await actors.OfRequestAsync(context, ct), id, ct)).Select(ApiReparse.Of)], null);

    private static async Task<ApiReparse> ReparseAsync(Guid id, string node, ReparseBody? body, HttpContext context, CurrentActor actors, ReparseService raw, CancellationToken ct) =>
        ApiReparse.Of(await raw.ReparseAsync(await actors.OfRequestAsync(context, ct), id, node, body?.Version, ct));
}
