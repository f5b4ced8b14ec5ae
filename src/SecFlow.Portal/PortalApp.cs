using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using SecFlow.Data.Teams;
using SecFlow.Execution.Diagnostics;
using SecFlow.Portal.Api;
using SecFlow.Portal.Audit;
using SecFlow.Portal.Components;
using SecFlow.Portal.Components.Marks;
using SecFlow.Portal.Demo;
using SecFlow.Portal.Metrics;
using SecFlow.Portal.Teams;
using SecFlow.Portal.Web;

namespace SecFlow.Portal;

/// <summary>The portal as a program: pages, API, health, and (unless it is told otherwise) the engine in the same process. Tests start the same thing on a free port.</summary>
public sealed class PortalApp : IAsyncDisposable
{
    private readonly PortalOptions _options;
    private readonly WebApplication? _app;
    private readonly IReadOnlyList<Diagnostic> _problems = [];

    private PortalApp(IReadOnlyList<Diagnostic> problems)
    {
        _problems = problems;
        _options = new PortalOptions();
    }

    private PortalApp(PortalOptions options)
    {
        _options = options;
        _app = Build(options);
    }

    public IServiceProvider Services => App.Services;

    /// <summary>Where it listens; known after the start.</summary>
    public Uri Url { get; private set; } = new("http://localhost/");

    /// <summary>The one-time sign-in link that was printed; null when the administrator has a password.</summary>
    public Uri? SignInLink { get; private set; }

    private WebApplication App => _app ?? throw new InvalidOperationException("The options are not valid.");

    /// <summary>Reads arguments and environment. Problems are told by <see cref="RunAsync"/>.</summary>
    public static PortalApp Create(string[] args)
    {
        try
        {
            return Create(PortalOptions.Parse(args, Environment.GetEnvironmentVariable));
        }
        catch (SecFlowException invalid)
        {
            return new PortalApp(invalid.Diagnostics);
        }
    }

    public static PortalApp Create(PortalOptions options) => new(options);

    /// <summary>Runs until it is stopped. 0; 2 = usage; 4 = it could not start.</summary>
    public async Task<int> RunAsync()
    {
        if (_problems.Count > 0)
        {
            foreach (var problem in _problems)
            {
                await Console.Error.WriteLineAsync(problem.ToString());
            }

            await Console.Error.WriteLineAsync(PortalOptions.Usage);
            return 2;
        }

        try
        {
            await StartAsync(CancellationToken.None);
        }
        catch (SecFlowException known)
        {
            await Console.Error.WriteLineAsync(known.Message);
            return known.Code == Codes.OptionInvalid ? 2 : 4;
        }
        catch (IOException taken) when (taken.InnerException is Microsoft.AspNetCore.Connections.AddressInUseException)
        {
            await Console.Error.WriteLineAsync($"{Codes.OptionInvalid}: port {_options.Port} is in use. Stop what listens there, or choose another one with --port.");
            return 4;
        }

        await App.WaitForShutdownAsync();
        return 0;
    }

    /// <summary>Migrates, starts, makes the first administrator and the demo, and says where it is ready.</summary>
    public async Task StartAsync(CancellationToken ct)
    {
        await App.StartAsync(ct);
        Url = PublicUrl(App.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        await using var scope = Services.CreateAsyncScope();
        var administrator = scope.ServiceProvider.GetRequiredService<FirstAdministrator>();
        var user = await administrator.EnsureAsync(_options.AdminPassword, ct);
        if (_options.Role != PortalRole.Worker)
        {
            await SetUpTeamsAsync(scope.ServiceProvider, administrator, user, ct);
        }

        var secret = _options.Role == PortalRole.Worker ? null : await administrator.LinkAsync(user, ct);
        SignInLink = secret is null ? null : new Uri(Url, "signin/link?token=" + secret);
        if (_options.Role != PortalRole.Portal)
        {
            var level = App.Services.GetRequiredService<Execution.Engine>().Sandbox.Level;
            await _options.Output.WriteLineAsync($"sandbox {level}: {SandboxWords.Of(level)}");
        }

        await _options.Output.WriteLineAsync($"SecFlow is ready at {Url.GetLeftPart(UriPartial.Authority)}");
        if (SignInLink is not null)
        {
            await _options.Output.WriteLineAsync($"Sign in once with: {SignInLink}");
        }

        await _options.Output.FlushAsync(ct);
    }

    public Task StopAsync(CancellationToken ct) => App.StopAsync(ct);

    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
        {
            await _app.DisposeAsync();
        }
    }

