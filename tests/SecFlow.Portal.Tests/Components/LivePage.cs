#pragma warning disable BL0006 // Not promised to stay as they are, but the only place where events have their ids.
using System.Security.Claims;
using System.Text;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Components.HtmlRendering.Infrastructure;
using Microsoft.AspNetCore.Components.RenderTree;
using Microsoft.AspNetCore.Components.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using SecFlow.Data.Teams;
using SecFlow.Portal.Teams;
using SecFlow.PortalKit;

namespace SecFlow.Portal.Tests.Components;

/// <summary>
/// A page as a circuit runs it, without a browser: it is interactive, stays when its parameters change, and its events can be raised. No scripts: a page that needs them is tested in a browser.
/// Who looks is known only after the page was rendered once, as where a database answers slowly.
/// </summary>
internal sealed class LivePage : StaticHtmlRenderer, IAsyncDisposable
{
    private static readonly TimeSpan _longest = TimeSpan.FromMinutes(1);

    private readonly AsyncServiceScope _scope;
    private int _root;

    private LivePage(AsyncServiceScope scope)
        : base(scope.ServiceProvider, scope.ServiceProvider.GetRequiredService<ILoggerFactory>()) => _scope = scope;

    public IServiceProvider Services => _scope.ServiceProvider;

    protected override RendererInfo RendererInfo { get; } = new("Server", isInteractive: true);

    public static async Task<LivePage> OpenAsync<TPage>(SecFlowApplication app, User user, Team team, string path, Dictionary<string, object?>? parameters = null)
        where TPage : IComponent
    {
        var scope = app.Services.CreateAsyncScope();
        ((IHostEnvironmentNavigationManager)scope.ServiceProvider.GetRequiredService<NavigationManager>()).Initialize(app.Url.ToString(), new Uri(app.Url, path).ToString());
        var known = new TaskCompletionSource<AuthenticationState>(TaskCreationOptions.RunContinuationsAsynchronously);
        ((IHostEnvironmentAuthenticationStateProvider)scope.ServiceProvider.GetRequiredService<AuthenticationStateProvider>()).SetAuthenticationState(known.Task);
        var page = new LivePage(scope);
        var rendered = page.Dispatcher.InvokeAsync(() =>
        {
            page._root = page.AssignRootComponentId(page.InstantiateComponent(typeof(TPage)));
            return page.RenderRootComponentAsync(page._root, ParameterView.FromDictionary(parameters ?? []));
        });
        known.SetResult(new AuthenticationState(new ClaimsPrincipal(new ClaimsIdentity(
            [new Claim(ClaimTypes.NameIdentifier, user.Id.ToString()), new Claim(ClaimTypes.Name, user.UserName!), new Claim(CurrentActor.TeamClaim, team.Id.ToString())], "test"))));
        await rendered;
        return page;
    }

    /// <summary>What a link to the same page does.</summary>
    public Task ChangeAsync(Dictionary<string, object?> parameters) => Dispatcher.InvokeAsync(() => RenderRootComponentAsync(_root, ParameterView.FromDictionary(parameters)));

    public Task<string> HtmlAsync() => Dispatcher.InvokeAsync(() =>
    {
        using var text = new StringWriter();
        WriteComponentHtml(_root, text);
        return text.ToString();
    });

    /// <summary>What the page shows as soon as it shows these words.</summary>
    public async Task<string> ShowsAsync(string words)
    {
        using var limit = new CancellationTokenSource(_longest);
        while (true)
        {
            var html = await HtmlAsync();
            if (html.Contains(words, StringComparison.Ordinal))
            {
                return html;
            }

            limit.IsCancellationRequested.ShouldBeFalse($"'{words}' did not appear in {html}");
            await Task.Delay(20);
        }
    }

    /// <summary>Raises an event of the first element of this name that has these words in its text or attributes; returns when its handler has ended.</summary>
    public Task RaiseAsync(string element, string words, string raised, EventArgs args) => Dispatcher.InvokeAsync(() => DispatchEventAsync(
        Find(_root, element, words, raised) ?? throw new InvalidOperationException($"There is no <{element}> with '{words}' and {raised}."), null, args));

    async ValueTask IAsyncDisposable.DisposeAsync()
    {
        await DisposeAsync();
        await _scope.DisposeAsync();
    }

    protected override void HandleException(Exception exception) => throw new InvalidOperationException("The page failed.", exception);

    // Told that it is shown, a page goes on after its rendering.
    protected override Task UpdateDisplayAsync(in RenderBatch renderBatch) => Task.CompletedTask;

    private ulong? Find(int component, string element, string words, string raised)
    {
        var range = GetCurrentRenderTreeFrames(component);
        for (var i = 0; i < range.Count; i++)
        {
            var frame = range.Array[i];
            if (frame.FrameType == RenderTreeFrameType.Component && Find(frame.ComponentId, element, words, raised) is { } inside)
            {
                return inside;
            }

            if (frame.FrameType != RenderTreeFrameType.Element || frame.ElementName != element)
            {
                continue;
            }

            var all = range.Array[(i + 1)..(i + frame.ElementSubtreeLength)];
            var text = all.Aggregate(new StringBuilder(), (made, f) => made.Append(f.FrameType switch
            {
                RenderTreeFrameType.Text => f.TextContent,
                RenderTreeFrameType.Markup => f.MarkupContent,
                RenderTreeFrameType.Attribute => f.AttributeValue as string,
                _ => null,
            })).ToString();
            var handler = all.TakeWhile(f => f.FrameType == RenderTreeFrameType.Attribute).FirstOrDefault(f => f.AttributeName == raised).AttributeEventHandlerId;
            if (handler != 0 && text.Contains(words, StringComparison.Ordinal))
            {
                return handler;
            }
        }

        return null;
    }
}
