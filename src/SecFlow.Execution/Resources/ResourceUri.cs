using System.Text.RegularExpressions;
using SecFlow.Execution.Diagnostics;

namespace SecFlow.Execution.Resources;

/// <summary><c>res://TYPE/NAME:VERSION</c>; without a version, or with <c>latest</c>, the newest import.</summary>
/// <param name="Type">One of <see cref="Types"/>.</param>
/// <param name="Name">Name within the type.</param>
/// <param name="Version">Label of an import; null = the newest.</param>
public sealed partial record ResourceUri(string Type, string Name, string? Version)
{
    public const string Latest = "latest";

    public static readonly IReadOnlyList<string> Types = ["wordlist", "cve", "templates"];

    /// <summary>Throws SF1702.</summary>
    public static ResourceUri Parse(string text) => TryParse(text) ?? throw new SecFlowException(
        Codes.ResourceInvalid, $"'{(text.Length > 80 ? text[..80] + "..." : text)}' is no resource; expected res://TYPE/NAME:VERSION with a type of {string.Join(", ", Types)}, such as res://wordlist/common:latest.");

    public static ResourceUri? TryParse(string text) => Form().Match(text) is { Success: true } match && Types.Contains(match.Groups["type"].Value, StringComparer.Ordinal)
        ? new ResourceUri(match.Groups["type"].Value, match.Groups["name"].Value, match.Groups["version"] is { Success: true, Value: not Latest } version ? version.Value : null)
        : null;

    /// <summary>Whether a manifest's <c>permissions.resources</c> entry covers it: exactly, all versions (no version, or <c>:*</c>), or all of the type (<c>res://TYPE/*</c>).</summary>
    public bool IsCoveredBy(string declared)
    {
        if (declared == $"res://{Type}/*")
        {
            return true;
        }

        var at = declared.LastIndexOf(':');
        var (name, version) = at > "res:".Length ? (declared[..at], declared[(at + 1)..]) : (declared, "*");
        return name == $"res://{Type}/{Name}" && (version == "*" || version == (Version ?? Latest));
    }

    public override string ToString() => $"res://{Type}/{Name}:{Version ?? Latest}";

    [GeneratedRegex(@"\Ares://(?<type>[a-z]{1,32})/(?<name>[a-z0-9][a-z0-9._-]{0,99})(:(?<version>[A-Za-z0-9._-]{1,64}))?\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Form();
}
