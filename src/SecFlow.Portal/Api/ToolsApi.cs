using SecFlow.Execution.Tools;
using SecFlow.Portal.Teams;

namespace SecFlow.Portal.Api;

/// <summary>Body of <c>POST /api/v1/tools/{id}/accept</c>: digest of the file that was looked at.</summary>
public sealed record AcceptToolBody(string? Digest);

/// <summary>Body of <c>PUT /api/v1/tools/{id}/path</c>; null = the system's program folders.</summary>
public sealed record ToolPathBody(string? Path);

/// <param name="Path">Null: it is not installed.</param>
/// <param name="MinVersion">The highest that a plugin asks for.</param>
/// <param name="Digest">Of the file that is there.</param>
/// <param name="AcceptedDigest">Of the file that may run; null before its first use.</param>
/// <param name="Ready">Whether the self-test passed: the sandbox starts it, and its version will do.</param>
/// <param name="Code">Why it would not run.</param>
public sealed record ApiTool(
    string Name, bool Ready, string? Path, bool PathSet, string Version, string? MinVersion, string? Digest, string? AcceptedDigest, string? AcceptedBy, DateTimeOffset? AcceptedAt, string? Code, string? Problem,
    IReadOnlyList<string> UsedBy)
{
    public static ApiTool Of(ToolState tool) => new(
        tool.Name, tool.Ready, tool.Path, tool.PathSet, tool.Version, tool.MinVersion, tool.Digest, tool.AcceptedDigest, tool.AcceptedBy, tool.AcceptedAt, tool.Problem?.Code, tool.Problem?.Message, tool.UsedBy);
}

/// <summary>The external programs that plugins drive.</summary>
public static class ToolsApi
{
    public static void MapTools(this RouteGroupBuilder api)
    {
        api.MapGet("/tools", ListAsync).WithName("listTools").Produces<ApiPage<ApiTool>>();
        api.MapPost("/tools/{id}/test", TestAsync).WithName("testTool").Produces<ApiTool>();
        api.MapPost("/tools/{id}/accept", AcceptAsync).WithName("acceptTool").Produces<ApiTool>();
        api.MapPut("/tools/{id}/path", SetPathAsync).WithName("setToolPath").Produces<ApiTool>();
    }

    private static async Task<ApiPage<ApiTool>> ListAsync(HttpContext context, CurrentActor actors, ToolService tools, CancellationToken ct)
    {
        var rows = await tools.ListAsync(await actors.OfRequestAsync(context, ct), ct);
        return new([.. rows.Select(ApiTool.Of)], null, rows.Count);
    }

    private static async Task<ApiTool> TestAsync(string id, HttpContext context, CurrentActor actors, ToolService tools, CancellationToken ct) =>
        ApiTool.Of(await tools.TestAsync(await actors.OfRequestAsync(context, ct), id, ct));

    private static async Task<ApiTool> AcceptAsync(string id, AcceptToolBody body, HttpContext context, CurrentActor actors, ToolService tools, CancellationToken ct) =>
        ApiTool.Of(await tools.AcceptAsync(await actors.OfRequestAsync(context, ct), id, body.Digest, ct));

    private static async Task<ApiTool> SetPathAsync(string id, ToolPathBody body, HttpContext context, CurrentActor actors, ToolService tools, CancellationToken ct) =>
        ApiTool.Of(await tools.SetPathAsync(await actors.OfRequestAsync(context, ct), id, body.Path, ct));
}
