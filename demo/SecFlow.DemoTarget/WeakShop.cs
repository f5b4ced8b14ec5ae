using System.Net;
using System.Text;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace SecFlow.DemoTarget;

/// <summary>A deliberately weak web shop on a loopback address. It has exactly the faults that were planted; with none it is clean.</summary>
public sealed class WeakShop : IAsyncDisposable
{
    private readonly WebApplication _app;

    private WeakShop(WebApplication app, IReadOnlyList<PlantedFault> planted)
    {
        _app = app;
        Planted = planted;
        Url = new Uri(app.Urls.First().TrimEnd('/') + "/");
    }

    /// <summary>Where the shop is, ending in a slash.</summary>
    public Uri Url { get; }

    /// <summary>The truth about this shop. It is never served.</summary>
    public IReadOnlyList<PlantedFault> Planted { get; }

    /// <summary>Plants the named faults (see <see cref="DemoFaults.Names"/>) at paths chosen by <paramref name="seed"/> and starts to listen; port 0 = any free one.</summary>
    /// <param name="more">Adds further pages to the site before it is served.</param>
    /// <exception cref="ArgumentException">The address is not loopback, or a name is unknown.</exception>
    public static async Task<WeakShop> StartAsync(IReadOnlyList<string> faults, int seed = 0, int port = 0, IPAddress? address = null, Action<DemoSite>? more = null, CancellationToken ct = default)
    {
        var listen = address ?? IPAddress.Loopback;
        if (!IPAddress.IsLoopback(listen))
        {
            throw new ArgumentException($"The demo target is weak on purpose and listens on loopback only; {listen} is not a loopback address. Use 127.0.0.1.", nameof(address));
        }

        var site = new DemoSite();
        ShopPages.AddTo(site);
        var planted = DemoFaults.Plant(site, faults, seed);
        more?.Invoke(site);

        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(listen, port, options => options.Protocols = HttpProtocols.Http1);
        });
        var app = builder.Build();
        app.Run(context => ServeAsync(site, context));
        await app.StartAsync(ct).ConfigureAwait(false);
        return new WeakShop(app, planted);
    }

    /// <summary>Runs until the process is asked to end.</summary>
    public Task WaitAsync(CancellationToken ct) => _app.WaitForShutdownAsync(ct);

    public async ValueTask DisposeAsync() => await _app.DisposeAsync().ConfigureAwait(false);

    private static async Task<IReadOnlyDictionary<string, string>> FormAsync(HttpContext context) => HttpMethods.IsPost(context.Request.Method) && context.Request.HasFormContentType
        ? (await context.Request.ReadFormAsync(context.RequestAborted).ConfigureAwait(false)).ToDictionary(pair => pair.Key, pair => pair.Value.ToString(), StringComparer.Ordinal)
        : new Dictionary<string, string>(StringComparer.Ordinal);

    private static async Task ServeAsync(DemoSite site, HttpContext context)
    {
        var head = new StringBuilder($"{context.Request.Method} {context.Request.Path} {context.Request.Protocol}\r\n");
        foreach (var (name, value) in context.Request.Headers)
        {
            head.Append($"{name}: {value}\r\n");
        }

        var query = context.Request.Query.ToDictionary(pair => pair.Key, pair => pair.Value.ToString(), StringComparer.Ordinal);
        var answer = site.Answer(new DemoRequest(context.Request.Method, context.Request.Path.Value ?? "/", query, context.Request.Headers.Origin.ToString(), head.ToString()) { Form = await FormAsync(context).ConfigureAwait(false) });

        var response = context.Response;
        response.StatusCode = answer.Status;
        foreach (var (name, value) in site.Headers)
        {
            response.Headers[name] = value;
        }

        foreach (var (name, value) in answer.Headers)
        {
            if (value is null)
            {
                response.Headers.Remove(name);
            }
            else
            {
                response.Headers[name] = value;
            }
        }

        if (answer.ContentType.Length > 0)
        {
            response.ContentType = answer.ContentType;
        }

        if (answer.Status is not 204 and not 304)
        {
            response.ContentLength = answer.Body.Length;
            if (!HttpMethods.IsHead(context.Request.Method))
            {
                await response.Body.WriteAsync(answer.Body, context.RequestAborted).ConfigureAwait(false);
            }
        }
    }
}
