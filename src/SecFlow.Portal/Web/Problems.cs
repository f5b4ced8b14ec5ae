using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Diagnostics;
using SecFlow.Data;
using SecFlow.Execution;
using SecFlow.Execution.Diagnostics;

namespace SecFlow.Portal.Web;

/// <summary>Answers of failed API requests: RFC 9457 problem details with the <c>SF</c> code. Messages of <see cref="SecFlowException"/> may leave the process; those of other exceptions may not.</summary>
public sealed partial class Problems(ILogger<Problems> log) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (exception is OperationCanceledException && httpContext.RequestAborted.IsCancellationRequested)
        {
            // The client is gone: nobody reads an answer.
            httpContext.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
            return true;
        }

        var (status, diagnostics) = Of(exception);
        if (status >= 500)
        {
            LogFailure(exception, httpContext.Request.Method, httpContext.Request.Path, diagnostics[0].Code);
        }

        await WriteAsync(httpContext, status, diagnostics);
        return true;
    }

    /// <summary>Status and what is said for a failure.</summary>
    public static (int Status, IReadOnlyList<Diagnostic> Diagnostics) Of(Exception exception) => exception switch
    {
        SecFlowException known => (StatusOf(known.Code), known.Diagnostics),
        BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } =>
            (413, [new(Codes.RequestTooLarge, "The body is larger than this address accepts.")]),
        BadHttpRequestException { InnerException: JsonException json } => (400, [Json(json)]),
        BadHttpRequestException { StatusCode: StatusCodes.Status415UnsupportedMediaType } bad415 =>
            (415, [new(Codes.RequestInvalid, bad415.Message.StartsWith("Content type ", StringComparison.Ordinal) ? bad415.Message : "The body's type is not application/json. Send 'Content-Type: application/json'.")]),
        BadHttpRequestException bad => (bad.StatusCode, [new(Codes.RequestInvalid, Unbound(bad.Message))]),
        _ when DatabaseTrouble.Of(exception) is { } trouble => (503, [new(EngineTroubles.CodeOf(trouble.Kind), "The database could not do this now, and nothing was changed that was not answered. Ask again in a while; /readyz tells how it stands.")]),
        _ => (500, [new(Codes.Unexpected, "Something failed that was not expected. It is in the log under the trace id of this answer.")]),
    };

    public static Task WriteAsync(HttpContext context, int status, string code, string message) => WriteAsync(context, status, [new(code, message)]);

    public static async Task WriteAsync(HttpContext context, int status, IReadOnlyList<Diagnostic> diagnostics)
    {
        if (context.Response.HasStarted)
        {
            return;
        }

        context.Response.StatusCode = status;
        var first = diagnostics[0];
        var body = new
        {
            type = "about:blank",
            title = TitleOf(status),
            status,
            detail = first.Message,
            code = first.Code,
            rule = first.Rule,
            remedy = first.Remedy,
            problems = diagnostics.Count > 1 || first.Line is not null
                ? diagnostics.Select(d => new { code = d.Code, message = d.Message, line = d.Line, column = d.Column, path = d.Path })
                : null,
            traceId = Activity.Current?.TraceId.ToString() ?? context.TraceIdentifier,
        };
        await context.Response.WriteAsJsonAsync(body, ApiJson.Written, "application/problem+json", CancellationToken.None);
    }

    private static int StatusOf(string code) => code switch
    {
        Codes.NotFound or Codes.TeamMismatch => 404,
        Codes.Conflict or Codes.RunNotInState or Codes.NewAuthorisationNeeded or Codes.IdempotencyKeyReused or Codes.NotWaiting => 409,
        Codes.TrustPolicyInvalid or Codes.TrustRootRefused or Codes.TrustAdditionLoosens => 400,
        Codes.TargetChanged or Codes.ScheduleChanged or Codes.WebhookChanged => 412,
        Codes.RevisionMissing => 428,
        Codes.RequestTooLarge => 413,
        Codes.Unauthenticated => 401,
        Codes.TooManyRequests or Codes.ReparseBusy => 429,
        _ => Codes.CategoryOf(code) switch
        {
            DiagnosticCategory.Input => 400,
            DiagnosticCategory.Trust or DiagnosticCategory.Policy => 403,
            _ => 503,
        },
    };

    private static string TitleOf(int status) => status switch
    {
        400 => "The request is not valid",
        401 => "Not signed in",
        403 => "Not allowed",
        404 => "Not found",
        405 => "Method not allowed",
        409 => "Conflict",
        412 => "Changed meanwhile",
        413 => "Too large",
        415 => "Wrong content type",
        428 => "ETag needed",
        429 => "Too many requests",
        503 => "Not available",
        _ => status >= 500 ? "Failed" : "The request is not valid",
    };

    /// <summary>
    /// <c>Failed to bind parameter "Nullable&lt;int&gt; limit" from "many".</c> names a type of this program: said again in the client's words.
    /// </summary>
    private static string Unbound(string message)
    {
        var match = Parameter().Match(message);
        return match.Success ? $"{match.Groups["name"].Value}={match.Groups["value"].Value} is malformed: a value of another kind was expected." : "The request is malformed, or its JSON body is missing.";
    }

    [GeneratedRegex("""parameter "(\S+ )?(?<name>\w+)" from "(?<value>[^"]{0,100})""", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 200)]
    private static partial Regex Parameter();

    private static Diagnostic Json(JsonException json)
    {
        // "The JSON property 'x' could not be mapped to any .NET member contained in type 'T'." names an internal type: said again in the client's words.
        var unknown = json.Message.Contains("could not be mapped", StringComparison.Ordinal);
        var path = string.IsNullOrEmpty(json.Path) ? "$" : json.Path;
        var message = unknown
            ? $"Unknown member at {path}: it is not part of this request. Remove it or correct its name."
            : $"The JSON is malformed or of the wrong type at {path}.";
        return new Diagnostic(Codes.RequestInvalid, message)
        {
            Path = path,
            Line = json.LineNumber is { } line ? (int)line + 1 : null,
            Column = json.BytePositionInLine is { } column ? (int)column + 1 : null,
        };
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Method} {Path} failed with {Code}")]
    private partial void LogFailure(Exception exception, string method, string path, string code);
}
