using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;
using SecFlow.Data.Audit;
using SecFlow.Data.Teams;
using SecFlow.Portal;

namespace SecFlow.PortalKit;

/// <summary>The real portal in this process, on a free port, with a data folder of its own that is removed at the end. Methods say what a test means to do.</summary>
public sealed class SecFlowApplication : IAsyncDisposable
{
    public const string AdminPassword = "correct horse battery";

    private readonly PortalApp _app;

    private SecFlowApplication(PortalApp app, string folder, StringWriter output, ShiftedTime time)
    {
        _app = app;
        DataFolder = folder;
        Output = output;
        Time = time;
    }

    public Uri Url => _app.Url;

    /// <summary>The one-time link that was printed; null when the administrator has a password.</summary>
    public Uri? SignInLink => _app.SignInLink;

    public string DataFolder { get; }

    /// <summary>What was printed.</summary>
    public StringWriter Output { get; }

    public ShiftedTime Time { get; }

    public IServiceProvider Services => _app.Services;

    public AuditLog Audit => Services.GetRequiredService<AuditLog>();

    public TeamStore Teams => Services.GetRequiredService<TeamStore>();

    /// <summary>Starts it. Without <paramref name="configure"/>: user <c>admin</c> with <see cref="AdminPassword"/>, no demo, team "Main".</summary>
    public static async Task<SecFlowApplication> StartAsync(Func<PortalOptions, PortalOptions>? configure = null, string? dataFolder = null)
    {
        var folder = dataFolder ?? Directory.CreateTempSubdirectory("secflow-portal-").FullName;
        var output = new StringWriter();
        var time = new ShiftedTime();
        var options = new PortalOptions { Port = 0, DataFolder = folder, Demo = false, AdminPassword = AdminPassword, Time = time, Output = output, SignInTriesPerMinute = 1_000, ApiRequestsPerMinute = 10_000 };
        var app = PortalApp.Create(configure?.Invoke(options) ?? options);
        await app.StartAsync(CancellationToken.None);
        return new SecFlowApplication(app, folder, output, time);
    }

    /// <summary>A client without cookies that follows no redirect.</summary>
    public HttpClient Client() => new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = Url };

    /// <summary>A client that holds an API token.</summary>
    public HttpClient ApiClient(string token)
    {
        var client = Client();
        client.DefaultRequestHeaders.Authorization = new("Bearer", token);
        return client;
    }

    /// <summary>A browser without scripts: keeps cookies, posts forms.</summary>
    public TestBrowser Browser() => new(Url);

    /// <summary>A browser in which this user is signed in.</summary>
    public async Task<TestBrowser> SignInAsync(string user = "admin", string password = AdminPassword)
    {
        var browser = Browser();
        var answer = await browser.SignInAsync(user, password);
        return answer.Path == "/signin" ? throw new InvalidOperationException($"{user} could not sign in.") : browser;
    }

    public async Task<Team> TeamAsync(string slug = "main") => await Teams.FindBySlugAsync(slug) ?? throw new InvalidOperationException($"There is no team {slug}.");

    public Task<Team> AddTeamAsync(string slug) => Teams.CreateAsync(Actor.System(name: "test"), slug, char.ToUpperInvariant(slug[0]) + slug[1..]);

    /// <summary>Adds a user with <see cref="AdminPassword"/> as a member of a team.</summary>
    public async Task<User> AddUserAsync(string name, Team team, TeamRole role)
    {
        await using var scope = Services.CreateAsyncScope();
        var users = scope.ServiceProvider.GetRequiredService<UserManager<User>>();
        var user = new User { Id = Guid.CreateVersion7(), UserName = name, CreatedAt = Time.GetUtcNow() };
        var result = await users.CreateAsync(user, AdminPassword);
        if (!result.Succeeded)
        {
            throw new InvalidOperationException(string.Join(' ', result.Errors.Select(e => e.Description)));
        }

        await Teams.SetMemberAsync(Actor.System(team.Id, "test"), user.Id, role);
        return user;
    }

    /// <summary>Text of a new API token.</summary>
    public async Task<string> AddTokenAsync(Team team, TeamRole role, params string[] scopes)
    {
        var made = await Services.GetRequiredService<TokenStore>().CreateAsync(Actor.System(team.Id, "test"), new NewToken("test token", scopes, role, Time.GetUtcNow().AddDays(1)));
        return made.Text;
    }

    /// <summary>Stops it and keeps the data folder, for a second start.</summary>
    public async Task StopAsync()
    {
        await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        for (var attempt = 1; Directory.Exists(DataFolder); attempt++)
        {
            try
            {
                Directory.Delete(DataFolder, recursive: true);
            }
            catch (IOException) when (attempt < 50)
            {
                // a sandbox that was just killed may still hold its last file open
                await Task.Delay(100);
            }
        }
    }
}
