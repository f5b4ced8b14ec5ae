using System.Text.RegularExpressions;

namespace SecFlow.Portal.Components.Pages;

/// <summary>The plugin of each node as a saved recipe writes it, for cards. A saved recipe was valid; its lines <c>type: scan.web-baseline@^1.0  # comment</c> with a dot in them are those of nodes.</summary>
public static partial class RecipeTypes
{
    public static IReadOnlyList<string> Of(string recipe) => [.. NodeType().Matches(recipe).Select(m => m.Groups["type"].Value)];

    [GeneratedRegex("""(?:^|[{,\s-])type:\s*["']?(?<type>[a-z][a-z0-9]*(?:\.[a-z][a-z0-9-]*)+)""", RegexOptions.ExplicitCapture | RegexOptions.Multiline, matchTimeoutMilliseconds: 200)]
    private static partial Regex NodeType();
}
