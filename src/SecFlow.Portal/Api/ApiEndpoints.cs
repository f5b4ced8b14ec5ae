using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Mvc;
using SecFlow.Execution.Diagnostics;
using SecFlow.Portal.Web;

namespace SecFlow.Portal.Api;

/// <summary><c>/api/v1</c> (contracts 13): every route needs a token, answers failures with problem details, and leaves role, scope and team to the engine's services.</summary>
public static class ApiEndpoints
{
    public const string Policy = "token";

    public const string RateLimit = "api";

    private const int MaxBodyBytes = 256 * 1024;

    public static IServiceCollection AddPortalApi(this IServiceCollection services, PortalOptions options)
    {
        services.ConfigureHttpJsonOptions(json => ApiJson.Configure(json.SerializerOptions));
        services.Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true);
        services.AddOpenApi("v1", api => api.AddDocumentTransformer((document, _, _) =>
        {
            document.Info.Title = "SecFlow";
            document.Info.Version = "v1";
            document.Info.Description = "Bearer tokens are created in the portal under Account. Failures are problem details (RFC 9457) with an SF code.";
            return Task.CompletedTask;
        }));
        return services;
    }

    public static void MapApi(this WebApplication app)
    {
        var api = app.MapGroup("/api/v1").RequireAuthorization(Policy).RequireRateLimiting(RateLimit).DisableAntiforgery().WithMetadata(new RequestSizeLimitAttribute(MaxBodyBytes));
        api.MapRuns();
        api.MapRunControl();
        api.MapQueue();
        api.MapRaw();
        api.MapFindings();
        api.MapTargets();
        api.MapCatalog();
        api.MapSchedules();
        api.MapResources();
        api.MapPlugins();
        api.MapBlastRadius();
        api.MapTrust();
        api.MapTools();
        api.MapHolds();
        api.MapPlans();
        api.MapAlerts();
        api.MapPerformance();
        app.MapOpenApi("/openapi/{documentName}.json");
    }

    /// <summary>Answers without a body (405, 415, ...) get one.</summary>
    public static Task WriteStatusAsync(StatusCodeContext status)
    {
        var code = status.HttpContext.Response.StatusCode;
        return Problems.WriteAsync(status.HttpContext, code, code switch { 404 => Codes.NotFound, 413 => Codes.RequestTooLarge, _ => Codes.RequestInvalid }, code switch
        {
            404 => "There is no such address in this API. See /openapi/v1.json.",
            405 => "This address does not know that method. See /openapi/v1.json.",
            413 => $"The body is larger than {MaxBodyBytes / 1024} KiB.",
            415 => "The body's type is not application/json. Send 'Content-Type: application/json'.",
            _ => "The request was not accepted.",
        });
    }
}
