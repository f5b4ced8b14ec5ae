using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Metrics;
using SecFlow.Portal.Teams;

namespace SecFlow.Portal.Api;

/// <summary>What runs cost in time.</summary>
public static class PerformanceApi
{
    public static void MapPerformance(this RouteGroupBuilder api) =>
        api.MapGet("/performance", ReadAsync).WithName("getPerformance").Produces<PerformanceView>();

    private static async Task<PerformanceView> ReadAsync(string? span, HttpContext context, CurrentActor actors, PerformanceService performance, CancellationToken ct) =>
        await performance.ReadAsync(
            await actors.OfRequestAsync(context, ct),
            span is null ? PerformanceSpan.Day
                : Enum.TryParse<PerformanceSpan>(span, ignoreCase: true, out var wanted) && Enum.IsDefined(wanted) ? wanted
                : throw new SecFlowException(new Diagnostic(Codes.RequestInvalid, "span is not known: hour, day or week was expected.") { Path = "$.span" }),
            ct);
}
