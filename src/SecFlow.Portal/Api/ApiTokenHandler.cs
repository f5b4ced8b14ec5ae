using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
using SecFlow.Data.Teams;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Metrics;
using SecFlow.Portal.Web;

namespace SecFlow.Portal.Api;

/// <summary><c>Authorization: Bearer sf_...</c>. Only the hash of the token is stored and compared.</summary>
public sealed class ApiTokenHandler(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logs, UrlEncoder encoder, TokenStore tokens, SecFlowMeter meter)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logs, encoder)
{
    public const string SchemeName = "Token";

    private const string Bearer = "Bearer ";

    /// <summary>The token's text; null when there is no single bearer header of a sensible size.</summary>
    public static string? TextOf(HttpRequest request)
    {
        var header = request.Headers.Authorization;
        return header.Count == 1 && header[0] is { Length: > 7 and < 200 } value && value.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) ? value[Bearer.Length..].Trim() : null;
    }

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (Request.Headers.Authorization.Count == 0)
        {
            return AuthenticateResult.NoResult();
        }

        var token = TextOf(Request) is { } text ? await tokens.FindAsync(text, Context.RequestAborted) : null;
        if (token is null)
        {
            meter.AuthFailure("token");
            return AuthenticateResult.Fail("The token does not count.");
        }

        await tokens.TouchAsync(token, Context.RequestAborted);
        var identity = new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, token.Id.ToString()), new Claim(ClaimTypes.Name, token.Name)], SchemeName);
        return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), SchemeName));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.Headers.WWWAuthenticate = "Bearer";
        return Problems.WriteAsync(Context, StatusCodes.Status401Unauthorized, Codes.Unauthenticated, "A valid API token is needed: 'Authorization: Bearer sf_...'. Create one under Account in the portal.");
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) =>
        Problems.WriteAsync(Context, StatusCodes.Status403Forbidden, Codes.RoleMissing, "This token may not do that.");
}