    private async Task SetUpTeamsAsync(IServiceProvider services, FirstAdministrator administrator, User user, CancellationToken ct)
    {
        if (_options.Demo)
        {
            await services.GetRequiredService<DemoSetup>().EnsureAsync(administrator, user, _options.DemoTarget, ct);
        }
        else if ((await services.GetRequiredService<TeamStore>().ListOfUserAsync(user.Id, ct)).Count == 0)
        {
            await administrator.EnsureTeamAsync(user, "main", "Main", isDemo: false, ct);
        }
    }

    private static WebApplication Build(PortalOptions options)
    {
        // The content root is where the program lies, never the folder it was called from.
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions
        {
            ApplicationName = typeof(PortalApp).Assembly.GetName().Name,
            ContentRootPath = AppContext.BaseDirectory,
            WebRootPath = "wwwroot",
            EnvironmentName = Environments.Production,
        });
        if (File.Exists(Path.Combine(AppContext.BaseDirectory, "SecFlow.Portal.staticwebassets.runtime.json")))
        {
            // Started from a build folder: static files lie where they were built from. A published folder has them in wwwroot.
            builder.WebHost.UseStaticWebAssets();
        }

        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 2 * 1024 * 1024;
            if (options.Listen == "localhost")
            {
                kestrel.ListenLocalhost(options.Port);
            }
            else
            {
                kestrel.Listen(IPAddress.Parse(options.Listen), options.Port);
            }
        });
        builder.Logging.ClearProviders();
        builder.Logging.AddSimpleConsole(console => (console.SingleLine, console.IncludeScopes) = (true, true));
        builder.Logging.SetMinimumLevel(LogLevel.Warning);

        // Says at each start that keys are not encrypted at rest; docs/operating says what protects them (mode 0700).
        builder.Logging.AddFilter("Microsoft.AspNetCore.DataProtection", LogLevel.Error);
        builder.Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);

        builder.Services.AddSingleton(options);
        builder.Services.AddSingleton(options.Time);
        builder.Services.AddPortalEngine(options);
        builder.Services.AddPortalSignIn(options);
        builder.Services.AddPortalPages();
        builder.Services.AddPortalApi(options);
        builder.Services.AddPortalMetrics();
        builder.Services.AddPortalDemo();

        var app = builder.Build();
        app.UseSecurityHeaders();
        app.UseExceptionHandler();
        app.UseWhen(context => context.Request.Path.StartsWithSegments("/api", StringComparison.Ordinal), api => api.UseStatusCodePages(ApiEndpoints.WriteStatusAsync));
        app.UseWhen(context => !context.Request.Path.StartsWithSegments("/api", StringComparison.Ordinal), pages => pages.UseStatusCodePagesWithReExecute("/not-found"));
        app.UseStaticFiles(PortalPages.StaticFiles);
        app.UseRouting();
        app.UseAuthentication();
        app.UseRateLimiter();
        app.UseAuthorization();
        app.UseAntiforgery();
        app.MapHealth();
        app.MapPrometheus();
        if (options.Role != PortalRole.Worker)
        {
            app.MapSignIn();
            app.MapCheckpointDownload();
            app.MapApi();
            app.MapArtifactDownloads();
            app.MapRawDownloads();
            app.MapRazorComponents<App>().AddInteractiveServerRenderMode(o => o.ContentSecurityFrameAncestorsPolicy = null);
        }

        return app;
    }

    /// <summary>The address as a person types it: loopback is <c>localhost</c>.</summary>
    private static Uri PublicUrl(string address)
    {
        var uri = new UriBuilder(address.Replace("://[::]", "://localhost", StringComparison.Ordinal).Replace("://0.0.0.0", "://localhost", StringComparison.Ordinal));
        if (IPAddress.TryParse(uri.Host.Trim('[', ']'), out var ip) && IPAddress.IsLoopback(ip))
        {
            uri.Host = "localhost";
        }

        return uri.Uri;
    }
}
