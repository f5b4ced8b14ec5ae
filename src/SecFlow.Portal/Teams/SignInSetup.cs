using System.Globalization;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Identity;
using SecFlow.Data;
using SecFlow.Data.Teams;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Metrics;
using SecFlow.Portal.Api;
using SecFlow.Portal.Web;

namespace SecFlow.Portal.Teams;

/// <summary>Identity, cookies, keys and rate limits.</summary>
public static class SignInSetup
{
    public const int MinPasswordLength = 12;

    // All requests of one address to the API and the sign-in, whatever tokens they carry: bounds what guessing tokens can cost.
    private const int RequestsPerAddressAndMinute = 6_000;

    public static IServiceCollection AddPortalSignIn(this IServiceCollection services, PortalOptions options)
    {
        services.AddIdentityCore<User>(identity =>
        {
            // Length is what counts; rules about kinds of characters make passwords worse.
            identity.Password.RequiredLength = MinPasswordLength;
            identity.Password.RequiredUniqueChars = 5;
            identity.Password.RequireDigit = identity.Password.RequireLowercase = identity.Password.RequireUppercase = identity.Password.RequireNonAlphanumeric = false;
            identity.Lockout.MaxFailedAccessAttempts = 5;
            identity.Lockout.DefaultLockoutTimeSpan = TimeSpan.FromMinutes(5);
        }).AddRoles<IdentityRole<Guid>>().AddSecFlowStores().AddSignInManager();
        services.AddAuthentication(IdentityConstants.ApplicationScheme)
            .AddScheme<AuthenticationSchemeOptions, ApiTokenHandler>(ApiTokenHandler.SchemeName, null)
            .AddIdentityCookies();
        services.ConfigureApplicationCookie(cookie =>
        {
            cookie.Cookie.Name = "secflow";
            cookie.Cookie.HttpOnly = true;
            cookie.Cookie.SameSite = SameSiteMode.Lax;
            cookie.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
            cookie.ExpireTimeSpan = TimeSpan.FromHours(12);
            cookie.SlidingExpiration = true;
            cookie.LoginPath = "/signin";
            cookie.AccessDeniedPath = "/signin";
            cookie.ReturnUrlParameter = "returnUrl";
        });
        services.AddAntiforgery(antiforgery =>
        {
            antiforgery.Cookie.Name = "secflow-form";
            antiforgery.Cookie.SameSite = SameSiteMode.Lax;
            antiforgery.Cookie.HttpOnly = true;
            antiforgery.SuppressXFrameOptionsHeader = true;
        });
        services.AddAuthorization(policies => policies.AddPolicy(ApiEndpoints.Policy, policy => policy.AddAuthenticationSchemes(ApiTokenHandler.SchemeName).RequireAuthenticatedUser()));
        services.AddCascadingAuthenticationState();
        services.AddScoped<AuthenticationStateProvider, CircuitAuthentication>();
        services.AddScoped<CurrentActor>();
        services.AddScoped<SignInService>();
        services.AddSingleton<PasswordService>();
        services.AddScoped<FirstAdministrator>();
        services.AddRateLimiter(limits => Limit(limits, options));
        return services;
    }

    private static void Limit(Microsoft.AspNetCore.RateLimiting.RateLimiterOptions limits, PortalOptions options)
    {
        limits.RejectionStatusCode = StatusCodes.Status429TooManyRequests;
        limits.GlobalLimiter = PartitionedRateLimiter.Create<HttpContext, string>(context =>
            context.Request.Path.StartsWithSegments("/api", StringComparison.Ordinal) || context.Request.Path.StartsWithSegments("/signin", StringComparison.Ordinal)
                ? Window(CurrentActor.AddressOf(context) ?? "-", RequestsPerAddressAndMinute)
                : RateLimitPartition.GetNoLimiter(""));
        limits.AddPolicy(SignInEndpoints.RateLimit, context => Window(CurrentActor.AddressOf(context) ?? "-", options.SignInTriesPerMinute));
        limits.AddPolicy(ApiEndpoints.RateLimit, context => Window(ApiTokenHandler.TextOf(context.Request) ?? CurrentActor.AddressOf(context) ?? "-", options.ApiRequestsPerMinute));
        limits.OnRejected = async (rejected, _) =>
        {
            var context = rejected.HttpContext;
            if (rejected.Lease.TryGetMetadata(MetadataName.RetryAfter, out var wait))
            {
                context.Response.Headers.RetryAfter = Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);
            }

            if (context.Request.Path.StartsWithSegments("/signin", StringComparison.Ordinal))
            {
                context.RequestServices.GetRequiredService<SecFlowMeter>().AuthFailure("sign-in");
                context.Response.Redirect("/signin?problem=busy");
                return;
            }

            await Problems.WriteAsync(context, StatusCodes.Status429TooManyRequests, Codes.TooManyRequests, "Too many requests in this minute. Wait as long as Retry-After says.");
        };
    }

    private static RateLimitPartition<string> Window(string key, int permits) =>
        RateLimitPartition.GetFixedWindowLimiter(key, _ => new FixedWindowRateLimiterOptions { PermitLimit = permits, Window = TimeSpan.FromMinutes(1), QueueLimit = 0 });
}
