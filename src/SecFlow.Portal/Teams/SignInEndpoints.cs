using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Mvc;

namespace SecFlow.Portal.Teams;

/// <summary>Where the forms of the signed-out pages and of the frame are sent. Every form carries an antiforgery token; a missing or stale one leads back to the form.</summary>
public static class SignInEndpoints
{
    public const string RateLimit = "sign-in";

    private const int MaxFormBytes = 16 * 1024;

    public static void MapSignIn(this WebApplication app)
    {
        var forms = app.MapGroup("/signin").DisableAntiforgery().WithMetadata(new RequestSizeLimitAttribute(MaxFormBytes)).ExcludeFromDescription();
        forms.MapPost("/password", PasswordAsync).RequireRateLimiting(RateLimit);
        forms.MapPost("/use-link", LinkAsync).RequireRateLimiting(RateLimit);
        forms.MapPost("/team", TeamAsync).RequireAuthorization();
        forms.MapPost("/out", OutAsync);
    }

    private static async Task<IResult> PasswordAsync(HttpContext context, IAntiforgery antiforgery, SignInService signIn)
    {
        if (await FormAsync(context, antiforgery) is not { } form)
        {
            return Results.LocalRedirect("/signin?problem=stale");
        }

        var back = LocalPath(form["returnUrl"]);
        return await signIn.ByPasswordAsync(context, form["user"].ToString().Trim(), form["password"].ToString())
            ? Results.LocalRedirect(back)
            : Results.LocalRedirect("/signin?problem=refused&returnUrl=" + Uri.EscapeDataString(back));
    }

    private static async Task<IResult> LinkAsync(HttpContext context, IAntiforgery antiforgery, SignInService signIn)
    {
        if (await FormAsync(context, antiforgery) is not { } form)
        {
            return Results.LocalRedirect("/signin?problem=stale");
        }

        var token = form["token"].ToString();
        return await signIn.ByLinkAsync(context, token, form["password"].ToString()) switch
        {
            LinkAnswer.SignedIn => Results.LocalRedirect("/"),
            LinkAnswer.PasswordRefused when token.Length <= SignInService.MaxTokenLength => Results.LocalRedirect("/signin/link?problem=password&token=" + Uri.EscapeDataString(token)),
            _ => Results.LocalRedirect("/signin?problem=link"),
        };
    }

    private static async Task<IResult> TeamAsync(HttpContext context, IAntiforgery antiforgery, SignInService signIn)
    {
        if (await FormAsync(context, antiforgery) is not { } form)
        {
            return Results.LocalRedirect("/");
        }

        if (Guid.TryParse(form["team"], out var teamId))
        {
            await signIn.ChangeTeamAsync(context, teamId);
        }

        // Details of the other team's rows would not be found in this one: a list is the same question in both.
        var path = LocalPath(form["returnUrl"]);
        return Results.LocalRedirect("/" + path.Split('?')[0].TrimStart('/').Split('/')[0]);
    }

    private static async Task<IResult> OutAsync(HttpContext context, IAntiforgery antiforgery, SignInService signIn)
    {
        if (context.User.Identity is { IsAuthenticated: true } && await FormAsync(context, antiforgery) is not null)
        {
            await signIn.LeaveAsync(context);
        }

        return Results.LocalRedirect("/signin");
    }

    /// <summary>The posted form; null when it is not one, or its antiforgery token does not fit.</summary>
    private static async Task<IFormCollection?> FormAsync(HttpContext context, IAntiforgery antiforgery)
    {
        if (!context.Request.HasFormContentType)
        {
            return null;
        }

        try
        {
            await antiforgery.ValidateRequestAsync(context);
            return await context.Request.ReadFormAsync(context.RequestAborted);
        }
        catch (AntiforgeryValidationException)
        {
            return null;
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }

    /// <summary>A path of this portal; anything else (another host, a scheme, <c>//host</c>, a backslash) is the overview.</summary>
    public static string LocalPath(string? path) =>
        path is { Length: > 0 and < 2000 } && path[0] == '/' && (path.Length == 1 || path[1] is not ('/' or '\\')) && !path.Contains('\\', StringComparison.Ordinal) && !path.Any(char.IsControl) ? path : "/";
}
