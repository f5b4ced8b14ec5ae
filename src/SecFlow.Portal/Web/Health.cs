using SecFlow.Data;
using SecFlow.Execution;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Sandboxing;

namespace SecFlow.Portal.Web;

/// <summary>One part of readiness.</summary>
public sealed record ReadyCheck(string Name, bool Ready, string Reason);

/// <summary><c>/healthz</c>: the process answers. <c>/readyz</c>: it can do its work: database, sandbox, queue, disk; and whether the clock was set, which keeps nothing from its work.</summary>
public static class Health
{
    public static void MapHealth(this WebApplication app)
    {
        app.MapGet("/healthz", () => Results.Text("ok")).AllowAnonymous().ExcludeFromDescription();
        app.MapGet("/readyz", ReadyAsync).AllowAnonymous().ExcludeFromDescription();
    }

    private static async Task<IResult> ReadyAsync(Database database, Engine engine, EngineTroubles troubles, CancellationToken ct)
    {
        ReadyCheck[] checks = [await DatabaseAsync(database, troubles, ct), Sandbox(engine), Queue(engine), Of(troubles, "disk", "room is left", Codes.DiskFull), Of(troubles, "clock", "goes as it should", Codes.ClockStepped)];
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

    private static ReadyCheck Of(EngineTroubles troubles, string name, string well, params string[] codes) => troubles.Now.FirstOrDefault(t => codes.Contains(t.Code)) is { } trouble
        ? new ReadyCheck(name, !trouble.HoldsClaims, $"{trouble.Words} ({trouble.Code})")
        : new ReadyCheck(name, true, well);

    // What the watch saw counts first: it knows of a lock that a connection does not notice.
    private static async Task<ReadyCheck> DatabaseAsync(Database database, EngineTroubles troubles, CancellationToken ct) =>
        Of(troubles, "database", "answers", Codes.DatabaseLocked, Codes.DatabaseFailed) is { Ready: false } trouble ? trouble
        : await database.CanConnectAsync(ct) ? new ReadyCheck("database", true, "answers") : new ReadyCheck("database", false, "does not answer (" + Codes.DatabaseFailed + ")");
}
