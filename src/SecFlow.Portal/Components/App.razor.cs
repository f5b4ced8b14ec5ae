using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Routing;
using Microsoft.AspNetCore.Components.Web;

namespace SecFlow.Portal.Components;

/// <summary>The document. Theme and rail come from cookies, so that the first paint is already right.</summary>
public sealed partial class App
{
    [CascadingParameter]
    public HttpContext Context { get; set; } = null!;

    private string Theme => Context.Request.Cookies["secflow-theme"] is "dark" or "light" ? Context.Request.Cookies["secflow-theme"]! : "auto";

    private string Rail => Context.Request.Cookies["secflow-rail"] is "narrow" ? "narrow" : "wide";

    /// <summary>Signed-out pages are plain HTML; everything else is live.</summary>
    private InteractiveServerRenderMode? Mode => Context.AcceptsInteractiveRouting() ? RenderMode.InteractiveServer : null;
}
