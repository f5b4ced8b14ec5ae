using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Runs;

namespace SecFlow.Portal.Api;

/// <summary>The header <c>Idempotency-Key</c>.</summary>
internal static class IdempotencyKeys
{
    private const int Most = 200;

    /// <summary>The key of the request, null without one. Adds SF1501 when it cannot be one.</summary>
    public static string? Read(HttpContext context, ICollection<Diagnostic> problems)
    {
        var key = context.Request.Headers["Idempotency-Key"];
        if (key.Count > 1 || key.ToString().Length > Most || key.ToString().Any(c => c is < '!' or > '~'))
        {
            problems.Add(new Diagnostic(Codes.RequestInvalid, $"Idempotency-Key: one value of at most {Most} visible ASCII characters was expected."));
        }

        if (EngineKeys.Has(key.ToString()))
        {
            problems.Add(new Diagnostic(Codes.RequestInvalid, "Idempotency-Key: keys that begin with 'schedule/' or 'cascade/' are the engine's own. Choose another one."));
        }

        return key.Count == 0 ? null : key.ToString();
    }
}
