using SecFlow.Data;
using SecFlow.Execution.Diagnostics;

namespace SecFlow.Portal.Web;

/// <summary>One part of readiness.</summary>
public sealed record ReadyCheck(string Name, bool Ready, string Reason);

/// <summary><c>/healthz</c>: the process answers. <c>/readyz</c>: it can do its work: database, sandbox, queue.</summary>
public static class Health
{
    public static void MapHealth(this WebApplication app)
    {
        app.MapGet("/healthz", () => Results.Text("ok")).AllowAnonymous().ExcludeFromDescription();
        app.MapGet("/readyz", ReadyAsync).AllowAnonymous().ExcludeFromDescription();
    }

    private static async Task<IResult> ReadyAsync(Database database, CancellationToken ct)
    {
        var checks = new List<ReadyCheck> { await DatabaseAsync(database, ct) };
        var ready = checks.TrueForAll(c => c.Ready);
        return Results.Json(new { status = ready ? "ready" : "not ready", checks }, ApiJson.Written, statusCode: ready ? 200 : 503);
    }

    private static async Task<ReadyCheck> DatabaseAsync(Database database, CancellationToken ct) =>
        await database.CanConnectAsync(ct) ? new ReadyCheck("database", true, "answers") : new ReadyCheck("database", false, "does not answer (" + Codes.DatabaseFailed + ")");
}
