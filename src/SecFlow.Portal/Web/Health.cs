using SecFlow.Data;
using SecFlow.Execution;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Sandboxing;

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

    private static async Task<IResult> ReadyAsync(Database database, Engine engine, CancellationToken ct)
    {
        ReadyCheck[] checks = [await DatabaseAsync(database, ct), Sandbox(engine), Queue(engine)];
        var ready = Array.TrueForAll(checks, c => c.Ready);
        return Results.Json(new { status = ready ? "ready" : "not ready", checks }, ApiJson.Written, statusCode: ready ? 200 : 503);
    }

    private static ReadyCheck Sandbox(Engine engine) => engine.Sandbox.Level switch
    {
        SandboxLevel.L0 => new ReadyCheck("sandbox", false, "nothing confines plugins here, they are refused (" + Codes.SandboxUnavailable + ")"),
        var level => new ReadyCheck("sandbox", true, "level " + level),
    };

    private static ReadyCheck Queue(Engine engine) =>
        engine.IsReady ? new ReadyCheck("queue", true, "runs are taken") : new ReadyCheck("queue", false, "the engine starts or stops (" + Codes.EngineStopped + ")");

    private static async Task<ReadyCheck> DatabaseAsync(Database database, CancellationToken ct) =>
        await database.CanConnectAsync(ct) ? new ReadyCheck("database", true, "answers") : new ReadyCheck("database", false, "does not answer (" + Codes.DatabaseFailed + ")");
}
